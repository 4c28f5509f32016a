import { copyOf } from "../bytes/index.ts";
import { bodyError, checkBody, checkChoice, checkField, readKey, writeKey } from "./body.ts";
import type { PublicKey } from "./key.ts";

/**
 * Body of kind 1, 160 bytes: five words of 32, so that a contract reads it without a CBOR parser. The statement's
 * `root` is SHA-256 of these bytes; its `work` is the register's value at enrolment.
 *
 * ```text
 *   0   1  version          1
 *   1   1  algorithm        COSE number as a signed byte: F9 ES256, F8 EdDSA, D1 ES256K
 *   2   1  grade            1 vendor, 2 gateway, 3 session, 4 board, 5 element, 6 meter
 *   3   9  reserved         0
 *  12  20  owner            address: the low 20 bytes of word 0
 *  32  32  profile          SHA-256 digest of the device's profile
 *  64  16  nonce            fresh, from whom the device enrols with
 *  80  16  reserved         0
 *  96  64  key              x‖y; Ed25519: 32 bytes, then 32 of 0
 * ```
 */
export interface Enrolment {
  key: PublicKey;
  /** Address that owns the device and is paid for it, 20 bytes. */
  owner: Uint8Array;
  /** One of `SignerGrade`: who holds the key. */
  grade: number;
  /** Digest of the profile the readings follow, 32 bytes. */
  profile: Uint8Array;
  /** 16 bytes. */
  nonce: Uint8Array;
}

/** Who vouches for a reading, from weakest to strongest of the first five; `meter` adds the meter's own signature to one of them. */
export const SignerGrade = { vendor: 1, gateway: 2, session: 3, board: 4, element: 5, meter: 6 } as const;

export const ENROLMENT_LENGTH = 160;

/** @throws UsageError FS-ENROLMENT-FIELD; ProtocolError FS-KEY-… for a key that is none */
export function encodeEnrolment(enrolment: Enrolment): Uint8Array {
  checkField("enrolment", "owner", enrolment.owner, 20);
  checkField("enrolment", "profile", enrolment.profile, 32);
  checkField("enrolment", "nonce", enrolment.nonce, 16);
  checkChoice("enrolment", "grade", enrolment.grade, SignerGrade);
  const out = new Uint8Array(ENROLMENT_LENGTH);
  out[0] = 1;
  out[2] = enrolment.grade;
  out.set(enrolment.owner, 12);
  out.set(enrolment.profile, 32);
  out.set(enrolment.nonce, 64);
  writeKey(out, enrolment.key, 1, 96);
  return out;
}

/** @throws ProtocolError FS-ENROLMENT-LENGTH, -VERSION, -RESERVED, -GRADE, -ALG; FS-KEY-POINT */
export function decodeEnrolment(bytes: Uint8Array): Enrolment {
  checkBody("enrolment", bytes, ENROLMENT_LENGTH, [
    [3, 12],
    [80, 96],
  ]);
  const grade = bytes[2]!;
  if (grade < SignerGrade.vendor || grade > SignerGrade.meter) {
    throw bodyError("enrolment", "GRADE", `signer grade ${grade} is not known`);
  }
  return {
    key: readKey("enrolment", bytes, 1, 96),
    owner: copyOf(bytes, 12, 32),
    grade,
    profile: copyOf(bytes, 32, 64),
    nonce: copyOf(bytes, 64, 80),
  };
}
