import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concatBytes, copyOf, ProtocolError } from "../bytes/index.ts";
import { type CborKey, type CborValue, decodeCbor } from "../cbor/index.ts";
import { ed25519Point } from "../ed25519/index.ts";
import { ALL_ALGORITHMS, type Algorithm, algorithmFacts } from "./algorithm.ts";

/**
 * A device's public key. `bytes`: x‖y, 64 bytes, for ES256 (P-256) and ES256K (secp256k1); the 32 bytes of
 * RFC 8032 §5.1.5 for EdDSA (Ed25519). Never changed once made: verifiers cache by it.
 */
export interface PublicKey {
  readonly alg: Algorithm;
  readonly bytes: Uint8Array;
}

/** COSE_Key parameters (RFC 9052 §7.1, RFC 9053 §7.1 and §7.2). */
const Label = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, d: -4 } as const;

const MAX_COSE_KEY = 512;

const bad = (code: string, message: string, fix?: string) =>
  new ProtocolError(`FS-KEY-${code}`, message, fix === undefined ? {} : { fix });

const weierstrass = (alg: "ES256" | "ES256K") => (alg === "ES256" ? p256.Point : secp256k1.Point);

/** SEC 1 §2.3.3 uncompressed form, as curve libraries read it. */
export function sec1Uncompressed(xy: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(4), xy);
}

/** x‖y of a SEC 1 point, compressed or not. @throws ProtocolError FS-KEY-POINT when it is not on the curve. */
export function decodeSec1(alg: "ES256" | "ES256K", sec1: Uint8Array): Uint8Array {
  try {
    return weierstrass(alg).fromBytes(sec1).toBytes(false).slice(1);
  } catch (cause) {
    throw new ProtocolError("FS-KEY-POINT", `the ${alg} public key is not a point of its curve`, { cause });
  }
}

/** SEC 1 §2.3.3 compressed form, 33 bytes, without looking whether the point is on its curve. */
export function sec1Compressed(xy: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(2 + (xy[63]! & 1)), xy.subarray(0, 32));
}

function checkLength({ alg, bytes }: PublicKey): void {
  const { keyLength } = algorithmFacts(alg);
  if (bytes.length !== keyLength) {
    throw bad("LENGTH", `an ${alg} public key has ${keyLength} bytes, not ${bytes.length}`);
  }
}

/**
 * Insists on a usable key: right length, a point of its curve, and for Ed25519 what `ed25519Point` asks for.
 * @throws ProtocolError FS-KEY-LENGTH, FS-KEY-POINT
 */
export function checkPublicKey(key: PublicKey): void {
  checkLength(key);
  if (key.alg !== "EdDSA") {
    decodeSec1(key.alg, sec1Uncompressed(key.bytes));
    return;
  }
  if (ed25519Point(key.bytes) === undefined) {
    throw bad("POINT", "the EdDSA public key is not a point of its curve, or one of small order");
  }
}

/** Whether `checkPublicKey` accepts the key. */
export function isUsableKey(key: PublicKey): boolean {
  try {
    checkPublicKey(key);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** Label -3 and the head of y. */
const Y_HEAD = Uint8Array.of(0x22, 0x58, 0x20);

/**
 * COSE_Key with the members RFC 9679 §4 requires and no other, deterministically encoded: its SHA-256 is the device id.
 * @throws ProtocolError FS-KEY-LENGTH
 */
export function encodeCoseKey(key: PublicKey): Uint8Array {
  const { coseKeyHead, keyLength } = algorithmFacts(key.alg);
  checkLength(key);
  const out = new Uint8Array(coseKeyHead.length + keyLength + (keyLength === 64 ? Y_HEAD.length : 0));
  out.set(coseKeyHead);
  out.set(keyLength === 64 ? key.bytes.subarray(0, 32) : key.bytes, coseKeyHead.length);
  if (keyLength === 64) {
    out.set(Y_HEAD, coseKeyHead.length + 32);
    out.set(key.bytes.subarray(32), coseKeyHead.length + 32 + Y_HEAD.length);
  }
  return out;
}

function coordinate(map: ReadonlyMap<CborKey, CborValue>, label: number, name: string): Uint8Array {
  const value = map.get(label);
  if (!(value instanceof Uint8Array) || value.length !== 32) throw bad("COSE", `${name} is not a byte string of 32`);
  return value;
}

/**
 * Reads a public COSE_Key in deterministic encoding. `kid`, `key_ops` and unknown members are passed over; `alg`, when
 * present, must be the profile's for the curve; `y` may be a sign bit (RFC 9053 §7.1.1).
 * @throws ProtocolError FS-CBOR-…, FS-KEY-COSE, FS-KEY-CURVE, FS-KEY-PRIVATE, FS-KEY-POINT
 */
export function decodeCoseKey(bytes: Uint8Array): PublicKey {
  const map = decodeCbor(bytes, { maxBytes: MAX_COSE_KEY });
  if (!(map instanceof Map)) throw bad("COSE", "a COSE_Key is a map");
  const kty = map.get(Label.kty);
  const crv = map.get(Label.crv);
  const alg = ALL_ALGORITHMS.find((name) => algorithmFacts(name).kty === kty && algorithmFacts(name).crv === crv);
  if (alg === undefined) {
    throw bad("CURVE", "key type and curve are none of the profile's", "Use P-256, Ed25519 or secp256k1.");
  }
  const named = map.get(Label.alg);
  if (named !== undefined && named !== algorithmFacts(alg).cose) throw bad("COSE", `alg does not belong to ${alg}`);
  if (map.has(Label.d)) throw bad("PRIVATE", "the COSE_Key holds a private key", "Send the public members only.");
  const x = coordinate(map, Label.x, "x");
  if (alg === "EdDSA") {
    const key: PublicKey = { alg, bytes: copyOf(x) };
    checkPublicKey(key);
    return key;
  }
  const y = map.get(Label.y);
  const sec1 =
    typeof y === "boolean"
      ? concatBytes(Uint8Array.of(y ? 3 : 2), x)
      : concatBytes(Uint8Array.of(4), x, coordinate(map, Label.y, "y"));
  return { alg, bytes: decodeSec1(alg, sec1) };
}
