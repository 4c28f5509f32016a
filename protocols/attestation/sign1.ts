import { concatBytes, copyOf, ProtocolError, UsageError } from "../bytes/index.ts";
import { ALL_ALGORITHMS, type Algorithm, algorithmFacts } from "./algorithm.ts";

/** A COSE_Sign1 of the profile: untagged `[ protected {1: alg}, {}, payload, signature ]`, external_aad empty. */
export interface Sign1 {
  alg: Algorithm;
  /** Encoded protected header, as received. */
  protectedBytes: Uint8Array;
  payload: Uint8Array;
  /** r‖s, or R‖S of RFC 8032: 64 bytes. */
  signature: Uint8Array;
}

export const SIGNATURE_LENGTH = 64;
/** Longest message read or written: what fits one packet of the gateway's broker. */
export const MAX_SIGN1_LENGTH = 8192;

/** `{12: bstr .size 64}`, the abbreviated countersignature of RFC 9338 §3.2, up to the signature. */
const COUNTERSIGNATURE_HEAD = Uint8Array.of(0xa1, 0x0c, 0x58, SIGNATURE_LENGTH);
const SIGNATURE_HEAD = Uint8Array.of(0x58, SIGNATURE_LENGTH);
const EMPTY_MAP = Uint8Array.of(0xa0);

const bad = (what: string, why: string, at: number) =>
  new ProtocolError(`FS-SIGN1-${what}`, `COSE_Sign1 at byte ${at}: ${why}`, { context: { at } });

function hasAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  if (bytes.length - at < wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

function algorithmAt(bytes: Uint8Array): Algorithm {
  for (const alg of ALL_ALGORITHMS) {
    const { protectedBytes } = algorithmFacts(alg);
    if (bytes[1] === 0x40 + protectedBytes.length && hasAt(bytes, 2, protectedBytes)) return alg;
  }
  throw bad("ALG", "the protected header is not {1: alg} with ES256 (-7), EdDSA (-8) or ES256K (-47)", 1);
}

/** Length and end of the head of a byte string, shortest form only. */
function byteStringHead(bytes: Uint8Array, at: number): { length: number; next: number } {
  const initial = bytes[at];
  if (initial === undefined || initial >> 5 !== 2) throw bad("PAYLOAD", "the payload is not a byte string", at);
  const info = initial & 0x1f;
  if (info < 24) return { length: info, next: at + 1 };
  if (info === 24 && at + 1 < bytes.length && bytes[at + 1]! >= 24) return { length: bytes[at + 1]!, next: at + 2 };
  if (info === 25 && at + 2 < bytes.length && bytes[at + 1]! > 0) {
    return { length: bytes[at + 1]! * 256 + bytes[at + 2]!, next: at + 3 };
  }
  throw bad("PAYLOAD", "the payload's length is not in its shortest form, or too large", at);
}

/** A copy of a message, once it is known not to be too long. */
export function ownSign1(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_SIGN1_LENGTH) throw bad("LENGTH", `${bytes.length} bytes, at most ${MAX_SIGN1_LENGTH}`, 0);
  return copyOf(bytes);
}

/**
 * A message of the profile with or without a countersignature. Every branch takes the one encoding of what it reads, so that
 * `writeSign1` of the result is the input. The parts are views of `bytes`: pass what `ownSign1` gives.
 */
export function readSign1(bytes: Uint8Array, countersigned: boolean): Sign1 & { countersignature?: Uint8Array } {
  if (bytes[0] !== 0x84) throw bad("SHAPE", "not an untagged array of four", 0);
  const alg = algorithmAt(bytes);
  const { protectedBytes } = algorithmFacts(alg);
  let at = 2 + protectedBytes.length;
  const head = countersigned ? COUNTERSIGNATURE_HEAD : EMPTY_MAP;
  if (!hasAt(bytes, at, head)) {
    throw bad("HEADER", `the unprotected header is not ${countersigned ? "{12: 64 bytes}" : "an empty map"}`, at);
  }
  at += head.length;
  const countersignature = countersigned ? bytes.subarray(at, at + SIGNATURE_LENGTH) : undefined;
  if (countersigned) at += SIGNATURE_LENGTH;
  const { length, next } = byteStringHead(bytes, at);
  at = next + length;
  if (!hasAt(bytes, at, SIGNATURE_HEAD)) throw bad("SIGNATURE", "no byte string of 64 where the signature belongs", at);
  at += SIGNATURE_HEAD.length;
  if (bytes.length - at !== SIGNATURE_LENGTH) {
    throw bad("LENGTH", `${bytes.length - at} bytes from the signature to the end, not ${SIGNATURE_LENGTH}`, at);
  }
  return {
    alg,
    protectedBytes: bytes.subarray(2, 2 + protectedBytes.length),
    payload: bytes.subarray(next, next + length),
    signature: bytes.subarray(at),
    ...(countersignature ? { countersignature } : {}),
  };
}

/** Shortest head of a byte string (RFC 8949 §3, §4.2.1). */
function byteStringHeadOf(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 + length);
  return length < 256 ? Uint8Array.of(0x58, length) : Uint8Array.of(0x59, length >> 8, length);
}

/** Writes what `readSign1` reads. */
export function writeSign1(
  alg: Algorithm,
  payload: Uint8Array,
  signature: Uint8Array,
  countersignature?: Uint8Array,
): Uint8Array {
  const { protectedBytes } = algorithmFacts(alg);
  if (signature.length !== SIGNATURE_LENGTH || (countersignature && countersignature.length !== SIGNATURE_LENGTH)) {
    throw new UsageError("FS-SIGN1-SIGNATURE", "a signature has 64 bytes", { fix: "Pass r‖s, not DER." });
  }
  if (payload.length > MAX_SIGN1_LENGTH) throw tooLong(payload.length);
  const header = countersignature ? concatBytes(COUNTERSIGNATURE_HEAD, countersignature) : EMPTY_MAP;
  const head = byteStringHeadOf(payload.length);
  const payloadAt = 2 + protectedBytes.length + header.length + head.length;
  const out = new Uint8Array(payloadAt + payload.length + SIGNATURE_HEAD.length + SIGNATURE_LENGTH);
  if (out.length > MAX_SIGN1_LENGTH) throw tooLong(out.length);
  out[0] = 0x84;
  out[1] = 0x40 + protectedBytes.length;
  out.set(protectedBytes, 2);
  out.set(header, 2 + protectedBytes.length);
  out.set(head, payloadAt - head.length);
  out.set(payload, payloadAt);
  out.set(SIGNATURE_HEAD, payloadAt + payload.length);
  out.set(signature, out.length - SIGNATURE_LENGTH);
  return out;
}

function tooLong(length: number): UsageError {
  return new UsageError("FS-SIGN1-LENGTH", `a message of ${length} bytes is longer than ${MAX_SIGN1_LENGTH}`);
}

/** @throws UsageError FS-SIGN1-SIGNATURE, FS-SIGN1-LENGTH */
export function encodeSign1(alg: Algorithm, payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return writeSign1(alg, payload, signature);
}

/**
 * Reads a message of the profile and nothing else (`parseCoseSign1` reads other people's). What it accepts has one
 * encoding: `encodeSign1` of the result is the input. The parts are views of one copy of it.
 * @throws ProtocolError FS-SIGN1-LENGTH, -SHAPE, -ALG, -HEADER, -PAYLOAD, -SIGNATURE (context: `at`)
 */
export function decodeSign1(bytes: Uint8Array): Sign1 {
  return readSign1(ownSign1(bytes), false);
}
