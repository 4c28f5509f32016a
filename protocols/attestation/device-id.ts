import { concatBytes, fromHex, ProtocolError, sha256, toHex } from "../bytes/index.ts";
import type { Algorithm } from "./algorithm.ts";
import { decodeBase58, encodeBase58 } from "./base58.ts";
import { checkPublicKey, decodeSec1, encodeCoseKey, type PublicKey, sec1Compressed } from "./key.ts";

/** Who a device is: the SHA-256 COSE Key Thumbprint of its public key (RFC 9679), 32 bytes. */
export function deviceId(key: PublicKey): Uint8Array {
  return sha256(encodeCoseKey(key));
}

/** 64 hex digits of a device id. @throws ProtocolError FS-DEVICE-ID unless it has 32 bytes. */
export function formatDeviceId(id: Uint8Array): string {
  if (id.length !== 32) throw new ProtocolError("FS-DEVICE-ID", `a device id has 32 bytes, not ${id.length}`);
  return toHex(id);
}

/** `fs:` and the first 8 hex digits: for people to look at, never to be parsed or compared. */
export function shortDeviceId(id: Uint8Array): string {
  return `fs:${formatDeviceId(id).slice(0, 8)}`;
}

/** Device id of 64 hex digits, either case. @throws ProtocolError FS-DEVICE-ID */
export function parseDeviceId(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new ProtocolError("FS-DEVICE-ID", "a device id is written as 64 hex digits", {
      fix: text.startsWith("fs:") ? "Use the whole id; the fs: form is a shortening for people." : "Check the id.",
    });
  }
  return fromHex(text);
}

/** Unsigned varints of the multicodec table: p256-pub 0x1200, ed25519-pub 0xed, secp256k1-pub 0xe7; and the length that follows. */
const MULTICODEC: Readonly<Record<Algorithm, { prefix: readonly [number, number]; length: number }>> = {
  ES256: { prefix: [0x80, 0x24], length: 33 },
  EdDSA: { prefix: [0xed, 0x01], length: 32 },
  ES256K: { prefix: [0xe7, 0x01], length: 33 },
};

const MAX_DID = 128;

/** `did:key:z…`: multibase base58btc of the multicodec public key, points compressed. */
export function didKey(key: PublicKey): string {
  checkPublicKey(key);
  const body = key.alg === "EdDSA" ? key.bytes : sec1Compressed(key.bytes);
  return `did:key:z${encodeBase58(concatBytes(Uint8Array.from(MULTICODEC[key.alg].prefix), body))}`;
}

/** Public key of a `did:key`. @throws ProtocolError FS-DID, FS-KEY-POINT */
export function parseDidKey(text: string): PublicKey {
  const bad = (why: string) => new ProtocolError("FS-DID", `did:key: ${why}`);
  if (text.length > MAX_DID) throw bad(`${text.length} characters are too many`);
  if (!text.startsWith("did:key:z")) throw bad("it does not start with did:key:z (base58btc)");
  const bytes = decodeBase58(text.slice(9));
  for (const [alg, { prefix, length }] of Object.entries(MULTICODEC) as [Algorithm, (typeof MULTICODEC)[Algorithm]][]) {
    if (bytes[0] !== prefix[0] || bytes[1] !== prefix[1]) continue;
    const body = bytes.slice(2);
    if (body.length !== length) throw bad(`an ${alg} key of ${body.length} bytes`);
    const key: PublicKey = { alg, bytes: alg === "EdDSA" ? body : decodeSec1(alg, body) };
    checkPublicKey(key);
    return key;
  }
  throw bad("the multicodec is none of p256-pub, ed25519-pub, secp256k1-pub");
}
