import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes } from "../bytes/index.ts";
import type { Algorithm } from "./algorithm.ts";
import { ed25519Point, type PublicKey, sec1Uncompressed } from "./key.ts";

/**
 * Checks signatures. One set of rules for every implementation, so that no message is good for one and bad for another:
 *
 * - ES256: r‖s over SHA-256 of the message, any s (secure elements emit high ones).
 * - ES256K: the same with low s only (s ≤ n/2), as `ecrecover`-based contracts require.
 * - EdDSA: RFC 8032 §5.1.7 in its strict form: S < L, canonical key, key not of small order, and the equation without
 *   the cofactor, S·B = R + k·A compared as encoded bytes.
 */
export interface Verifier {
  /**
   * False for a signature that does not fit, of any length, and for a key that `checkPublicKey` would refuse; never throws
   * for what a peer can send.
   */
  verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean;
}

const ORDER_25519 = ed25519.Point.Fn.ORDER;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/**
 * The library's own verify multiplies the equation by the cofactor, and so takes signatures with a small-order part that
 * OpenSSL and contracts refuse. RFC 8032 §5.1.7 permits either; two verdicts on one message are what must not be.
 */
function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const A = ed25519Point(publicKey);
  if (A === undefined) return false;
  const s = littleEndian(signature.subarray(32));
  if (s >= ORDER_25519) return false;
  const R = signature.subarray(0, 32);
  const k = littleEndian(sha512(concatBytes(R, publicKey, message))) % ORDER_25519;
  const expected = ed25519.Point.BASE.multiplyUnsafe(s).subtract(A.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), R);
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
