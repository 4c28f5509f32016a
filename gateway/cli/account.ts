import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError, equalBytes, fromHex, fromUtf8, toHex, UsageError } from "../../protocols/bytes/index.ts";
import { addressOfPrivateKey, addressOfPublicKey } from "../../protocols/evm/index.ts";
import { Keystore, listKeys } from "../attest/keystore.ts";
import { readSecretFile } from "../attest/keystore-files.ts";
import { localTransactionSigner, type TransactionSigner } from "../coordinator/index.ts";
import { DirectoryLock } from "../journal/directory-lock.ts";
import { passphraseFor } from "./context.ts";
import type { CoordinatorOptions, CoordinatorSite } from "./coordinator-site.ts";

/** Options of every verb that sends transactions. */
export interface AccountOptions extends CoordinatorOptions {
  keyFile?: string;
  passphraseFd?: string;
  dryRun?: boolean;
  yes?: boolean;
}

/** An account to send from. */
export interface Account {
  address: Uint8Array;
  /** Undefined for a dry run: no key is opened. */
  signer: TransactionSigner | undefined;
  /** Forgets the key, and lets the gateway start. */
  close(): Promise<void>;
}

const noKey = () =>
  new EnvironmentError("FS-KEY-MISSING", "no account to send from", {
    fix: "Give --key-file FILE (0600, 64 hex digits), or run the command in the folder of a gateway with a chain key.",
  });

function held(secret: Uint8Array, release: () => Promise<void>): Account {
  const signer = localTransactionSigner(secret);
  return {
    address: signer.address,
    signer,
    async close() {
      secret.fill(0);
      await release();
    },
  };
}

const nothing = async () => undefined;

/** @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE; UsageError FS-KEY-FILE. */
function readKeyFile(path: string): Uint8Array {
  const bytes = readSecretFile(path);
  const match = /^(?:0x)?([0-9a-fA-F]{64})\s*$/.exec(fromUtf8(bytes) ?? "");
  bytes.fill(0);
  if (match) return fromHex(match[1]!.toLowerCase());
  throw new UsageError("FS-KEY-FILE", `${path} holds no private key`, {
    fix: "The file holds the 64 hex digits of a secp256k1 key and nothing else, or names a key store's folder.",
  });
}

/**
 * A running gateway's outbox numbers the transactions of its account: another sender would take its numbers away. The lock of its
 * journal is held as long as the account is used, so that none starts meanwhile.
 */
async function lockGateway(data: string): Promise<() => Promise<void>> {
  const journal = join(data, "journal");
  if (!existsSync(journal)) return nothing;
  const lock = new DirectoryLock(journal, toHex(new Uint8Array(randomBytes(4))));
  try {
    await lock.take();
  } catch (cause) {
    if (!(cause instanceof EnvironmentError) || cause.code !== "FS-JOURNAL-LOCKED") throw cause;
    throw new EnvironmentError("FS-CHAIN-ACCOUNT-BUSY", "the gateway runs, and its account is in its hands", {
      cause,
      fix: "Stop the gateway for the moment of this call, or send from another account with --key-file.",
    });
  }
  return () => lock.release();
}

/** The configured gateway's account; undefined where there is none. */
function ownAddress({ loaded }: Pick<CoordinatorSite, "loaded">): Uint8Array | undefined {
  const keys = loaded?.config.gateway.keys;
  if (keys === undefined || !existsSync(keys)) return undefined;
  const chain = listKeys(keys).find(({ purpose }) => purpose === "chain");
  return chain && addressOfPublicKey(chain.publicKey);
}

async function keystoreSecret(
  dir: string,
  options: AccountOptions,
  site: Pick<CoordinatorSite, "loaded">,
): Promise<Uint8Array> {
  const passphrase = await passphraseFor(site.loaded, options.passphraseFd);
  const store = Keystore.open({ dir, passphrase });
  passphrase.fill(0);
  try {
    return store.openKey("chain").secret;
  } finally {
    store.close();
  }
}

/** The public side of a key store's account. @throws EnvironmentError FS-KEY-MISSING. */
function keystoreAddress(dir: string): Uint8Array {
  const chain = listKeys(dir).find(({ purpose }) => purpose === "chain");
  if (!chain) throw noKey();
  return addressOfPublicKey(chain.publicKey);
}

/**
 * The account of `--key-file` (a file with a private key, or a key store's folder), else the configured gateway's own.
 * @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE, FS-KEY-NO-PASSPHRASE, FS-CHAIN-ACCOUNT-BUSY; UsageError FS-KEY-FILE,
 *   FS-KEY-PASSPHRASE.
 */
export async function openAccount(options: AccountOptions, site: Pick<CoordinatorSite, "loaded">): Promise<Account> {
  const { dryRun = false } = options;
  const path = options.keyFile ?? site.loaded?.config.gateway.keys;
  if (path === undefined) throw noKey();
  const isStore = options.keyFile === undefined || (existsSync(path) && statSync(path).isDirectory());
  const secret = isStore ? undefined : readKeyFile(path);
  const address = secret ? addressOfPrivateKey(secret) : keystoreAddress(path);
  if (dryRun) {
    secret?.fill(0);
    return { address, signer: undefined, close: nothing };
  }
  // However the key is given: it is the account that only one may send from.
  const own = ownAddress(site);
  const data = own && equalBytes(own, address) ? site.loaded?.config.gateway.data : undefined;
  const release = data === undefined ? nothing : await lockGateway(data);
  try {
    return held(secret ?? (await keystoreSecret(path, options, site)), release);
  } catch (error) {
    await release();
    throw error;
  }
}
