import { createCipheriv, createDecipheriv, scryptSync } from "node:crypto";
import { type Algorithm, deviceId } from "../../protocols/attestation/index.ts";
import { equalBytes, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { damaged, decodeSealedJson, encodeSealedJson } from "./sealed-json.ts";

/** What a key may be used for; a key serves one purpose. */
export type KeyPurpose = "device" | "gateway" | "chain";

/** The public side of a stored key. */
export interface KeyInfo {
  purpose: KeyPurpose;
  /** The device's name; `gateway` and `chain` for the two others. */
  name: string;
  alg: Algorithm;
  /** x‖y (64 bytes) for ES256 and ES256K, 32 bytes for EdDSA. */
  publicKey: Uint8Array;
  /** SHA-256 COSE key thumbprint (RFC 9679), 32 bytes. */
  id: Uint8Array;
}

export interface ScryptParameters {
  N: number;
  r: number;
  p: number;
}

/** 32 MB and about 0.1 s on a desktop core, once a start (RFC 7914 §2: memory is 128·N·r). */
export const DEFAULT_SCRYPT: ScryptParameters = { N: 2 ** 15, r: 8, p: 1 };

/** What a file may ask of us: without a bound an altered one could take all memory at every start. */
const MAX_SCRYPT_MEMORY = 256 * 1024 * 1024;

export interface StoreHeader {
  scrypt: ScryptParameters;
  salt: Uint8Array;
  /** Nonce and tag of an empty plaintext: tells a wrong passphrase from a damaged key file. */
  check: { nonce: Uint8Array; tag: Uint8Array };
}

const KEY_ALGORITHMS: Record<KeyPurpose, readonly Algorithm[]> = {
  device: ["ES256", "EdDSA", "ES256K"],
  gateway: ["EdDSA"],
  chain: ["ES256K"],
};

/** Algorithms a purpose allows, the default first. */
export function algorithmsOf(purpose: KeyPurpose): readonly [Algorithm, ...Algorithm[]] {
  return KEY_ALGORITHMS[purpose] as readonly [Algorithm, ...Algorithm[]];
}

/** Becomes a file name, a topic level and a word on the command line. */
export const KEY_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** `device-NAME.key`, `gateway.key`, `chain.key`. */
export function keyFileName({ purpose, name }: Pick<KeyInfo, "purpose" | "name">): string {
  return purpose === "device" ? `device-${name}.key` : `${purpose}.key`;
}

/**
 * The key-encrypting key of a passphrase: scrypt (RFC 7914), 32 bytes. The caller zeroises it.
 */
export function deriveKek(passphrase: Uint8Array, { scrypt, salt }: Pick<StoreHeader, "scrypt" | "salt">): Uint8Array {
  return scryptSync(passphrase, salt, 32, { ...scrypt, maxmem: MAX_SCRYPT_MEMORY + 4 * 1024 * 1024 });
}

function gcmSeal(kek: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", kek, nonce);
  cipher.setAAD(aad);
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

function gcmOpen(kek: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv("aes-256-gcm", kek, nonce, { authTagLength: 16 });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - 16));
  const plain = decipher.update(sealed.subarray(0, sealed.length - 16));
  try {
    decipher.final();
  } catch {
    plain.fill(0);
    return undefined;
  }
  return plain;
}

const checkAad = ({ scrypt, salt }: Pick<StoreHeader, "scrypt" | "salt">) =>
  utf8(`fieldseal-keystore/1|${scrypt.N}|${scrypt.r}|${scrypt.p}|${toHex(salt)}`);

export function makeHeader(
  kek: Uint8Array,
  scrypt: ScryptParameters,
  salt: Uint8Array,
  nonce: Uint8Array,
): StoreHeader {
  return { scrypt, salt, check: { nonce, tag: gcmSeal(kek, nonce, checkAad({ scrypt, salt }), new Uint8Array(0)) } };
}

/** Whether the key-encrypting key is the one the store was made with. */
export function kekFits(kek: Uint8Array, header: StoreHeader): boolean {
  return gcmOpen(kek, header.check.nonce, checkAad(header), header.check.tag) !== undefined;
}

