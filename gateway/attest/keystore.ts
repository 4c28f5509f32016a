import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Algorithm, deviceId } from "../../protocols/attestation/index.ts";
import { EnvironmentError, equalBytes, toHex, UsageError } from "../../protocols/bytes/index.ts";
import {
  type CryptoBackend,
  drawPrivate,
  type RandomSource,
  type SigningKey,
  selectBackend,
} from "./backends/index.ts";
import { checkSecretDir, createSecretFile, existsError, fileError, readSecretFile } from "./keystore-files.ts";
import {
  algorithmsOf,
  DEFAULT_SCRYPT,
  decodeHeader,
  decodeKeyFile,
  deriveKek,
  encodeHeader,
  encodeKeyFile,
  KEY_NAME,
  type KeyFile,
  type KeyInfo,
  type KeyPurpose,
  kekFits,
  keyFileName,
  makeHeader,
  type ScryptParameters,
  sealKey,
  unsealKey,
} from "./keystore-format.ts";
import { damaged } from "./sealed-json.ts";
import { createSignerState } from "./signer-state.ts";

const HEADER_FILE = "keystore.json";
const KEY_SUFFIX = ".key";

export interface KeystoreOptions {
  /** The key store's directory, 0700. */
  dir: string;
  /** Zeroised by the caller when it is done. */
  passphrase: Uint8Array;
  /** Default: the one `selectBackend` selects. */
  backend?: CryptoBackend;
  random?: RandomSource;
}

export interface CreateKeystoreOptions extends KeystoreOptions {
  /** Cost of a guess at the passphrase. Smaller ones are for tests. */
  scrypt?: ScryptParameters;
}

export interface CreateKeyOptions {
  purpose: KeyPurpose;
  /** The device's name. The gateway and chain keys are one each and take no name. */
  name?: string;
  /** Default: ES256 for devices, EdDSA for the gateway, ES256K for the chain. */
  alg?: Algorithm;
}

/** A key ready to sign. */
export interface OpenKey {
  info: KeyInfo;
  key: SigningKey;
  /** The 32-byte secret itself: the caller zeroises it. */
  secret: Uint8Array;
}

const systemRandom: RandomSource = (length) => new Uint8Array(randomBytes(length));

function checkPassphrase(passphrase: Uint8Array): void {
  if (passphrase.length > 0) return;
  throw new UsageError("FS-KEY-PASSPHRASE", "the passphrase is empty", { fix: "Choose one and try again." });
}

function readKeyFile(dir: string, fileName: string): KeyFile {
  const path = join(dir, fileName);
  return decodeKeyFile(path, fileName, readSecretFile(path));
}

function readAllKeys(dir: string): KeyFile[] {
  checkSecretDir(dir);
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (cause) {
    throw fileError(dir, cause);
  }
  const files = names
    .filter((name) => name.endsWith(KEY_SUFFIX) && !name.startsWith("."))
    .sort()
    .map((name) => readKeyFile(dir, name));
  checkDistinct(dir, files);
  return files;
}

/** Device, gateway and chain keys differ: one key for two purposes would let a signature of one kind pass as another. */
function checkDistinct(dir: string, keys: readonly KeyInfo[]): void {
  const owners = new Map<string, KeyInfo>();
  for (const key of keys) {
    // The same point is the same secret whatever the algorithm is called.
    const point = toHex(key.publicKey);
    const other = owners.get(point);
    if (other !== undefined) throw sharedKey(dir, other, key);
    owners.set(point, key);
  }
}

function sharedKey(dir: string, a: KeyInfo, b: KeyInfo): EnvironmentError {
  return new EnvironmentError("FS-KEY-SHARED", `${keyFileName(a)} and ${keyFileName(b)} hold the same key`, {
    context: { dir },
    fix: "Every device, the gateway and the chain account have keys of their own: create a new one for one of them.",
  });
}

const publicSide = ({ purpose, name, alg, publicKey, id }: KeyFile): KeyInfo => ({ purpose, name, alg, publicKey, id });

/**
 * The public side of every key, ordered by file name; needs no passphrase.
 * @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE, FS-KEY-DAMAGED, FS-KEY-SHARED.
 */
export function listKeys(dir: string): KeyInfo[] {
  return readAllKeys(dir).map(publicSide);
}

/**
 * A directory of keys, each sealed with AES-256-GCM under one key derived from the passphrase (scrypt, once). The public side
 * of a key file is readable without it. Nothing here is ever created or replaced unless `create` or `createKey` is called.
 */
export class Keystore {
  readonly dir: string;
  readonly #kek: Uint8Array;
  readonly #backend: CryptoBackend;
  readonly #random: RandomSource;
  #open = true;

  private constructor(
    kek: Uint8Array,
    { dir, backend = selectBackend().backend, random = systemRandom }: KeystoreOptions,
  ) {
    this.dir = dir;
    this.#kek = kek;
    this.#backend = backend;
    this.#random = random;
  }

