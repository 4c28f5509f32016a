import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Algorithm, nobleVerifier } from "../../../protocols/attestation/index.ts";
import type { CryptoBackend, SigningKey } from "./backend.ts";
import { checkPrivate, drawPrivate } from "./scalar.ts";

function publicBytes(alg: Algorithm, privateBytes: Uint8Array): Uint8Array {
  if (alg === "EdDSA") return ed25519.getPublicKey(privateBytes);
  return (alg === "ES256" ? p256 : secp256k1).getPublicKey(privateBytes, false).slice(1);
}

function signWith(alg: Algorithm, message: Uint8Array, privateBytes: Uint8Array): Uint8Array {
  if (alg === "EdDSA") return ed25519.sign(message, privateBytes);
  return (alg === "ES256" ? p256 : secp256k1).sign(message, privateBytes, { lowS: true });
}

function importKey(alg: Algorithm, privateBytes: Uint8Array): SigningKey {
  checkPrivate(alg, privateBytes);
  // Not slice(): on a Buffer that is a view, which the caller is about to wipe.
  const kept = new Uint8Array(privateBytes);
  return {
    alg,
    publicKey: { alg, bytes: publicBytes(alg, kept) },
    sign: (message) => signWith(alg, message, kept),
  };
}

/** The portable back end: JavaScript only, RFC 6979 nonces, slower than native by an order of magnitude. */
export const nobleBackend: CryptoBackend = {
  name: "noble",
  library: "@noble/curves",
  deterministicEcdsa: true,
  verify: (key, message, signature) => nobleVerifier.verify(key, message, signature),
  importKey,
  generate(alg, random) {
    const privateBytes = drawPrivate(alg, random);
    return { key: importKey(alg, privateBytes), privateBytes };
  },
};
