import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { verifyEd25519 } from "../ed25519/index.ts";
import type { Algorithm } from "./algorithm.ts";
import { type PublicKey, sec1Uncompressed } from "./key.ts";

/**
 * Checks signatures. One set of rules for every implementation, so that no message is good for one and bad for another:
 *
 * - ES256: r‖s over SHA-256 of the message, any s (secure elements emit high ones).
 * - ES256K: the same with low s only (s ≤ n/2), as `ecrecover`-based contracts require.
 * - EdDSA: RFC 8032 §5.1.7 in its strict form, `verifyEd25519`.
 */
export interface Verifier {
  /**
   * False for a signature that does not fit, of any length, and for a key that `checkPublicKey` would refuse; never throws
   * for what a peer can send.
   */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

const CHECKS: Readonly<Record<Algorithm, (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean>> = {
  ES256: (key, message, signature) => p256.verify(signature, message, sec1Uncompressed(key), { lowS: false }),
  EdDSA: verifyEd25519,
  ES256K: (key, message, signature) => secp256k1.verify(signature, message, sec1Uncompressed(key), { lowS: true }),
};

/** Portable verifier: browsers, boards' vectors, the cross-check of native back ends. */
export const nobleVerifier: Verifier = {
  verify({ alg, bytes }, message, signature) {
    if (signature.length !== 64 || bytes.length !== (alg === "EdDSA" ? 32 : 64)) return false;
    return CHECKS[alg](bytes, message, signature);
  },
};
