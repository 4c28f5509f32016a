import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeyInfo, Keystore, nodeBackend, Signer, SignerState } from "../../gateway/attest/index.ts";
import { utf8 } from "../../protocols/bytes/index.ts";
import { Random } from "./mutate.ts";

export const PASSPHRASE = "correct horse battery staple";

/** Far too cheap for a real key store: tests open hundreds. */
export const CHEAP_SCRYPT = { N: 2 ** 4, r: 1, p: 1 };

const made: string[] = [];

/** A directory that `removeTempDirs` removes. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "fieldseal-test-"));
  made.push(dir);
  return dir;
}

export function removeTempDirs(): void {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
}

export interface TestKeys {
  dir: string;
  keystore: Keystore;
  device: KeyInfo;
  gateway: KeyInfo;
  chain: KeyInfo;
}

/** A key store with the device `meter`, a gateway and a chain key, made of seeded random bytes. */
export function testKeystore(seed = 1): TestKeys {
  const random = new Random(seed);
  const dir = join(tempDir(), "keys");
  const keystore = Keystore.create({
    dir,
    passphrase: utf8(PASSPHRASE),
    scrypt: CHEAP_SCRYPT,
    backend: nodeBackend(),
    random: (length) => random.bytes(length),
  });
  return {
    dir,
    keystore,
    device: keystore.createKey({ purpose: "device", name: "meter" }),
    gateway: keystore.createKey({ purpose: "gateway" }),
    chain: keystore.createKey({ purpose: "chain" }),
  };
}

/** The signer of a key store, freshly started. */
export function startSigner(dir: string): Signer {
  const keystore = Keystore.open({ dir, passphrase: utf8(PASSPHRASE), backend: nodeBackend() });
  const signer = new Signer({ keystore, state: SignerState.start(dir), backendName: "node:crypto" });
  keystore.close();
  return signer;
}
