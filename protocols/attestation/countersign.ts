import { equalBytes, sha256 } from "../bytes/index.ts";
import { type Algorithm, algorithmFacts } from "./algorithm.ts";
import { type AttestationVerdict, decodeAttestation, verifyAttestation } from "./attestation.ts";
import { deviceId } from "./device-id.ts";
import type { PublicKey } from "./key.ts";
import { decodeReceipt, type Receipt } from "./receipt.ts";
import { encodeSigStructure } from "./sig-structure.ts";
import { encodeSign1, ownSign1, readSign1, type Sign1, writeSign1 } from "./sign1.ts";
import { StatementKind } from "./statement.ts";
import type { Verifier } from "./verify.ts";

/** A receipt's COSE_Sign1 with the consumer's signature in its unprotected header. */
export interface CountersignedSign1 extends Sign1 {
  /** 64 bytes. */
  countersignature: Uint8Array;
}

/**
 * What the consumer signs: the Countersign_structure ["CounterSignature0V2", protected, h'', payload, [signature]]
 * (RFC 9338 §3.3). The provider's signature is among it, so it is made first. The consumer's algorithm is the one of
 * the key that the receipt's `payer` names: an abbreviated countersignature has no header of its own (§3.2).
 */
export function toBeCountersigned(alg: Algorithm, payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeSigStructure({
    context: "CounterSignature0V2",
    bodyProtected: algorithmFacts(alg).protectedBytes,
    payload,
    otherFields: [signature],
  });
}

/**
 * `[ protected, {12: countersignature}, payload, signature ]`. The log holds the attestation without the
 * countersignature, because unprotected headers are no part of what the provider signed.
 * @throws UsageError FS-SIGN1-SIGNATURE, FS-SIGN1-LENGTH
 */
export function encodeCountersigned(
  alg: Algorithm,
  payload: Uint8Array,
  signature: Uint8Array,
  countersignature: Uint8Array,
): Uint8Array {
  return writeSign1(alg, payload, signature, countersignature);
}

/** @throws ProtocolError FS-SIGN1-LENGTH, -SHAPE, -ALG, -HEADER, -PAYLOAD, -SIGNATURE */
export function decodeCountersigned(bytes: Uint8Array): CountersignedSign1 {
  const { countersignature = new Uint8Array(0), ...sign1 } = readSign1(ownSign1(bytes), true);
  return { ...sign1, countersignature };
}

export type ReceiptVerdict =
  | AttestationVerdict
  | "wrong-kind"
  | "wrong-body"
  | "wrong-provider"
  | "wrong-payer"
  | "bad-countersignature";

/**
 * Whether provider and consumer both signed this receipt.
 * @param message bytes of `encodeCountersigned`
 * @param body bytes of `encodeReceipt`
 * @throws ProtocolError when message, statement or body cannot be read
 */
export function verifyReceipt(input: {
  message: Uint8Array;
  body: Uint8Array;
  provider: PublicKey;
  consumer: PublicKey;
  verifier: Verifier;
}): { verdict: ReceiptVerdict; receipt: Receipt } {
  const { alg, payload, signature, countersignature } = decodeCountersigned(input.message);
  const attestation = decodeAttestation(encodeSign1(alg, payload, signature));
  const receipt = decodeReceipt(input.body);
  const decide = (): ReceiptVerdict => {
    if (attestation.statement.kind !== StatementKind.receipt) return "wrong-kind";
    if (!equalBytes(sha256(input.body), attestation.statement.root)) return "wrong-body";
    if (!equalBytes(receipt.provider, attestation.statement.device)) return "wrong-provider";
    if (!equalBytes(receipt.payer, deviceId(input.consumer))) return "wrong-payer";
    const signed = verifyAttestation(attestation, input.provider, input.verifier);
    if (signed !== "ok") return signed;
    const message = toBeCountersigned(alg, payload, signature);
    return input.verifier.verify(input.consumer, message, countersignature) ? "ok" : "bad-countersignature";
  };
  return { verdict: decide(), receipt };
}
