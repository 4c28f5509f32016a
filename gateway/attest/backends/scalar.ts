import type { Algorithm } from "../../../protocols/attestation/index.ts";
import { compareBytes, fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import type { RandomSource } from "./backend.ts";

/** Orders n of the base points (SEC 2 v2 §2.4.1 and §2.4.2), big-endian, and n / 2 rounded down. */
const ORDER = {
  ES256: fromHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  ES256K: fromHex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
} as const;
const HALF = {
  ES256: fromHex("7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"),
  ES256K: fromHex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"),
} as const;

/** Whether s of r‖s is above half the order (BIP 62; EIP-2 for secp256k1). */
export function hasHighS(alg: "ES256" | "ES256K", signature: Uint8Array): boolean {
  const half = HALF[alg];
  for (let i = 0; i < 32; i++) {
    const difference = signature[32 + i]! - half[i]!;
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** The signature with s replaced by n - s when high: the other of the two that fit (SEC 1 §4.1.3). In place. */
export function toLowS(alg: "ES256" | "ES256K", signature: Uint8Array): Uint8Array {
  if (!hasHighS(alg, signature)) return signature;
  const order = ORDER[alg];
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = order[i]! - signature[32 + i]! - borrow;
    borrow = difference < 0 ? 1 : 0;
    signature[32 + i] = difference;
  }
  return signature;
}

/** Whether the scalar is a private key: 0 < d < n (SEC 1 §3.2.1). */
function isScalar(alg: "ES256" | "ES256K", d: Uint8Array): boolean {
  return compareBytes(d, ORDER[alg]) < 0 && d.some((byte) => byte !== 0);
}

/** Refuses what is no private key. @throws UsageError FS-BACKEND-PRIVATE-KEY */
export function checkPrivate(alg: Algorithm, privateBytes: Uint8Array): void {
  const bad = (why: string) => new UsageError("FS-BACKEND-PRIVATE-KEY", `${alg}: ${why}`);
  if (privateBytes.length !== 32) throw bad(`a private key has 32 bytes, not ${privateBytes.length}`);
  if (alg === "EdDSA") return;
  if (!isScalar(alg, privateBytes)) throw bad("the private key is not between 0 and the order of the curve");
}

const MAX_DRAWS = 128;

/** A private key of uniform distribution: EC scalars by testing candidates (FIPS 186-5 A.2.2). */
export function drawPrivate(alg: Algorithm, random: RandomSource): Uint8Array {
  // Both orders are within 2^-32 of 2^256: a working source needs a second draw about never.
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const candidate = random(32);
    if (candidate.length !== 32) break;
    if (alg === "EdDSA" || isScalar(alg, candidate)) return candidate;
  }
  throw new UsageError("FS-BACKEND-RANDOM", "the random source does not give random bytes", {
    fix: "Pass a source such as crypto.randomBytes.",
  });
}
