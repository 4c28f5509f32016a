import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes } from "../bytes/index.ts";

const ORDER = ed25519.Point.Fn.ORDER;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/**
 * The point of an Ed25519 public key in canonical encoding (RFC 8032 §5.1.3), or undefined for bytes that are none and for
 * points of small order: under such a key one signature fits many messages and names nobody.
 */
export function ed25519Point(bytes: Uint8Array): InstanceType<typeof ed25519.Point> | undefined {
  try {
    const point = ed25519.Point.fromBytes(bytes, false);
    return point.isSmallOrder() ? undefined : point;
  } catch {
    return undefined;
  }
}

/**
 * RFC 8032 §5.1.7 in its strict form: S < L, canonical key that is not of small order, and the equation without the cofactor,
 * S·B = R + k·A compared as encoded bytes. Attestations, checkpoints and cosignatures are all checked by this one rule.
 *
 * The library's own verify multiplies the equation by the cofactor, and so takes signatures with a small-order part that
 * OpenSSL and contracts refuse. RFC 8032 permits either; two verdicts on one message are what must not be.
 * @returns false for a key or signature of another length; never throws for what a peer can send.
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const A = ed25519Point(publicKey);
  if (A === undefined) return false;
  const s = littleEndian(signature.subarray(32));
  if (s >= ORDER) return false;
  const R = signature.subarray(0, 32);
  const k = littleEndian(sha512(concatBytes(R, publicKey, message))) % ORDER;
  const expected = ed25519.Point.BASE.multiplyUnsafe(s).subtract(A.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), R);
}