  /**
   * Makes an empty key store, and the signer's state at boot 0. The directory may exist when it is 0700 and has none.
   * @throws UsageError FS-KEY-EXISTS when there is one already; EnvironmentError FS-KEY-MODE, FS-KEY-IO.
   */
  static create(options: CreateKeystoreOptions): Keystore {
    const { dir, passphrase, scrypt = DEFAULT_SCRYPT, random = systemRandom } = options;
    checkPassphrase(passphrase);
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw fileError(dir, cause);
    }
    checkSecretDir(dir);
    const path = join(dir, HEADER_FILE);
    if (readAllKeys(dir).length > 0) throw existsError(dir);
    if (existsSync(path)) throw existsError(path);
    const salt = random(32);
    const kek = deriveKek(passphrase, { scrypt, salt });
    // Before the header: a key store never exists without a boot counter, so a counter that is gone is seen to be gone.
    createSignerState(dir);
    if (!createSecretFile(path, encodeHeader(makeHeader(kek, scrypt, salt, random(12))))) {
      kek.fill(0);
      throw existsError(path);
    }
    return new Keystore(kek, options);
  }

  /**
   * @throws UsageError FS-KEY-PASSPHRASE when it is the wrong one; EnvironmentError FS-KEY-MISSING, FS-KEY-MODE,
   * FS-KEY-DAMAGED.
   */
  static open(options: KeystoreOptions): Keystore {
    const { dir, passphrase } = options;
    checkPassphrase(passphrase);
    checkSecretDir(dir);
    const path = join(dir, HEADER_FILE);
    const header = decodeHeader(path, readSecretFile(path));
    const kek = deriveKek(passphrase, header);
    if (!kekFits(kek, header)) {
      kek.fill(0);
      throw new UsageError("FS-KEY-PASSPHRASE", `the passphrase does not open ${dir}`, {
        context: { dir },
        fix: "Check the passphrase and where it is read from.",
      });
    }
    return new Keystore(kek, options);
  }

  /**
   * Makes a key, durable before this returns.
   * @throws UsageError FS-KEY-NAME, FS-KEY-EXISTS; EnvironmentError FS-KEY-IO.
   */
  createKey({ purpose, name, alg }: CreateKeyOptions): KeyInfo {
    const allowed = algorithmsOf(purpose);
    const chosen = alg ?? allowed[0];
    if (!allowed.includes(chosen)) {
      throw new UsageError("FS-KEY-NAME", `a ${purpose} key is not ${chosen}`, { fix: `Use ${allowed.join(" or ")}.` });
    }
    const secret = drawPrivate(chosen, this.#random);
    try {
      return this.#store(purpose, purpose === "device" ? (name ?? "") : (name ?? purpose), chosen, secret);
    } finally {
      secret.fill(0);
    }
  }

  #store(purpose: KeyPurpose, name: string, alg: Algorithm, secret: Uint8Array): KeyInfo {
    this.#checkOpen();
    if (!KEY_NAME.test(name) || (purpose !== "device" && name !== purpose)) {
      throw new UsageError("FS-KEY-NAME", `${JSON.stringify(name)} does not name a ${purpose} key`, {
        fix: "Device keys: lower-case letters, digits, - and _ (at most 64). The gateway and chain keys are one each.",
      });
    }
    const path = join(this.dir, keyFileName({ purpose, name }));
    const { publicKey } = this.#backend.importKey(alg, secret);
    const info: KeyInfo = { purpose, name, alg, publicKey: publicKey.bytes, id: deviceId(publicKey) };
    checkDistinct(this.dir, [...readAllKeys(this.dir).filter((key) => keyFileName(key) !== keyFileName(info)), info]);
    if (!createSecretFile(path, encodeKeyFile(sealKey(this.#kek, info, secret, this.#random(12))))) {
      throw existsError(path);
    }
    return info;
  }

  /** The public side of every key. Errors as `listKeys`. */
  list(): KeyInfo[] {
    return listKeys(this.dir);
  }

  /**
   * Unseals one key.
   * @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE, FS-KEY-DAMAGED.
   */
  openKey(purpose: KeyPurpose, name: string = purpose): OpenKey {
    return this.#unseal(readKeyFile(this.dir, keyFileName({ purpose, name })));
  }

  /**
   * Unseals every key and makes sure that no two are one.
   * @throws EnvironmentError FS-KEY-MODE, FS-KEY-DAMAGED, FS-KEY-SHARED.
   */
  openAll(): OpenKey[] {
    const keys: OpenKey[] = [];
    for (const file of readAllKeys(this.dir)) {
      const key = this.#unseal(file);
      // One secret under two curves has two public keys; an error in one scheme would then give away the other.
      const twin = keys.find(({ secret }) => equalBytes(secret, key.secret));
      keys.push(key);
      if (twin !== undefined) {
        for (const { secret } of keys) secret.fill(0);
        throw sharedKey(this.dir, twin.info, key.info);
      }
    }
    return keys;
  }

  #unseal(file: KeyFile): OpenKey {
    this.#checkOpen();
    const path = join(this.dir, keyFileName(file));
    const secret = unsealKey(path, this.#kek, file);
    const key = this.#backend.importKey(file.alg, secret);
    if (!equalBytes(key.publicKey.bytes, file.publicKey)) {
      secret.fill(0);
      throw damaged(path, "the secret is not the one of the public key");
    }
    return { info: publicSide(file), key, secret };
  }

  #checkOpen(): void {
    if (this.#open) return;
    throw new UsageError("FS-KEY-CLOSED", "the key store is closed", { fix: "Open it again." });
  }

  /** Zeroises the derived key. Keys already opened stay usable. */
  close(): void {
    this.#open = false;
    this.#kek.fill(0);
  }
}
