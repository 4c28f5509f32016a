import { equalBytes, ProtocolError, sha256, UsageError } from "../bytes/index.ts";
import type { Algorithm } from "./algorithm.ts";
import { copyOf } from "./copy.ts";
import { deviceId } from "./device-id.ts";
import type { PublicKey } from "./key.ts";
import { toBeSigned } from "./sig-structure.ts";
import { decodeSign1, encodeSign1, type Sign1 } from "./sign1.ts";
import { decodeStatement, encodeStatement, STATEMENT_LENGTH, type Statement } from "./statement.ts";
import type { Verifier } from "./verify.ts";

/** A signed statement. `bytes` is what was signed and sent: stored and hashed as it is, never re-encoded. */
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
  const sign1 = decodeSign1(bytes);
  const statement = decodeStatement(sign1.payload);
  if (!equalBytes(encodeStatement(statement), sign1.payload)) {
    throw new ProtocolError("FS-STATEMENT-ENCODING", "the statement does not re-encode to the bytes that were signed");
  }
  return { statement, sign1, bytes: copyOf(bytes) };
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

/** Whether the key signed the statement and is the device the statement names. */
export function verifyAttestation(attestation: Attestation, key: PublicKey, verifier: Verifier): AttestationVerdict {
  const { sign1, statement } = attestation;
  if (sign1.alg !== key.alg) return "wrong-algorithm";
  if (!equalBytes(deviceId(key), statement.device)) return "wrong-key";
  const message = toBeSigned(sign1.alg, sign1.payload);
  return verifier.verify(key, message, sign1.signature) ? "ok" : "bad-signature";
}
