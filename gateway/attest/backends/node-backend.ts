import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
  type VerifyKeyObjectInput,
} from "node:crypto";
import { type Algorithm, decodeSec1, isUsableKey, type PublicKey } from "../../../protocols/attestation/index.ts";
import type { CryptoBackend, SigningKey } from "./backend.ts";
import { KeyCache } from "./key-cache.ts";
import { checkPrivate, drawPrivate, hasHighS, toLowS } from "./scalar.ts";

const der = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/**
 * What stands before the key bytes in DER, for keys of these fixed sizes: SubjectPublicKeyInfo (RFC 5480 §2, RFC 8410 §4)
 * and PrivateKeyInfo (RFC 5208 §5, RFC 5915 §3 without the public part, RFC 8410 §7).
 */
const DER: Readonly<Record<Algorithm, { spki: Buffer; pkcs8: Buffer }>> = {
  ES256: {
    spki: der("3059 3013 06072a8648ce3d0201 06082a8648ce3d030107 034200 04"),
    pkcs8: der("3041 020100 3013 06072a8648ce3d0201 06082a8648ce3d030107 0427 3025 020101 0420"),
  },
  EdDSA: { spki: der("302a 3005 06032b6570 032100"), pkcs8: der("302e 020100 3005 06032b6570 0422 0420") },
  ES256K: {
    spki: der("3056 3010 06072a8648ce3d0201 06052b8104000a 034200 04"),
    pkcs8: der("303e 020100 3010 06072a8648ce3d0201 06052b8104000a 0427 3025 020101 0420"),
  },
};

/** Keys of devices in use at once, before the least used is imported again. About 5 kB each, most of it outside the heap. */
const DEFAULT_CACHE = 4096;

/** What a remembered key verifies with; a key that is none verifies nothing. */
type CachedKey = { usable: false } | { usable: true; object: KeyObject; ecdsa: VerifyKeyObjectInput };

function importPublic(key: PublicKey): CachedKey {
  // OpenSSL insists on a point of the curve itself for EC keys; for Ed25519 it takes any 32 bytes.
  if (key.alg === "EdDSA" && !isUsableKey(key)) return { usable: false };
  const spki = Buffer.concat([DER[key.alg].spki, key.bytes]);
  try {
    const object = createPublicKey({ key: spki, format: "der", type: "spki" });
    return { usable: true, object, ecdsa: { key: object, dsaEncoding: "ieee-p1363" } };
  } catch {
    return { usable: false };
  }
}

function publicBytes(alg: Algorithm, object: KeyObject): Uint8Array {
  const spki = createPublicKey(object).export({ format: "der", type: "spki" });
  const raw = new Uint8Array(spki.subarray(DER[alg].spki.length));
  return alg === "EdDSA" ? raw : decodeSec1(alg, Buffer.concat([Uint8Array.of(4), raw]));
}

function importKey(alg: Algorithm, privateBytes: Uint8Array): SigningKey {
  checkPrivate(alg, privateBytes);
  const pkcs8 = Buffer.concat([DER[alg].pkcs8, privateBytes]);
  const object = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  pkcs8.fill(0);
  const publicKey: PublicKey = { alg, bytes: publicBytes(alg, object) };
  if (alg === "EdDSA") return { alg, publicKey, sign: (message) => plain(cryptoSign(null, message, object)) };
  const options = { key: object, dsaEncoding: "ieee-p1363" } as const;
  return { alg, publicKey, sign: (message) => toLowS(alg, plain(cryptoSign("sha256", message, options))) };
}

/** A Buffer is a Uint8Array that prints and compares differently; outside this file there are none. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

export interface NodeBackendOptions {
  /** Public keys kept imported. Default 4096. */
  cache?: number;
}

/**
 * OpenSSL through node:crypto. ECDSA nonces are OpenSSL's own, which mix key, message and random bytes; RFC 6979
 * nonces came with OpenSSL 3.2 and node:crypto does not offer them.
 */
export function nodeBackend(options: NodeBackendOptions = {}): CryptoBackend {
  const cache = new KeyCache<CachedKey>(options.cache ?? DEFAULT_CACHE);
  return {
    name: "node:crypto",
    library: `OpenSSL ${process.versions.openssl}`,
    deterministicEcdsa: false,
    verify(key, message, signature) {
      const { alg, bytes } = key;
      if (signature.length !== 64 || bytes.length !== (alg === "EdDSA" ? 32 : 64)) return false;
      if (alg === "ES256K" && hasHighS(alg, signature)) return false;
      const id = `${alg}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")}`;
      const known = cache.get(id, () => importPublic(key));
      if (!known.usable) return false;
      if (alg === "EdDSA") return cryptoVerify(null, message, known.object, signature);
      return cryptoVerify("sha256", message, known.ecdsa, signature);
    },
    importKey,
    generate(alg, random) {
      const privateBytes = drawPrivate(alg, random);
      return { key: importKey(alg, privateBytes), privateBytes };
    },
  };
}
