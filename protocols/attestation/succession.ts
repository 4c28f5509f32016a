import { copyOf, UsageError } from "../bytes/index.ts";
import { bodyError, checkBody, checkChoice, checkField, readKey, writeKey } from "./body.ts";
import { SignerGrade } from "./enrolment.ts";
import type { PublicKey } from "./key.ts";

/**
 * Body of kind 2, 128 bytes, signed by the key that ends.
 *
 * ```text
 *   0   1  version          1
 *   1   1  algorithm        of the next key, as in an enrolment
 *   2   1  grade            of the next key
 *   3  29  reserved         0
 *  32  16  nonce            fresh
 *  48  16  reserved         0
 *  64  64  next key         x‖y; Ed25519: 32 bytes, then 32 of 0
 * ```
 */
export interface Rotation {
  next: PublicKey;
  grade: number;
  /** 16 bytes. */
  nonce: Uint8Array;
}

export const ROTATION_LENGTH = 128;

/** @throws UsageError FS-ROTATION-FIELD; ProtocolError FS-KEY-… for a key that is none */
export function encodeRotation(rotation: Rotation): Uint8Array {
  checkField("rotation", "nonce", rotation.nonce, 16);
  checkChoice("rotation", "grade", rotation.grade, SignerGrade);
  const out = new Uint8Array(ROTATION_LENGTH);
  out[0] = 1;
  out[2] = rotation.grade;
  out.set(rotation.nonce, 32);
  writeKey(out, rotation.next, 1, 64);
  return out;
}

/** @throws ProtocolError FS-ROTATION-LENGTH, -VERSION, -RESERVED, -GRADE, -ALG; FS-KEY-POINT */
export function decodeRotation(bytes: Uint8Array): Rotation {
  checkBody("rotation", bytes, ROTATION_LENGTH, [
    [3, 32],
    [48, 64],
  ]);
  const grade = bytes[2]!;
  if (grade < SignerGrade.vendor || grade > SignerGrade.meter) {
    throw bodyError("rotation", "GRADE", `signer grade ${grade} is not known`);
  }
  return { next: readKey("rotation", bytes, 1, 64), grade, nonce: copyOf(bytes, 32, 48) };
}

/** Why a key ends. */
export const RevocationReason = { unspecified: 0, compromised: 1, retired: 2, superseded: 3 } as const;

/**
 * Body of kind 3, 32 bytes, signed by the key that ends.
 *
 * ```text
 *   0   1  version          1
 *   1   1  reason           0 unspecified, 1 compromised, 2 retired, 3 superseded
 *   2   6  reserved         0
 *   8   8  since            ms since 1970: nothing signed after it counts; 0 = nothing signed after this statement
 *  16  16  nonce            fresh
 * ```
 */
export interface Revocation {
  reason: number;
  since: number;
  /** 16 bytes. */
  nonce: Uint8Array;
}

export const REVOCATION_LENGTH = 32;

/** @throws UsageError FS-REVOCATION-FIELD */
export function encodeRevocation(revocation: Revocation): Uint8Array {
  checkField("revocation", "nonce", revocation.nonce, 16);
  checkChoice("revocation", "reason", revocation.reason, RevocationReason);
  if (!Number.isSafeInteger(revocation.since) || revocation.since < 0) {
    throw new UsageError("FS-REVOCATION-FIELD", "revocation: since is not a time in ms");
  }
  const out = new Uint8Array(REVOCATION_LENGTH);
  out[0] = 1;
  out[1] = revocation.reason;
  new DataView(out.buffer).setBigUint64(8, BigInt(revocation.since));
  out.set(revocation.nonce, 16);
  return out;
}

/** @throws ProtocolError FS-REVOCATION-LENGTH, -VERSION, -RESERVED, -REASON, -TIME */
export function decodeRevocation(bytes: Uint8Array): Revocation {
  checkBody("revocation", bytes, REVOCATION_LENGTH, [[2, 8]]);
  const reason = bytes[1]!;
  if (reason > RevocationReason.superseded) throw bodyError("revocation", "REASON", `reason ${reason} is not known`);
  const since = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8));
  if (!Number.isSafeInteger(since)) throw bodyError("revocation", "TIME", "since is beyond 2^53 ms");
  return { reason, since, nonce: copyOf(bytes, 16, 32) };
}
