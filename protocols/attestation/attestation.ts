import { equalBytes, ProtocolError, sha256, UsageError } from "../bytes/index.ts";
import type { Algorithm } from "./algorithm.ts";
import { deviceId } from "./device-id.ts";
import type { PublicKey } from "./key.ts";
import { statementToBeSigned } from "./sig-structure.ts";
import { encodeSign1, ownSign1, readSign1, type Sign1 } from "./sign1.ts";
import { decodeStatement, isEncodingOf, STATEMENT_LENGTH, type Statement } from "./statement.ts";
import type { Verifier } from "./verify.ts";

/**
 * A signed statement. `bytes` is what was signed and sent: stored and hashed as it is, never re-encoded. `sign1`
 * holds views of it.
 */
export interface Attestation {
  statement: Statement;
  sign1: Sign1;
  bytes: Uint8Array;
}

/**
 * Reads an attestation in its only encoding: COSE_Sign1 of the profile over a statement that re-encodes to itself.
 * @throws ProtocolError FS-SIGN1-…, FS-STATEMENT-…
 */
export function decodeAttestation(bytes: Uint8Array): Attestation {
  const own = ownSign1(bytes);
  const sign1 = readSign1(own, false);
  const statement = decodeStatement(sign1.payload);
  // Each check above admits one encoding only; this holds that to be so for whatever they become.
  if (!isEncodingOf(sign1.payload, statement)) {
    throw new ProtocolError("FS-STATEMENT-ENCODING", "the statement does not re-encode to the bytes that were signed");
  }
  return { statement, sign1, bytes: own };
}

/** Bytes of an attestation. @throws UsageError FS-SIGN1-SIGNATURE, FS-STATEMENT-LENGTH */
export function encodeAttestation(alg: Algorithm, statement: Uint8Array, signature: Uint8Array): Uint8Array {
  if (statement.length !== STATEMENT_LENGTH) {
    throw new UsageError("FS-STATEMENT-LENGTH", `statement: ${statement.length} bytes, not ${STATEMENT_LENGTH}`);
  }
  return encodeSign1(alg, statement, signature);
}

/**
 * What an attestation is: SHA-256 of its statement's bytes, 32 bytes. A second signature over the same statement is
 * the same attestation. A device's next attestation carries it as `prev`.
 */
export function statementId(statement: Uint8Array): Uint8Array {
  return sha256(statement);
}

export type AttestationVerdict = "ok" | "wrong-key" | "wrong-algorithm" | "bad-signature";

/** Ids of keys that verified before: a key never changes once it is made. */
const ids = new WeakMap<PublicKey, Uint8Array>();

function idOf(key: PublicKey): Uint8Array {
  let id = ids.get(key);
  if (id === undefined) {
    id = deviceId(key);
    ids.set(key, id);
  }
  return id;
}

/** Whether the key signed the statement and is the device the statement names. */
export function verifyAttestation(attestation: Attestation, key: PublicKey, verifier: Verifier): AttestationVerdict {
  const { sign1, statement } = attestation;
  if (sign1.alg !== key.alg) return "wrong-algorithm";
  if (!equalBytes(idOf(key), statement.device)) return "wrong-key";
  const message = statementToBeSigned(sign1.alg, sign1.payload);
  return verifier.verify(key, message, sign1.signature) ? "ok" : "bad-signature";
}
