import { copyOf, ProtocolError, UsageError } from "../bytes/index.ts";
import { ALL_ALGORITHMS, type Algorithm, algorithmFacts } from "./algorithm.ts";
import { checkPublicKey, type PublicKey } from "./key.ts";

/** Layout shared by the fixed-size bodies of kinds 1–4: words of 32 bytes, as a contract reads them. */

export const BODY_VERSION = 1;
/** An algorithm in a body is its COSE number as one signed byte: F9 ES256, F8 EdDSA, D1 ES256K. */
export const algorithmByte = (alg: Algorithm): number => algorithmFacts(alg).cose & 0xff;

export function bodyError(name: string, what: string, why: string): ProtocolError {
  return new ProtocolError(`FS-${name.toUpperCase()}-${what}`, `${name}: ${why}`);
}

/** Length, version and the reserved ranges of a body. */
export function checkBody(
  name: string,
  bytes: Uint8Array,
  length: number,
  reserved: readonly (readonly [from: number, to: number])[],
): void {
  if (bytes.length !== length) throw bodyError(name, "LENGTH", `${bytes.length} bytes, not ${length}`);
  if (bytes[0] !== BODY_VERSION) throw bodyError(name, "VERSION", `version ${bytes[0]} is not known`);
  for (const [from, to] of reserved) checkZero(name, bytes, from, to);
}

function checkZero(name: string, bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== 0) throw bodyError(name, "RESERVED", `byte ${at} is reserved and not 0`);
  }
}

/** Algorithm byte at `algAt`, key field of 64 bytes at `keyAt`: an Ed25519 key is followed by 32 bytes of 0. */
export function readKey(name: string, bytes: Uint8Array, algAt: number, keyAt: number): PublicKey {
  const alg = ALL_ALGORITHMS.find((candidate) => algorithmByte(candidate) === bytes[algAt]);
  if (alg === undefined) throw bodyError(name, "ALG", `algorithm byte ${bytes[algAt]} is not known`);
  const { keyLength } = algorithmFacts(alg);
  checkZero(name, bytes, keyAt + keyLength, keyAt + 64);
  const key: PublicKey = { alg, bytes: copyOf(bytes, keyAt, keyAt + keyLength) };
  checkPublicKey(key);
  return key;
}

export function writeKey(out: Uint8Array, key: PublicKey, algAt: number, keyAt: number): void {
  checkPublicKey(key);
  out[algAt] = algorithmByte(key.alg);
  out.set(key.bytes, keyAt);
}

export function checkField(name: string, field: string, value: Uint8Array, length: number): void {
  if (value.length !== length) {
    throw new UsageError(
      `FS-${name.toUpperCase()}-FIELD`,
      `${name}: ${field} has ${length} bytes, not ${value.length}`,
    );
  }
}

export function checkChoice(name: string, field: string, value: number, choices: Readonly<Record<string, number>>) {
  if (!Object.values(choices).includes(value)) {
    throw new UsageError(`FS-${name.toUpperCase()}-FIELD`, `${name}: ${field} ${value} is not known`);
  }
}