export function encodeHeader({ scrypt, salt, check }: StoreHeader): Uint8Array {
  return encodeSealedJson({
    format: "fieldseal-keystore",
    version: 1,
    kdf: { name: "scrypt", N: scrypt.N, r: scrypt.r, p: scrypt.p, salt: toHex(salt) },
    check: { nonce: toHex(check.nonce), tag: toHex(check.tag) },
  });
}

/** @throws EnvironmentError FS-KEY-DAMAGED. */
export function decodeHeader(path: string, bytes: Uint8Array): StoreHeader {
  const fields = decodeSealedJson(path, bytes);
  fields.expect("format", "fieldseal-keystore");
  fields.expect("version", 1);
  const kdf = fields.section("kdf");
  kdf.expect("name", "scrypt");
  const scrypt = { N: kdf.integer("N"), r: kdf.integer("r"), p: kdf.integer("p") };
  const { N, r, p } = scrypt;
  const powerOfTwo = N > 1 && Number.isInteger(Math.log2(N));
  if (!powerOfTwo || r < 1 || p < 1 || p > 16 || 128 * N * r > MAX_SCRYPT_MEMORY) {
    throw damaged(path, "scrypt parameters are out of range");
  }
  const check = fields.section("check");
  return {
    scrypt,
    salt: kdf.bytes("salt", 32),
    check: { nonce: check.bytes("nonce", 12), tag: check.bytes("tag", 16) },
  };
}

/** A key file: the public side in the clear, the 32-byte secret sealed. */
export interface KeyFile extends KeyInfo {
  nonce: Uint8Array;
  /** Ciphertext and tag, 48 bytes. */
  sealed: Uint8Array;
}

/** The secret is worth something only together with all that is said about it. */
const keyAad = ({ purpose, name, alg, publicKey, id }: KeyInfo) =>
  utf8(`fieldseal-key/1|${purpose}|${name}|${alg}|${toHex(publicKey)}|${toHex(id)}`);

export function sealKey(kek: Uint8Array, info: KeyInfo, secret: Uint8Array, nonce: Uint8Array): KeyFile {
  return { ...info, nonce, sealed: gcmSeal(kek, nonce, keyAad(info), secret) };
}

/**
 * The 32-byte secret of a key file. The caller zeroises it.
 * @throws EnvironmentError FS-KEY-DAMAGED.
 */
export function unsealKey(path: string, kek: Uint8Array, file: KeyFile): Uint8Array {
  const secret = gcmOpen(kek, file.nonce, keyAad(file), file.sealed);
  if (secret === undefined) throw damaged(path, "the sealed key does not open with this key store's passphrase");
  return secret;
}

export function encodeKeyFile({ purpose, name, alg, publicKey, id, nonce, sealed }: KeyFile): Uint8Array {
  return encodeSealedJson({
    format: "fieldseal-key",
    version: 1,
    purpose,
    name,
    alg,
    publicKey: toHex(publicKey),
    id: toHex(id),
    cipher: { name: "aes-256-gcm", nonce: toHex(nonce), sealed: toHex(sealed) },
  });
}

/**
 * Reads a key file without its passphrase.
 * @param fileName the name it was found under, which must be the one of its content.
 * @throws EnvironmentError FS-KEY-DAMAGED.
 */
export function decodeKeyFile(path: string, fileName: string, bytes: Uint8Array): KeyFile {
  const fields = decodeSealedJson(path, bytes);
  fields.expect("format", "fieldseal-key");
  fields.expect("version", 1);
  const purpose = fields.text("purpose");
  if (purpose !== "device" && purpose !== "gateway" && purpose !== "chain") throw damaged(path, "unknown purpose");
  const name = fields.text("name");
  const alg = algorithmsOf(purpose).find((known) => known === fields.text("alg"));
  if (alg === undefined) throw damaged(path, `unknown algorithm for a ${purpose} key`);
  if (!KEY_NAME.test(name) || keyFileName({ purpose, name }) !== fileName) throw damaged(path, "is of another key");
  const publicKey = fields.bytes("publicKey", alg === "EdDSA" ? 32 : 64);
  const id = fields.bytes("id", 32);
  const cipher = fields.section("cipher");
  cipher.expect("name", "aes-256-gcm");
  if (!equalBytes(deviceId({ alg, bytes: publicKey }), id)) throw damaged(path, "the id is not the one of its key");
  return { purpose, name, alg, publicKey, id, nonce: cipher.bytes("nonce", 12), sealed: cipher.bytes("sealed", 48) };
}
