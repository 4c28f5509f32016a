import type { Algorithm } from "../../../protocols/attestation/index.ts";
import { UsageError } from "../../../protocols/bytes/index.ts";
import type { RandomSource } from "./backend.ts";

/** Orders of the base points (SEC 2 v2 §2.4.1 and §2.4.2), big-endian. */
const ORDER = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES256K: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
} as const;

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
}

function writeBigInt(value: bigint, out: Uint8Array): void {
  out.set(Buffer.from(value.toString(16).padStart(2 * out.length, "0"), "hex"));
}

/** Whether s of r‖s is above half the order (BIP 62; EIP-2 for secp256k1). */
export function hasHighS(alg: "ES256" | "ES256K", signature: Uint8Array): boolean {
  // Both halves of an order start with 7F: one byte settles nearly every signature without big integers.
  if (signature[32]! < 0x7f) return false;
  return toBigInt(signature.subarray(32)) > ORDER[alg] >> 1n;
}

/** The signature with s replaced by n - s when high: the other of the two that fit (SEC 1 §4.1.3). In place. */
export function toLowS(alg: "ES256" | "ES256K", signature: Uint8Array): Uint8Array {
  if (hasHighS(alg, signature)) {
    const s = signature.subarray(32);
    writeBigInt(ORDER[alg] - toBigInt(s), s);
  }
  return signature;
}

/** Refuses what is no private key. @throws UsageError FS-BACKEND-PRIVATE-KEY */
export function checkPrivate(alg: Algorithm, privateBytes: Uint8Array): void {
  const bad = (why: string) => new UsageError("FS-BACKEND-PRIVATE-KEY", `${alg}: ${why}`);
  if (privateBytes.length !== 32) throw bad(`a private key has 32 bytes, not ${privateBytes.length}`);
  if (alg === "EdDSA") return;
  const scalar = toBigInt(privateBytes);
  if (scalar === 0n || scalar >= ORDER[alg]) throw bad("the private key is not between 0 and the order of the curve");
}

const MAX_DRAWS = 128;

/** A private key of uniform distribution: EC scalars by testing candidates (FIPS 186-5 A.2.2). */
export function drawPrivate(alg: Algorithm, random: RandomSource): Uint8Array {
  // Both orders are within 2^-32 of 2^256: a working source needs a second draw about never.
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const candidate = random(32);
    if (candidate.length !== 32) break;
    if (alg === "EdDSA") return candidate;
    const scalar = toBigInt(candidate);
    if (scalar > 0n && scalar < ORDER[alg]) return candidate;
  }
  throw new UsageError("FS-BACKEND-RANDOM", "the random source does not give random bytes", {
    fix: "Pass a source such as crypto.randomBytes.",
  });
}
