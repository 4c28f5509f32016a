import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Keystore, type KeystoreOptions, listKeys, nobleBackend, nodeBackend } from "../../../gateway/attest/index.ts";
import { deviceId } from "../../../protocols/attestation/index.ts";
import { FieldsealError, utf8 } from "../../../protocols/bytes/index.ts";
import { CHEAP_SCRYPT, PASSPHRASE, removeTempDirs, tempDir, testKeystore } from "../../support/keystore.ts";

afterAll(removeTempDirs);

const options = (dir: string, passphrase = PASSPHRASE): KeystoreOptions => ({
  dir,
  passphrase: utf8(passphrase),
  backend: nodeBackend(),
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FieldsealError) return error.code;
    throw error;
  }
  return "none";
}

describe("key store", () => {
  it("keeps keys over a restart, in any back end", () => {
    const { dir, device, gateway, chain } = testKeystore();
    for (const backend of [nodeBackend(), nobleBackend]) {
      const opened = Keystore.open({ ...options(dir), backend });
      expect(opened.list()).toEqual([chain, device, gateway]);
      for (const { info, key, secret } of opened.openAll()) {
        const message = utf8("message");
        expect(backend.verify(key.publicKey, message, key.sign(message))).toBe(true);
        expect(info.id).toEqual(deviceId(key.publicKey));
        expect(secret.length).toBe(32);
      }
    }
    expect([device.alg, gateway.alg, chain.alg]).toEqual(["ES256", "EdDSA", "ES256K"]);
  });

  it("makes a directory of 0700 and files of 0600", () => {
    const { dir } = testKeystore();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const names = readdirSync(dir).sort();
    expect(names).toEqual([
      "chain.key",
      "device-meter.key",
      "gateway.key",
      "keystore.json",
      "signer-000000000000.state",
    ]);
    for (const name of names) expect(statSync(join(dir, name)).mode & 0o777, name).toBe(0o600);
  });

  it("shows the public side without a passphrase, and nothing of the secret", () => {
    const { dir, device } = testKeystore();
    expect(listKeys(dir).map(({ name }) => name)).toEqual(["chain", "meter", "gateway"]);
    const { secret } = Keystore.open(options(dir)).openKey("device", "meter");
    const text = readFileSync(join(dir, "device-meter.key"), "utf8");
    expect(text).toContain(Buffer.from(device.publicKey).toString("hex"));
    expect(text).not.toContain(Buffer.from(secret).toString("hex"));
  });

  it.each(["keystore.json", "gateway.key", "chain.key", "device-meter.key"])("refuses %s with wider modes", (name) => {
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o666]) {
      const { dir } = testKeystore();
      chmodSync(join(dir, name), mode);
      const open = () => Keystore.open(options(dir)).openAll();
      expect(codeOf(open)).toBe("FS-KEY-MODE");
      expect(open).toThrow(expect.objectContaining({ fix: `chmod 0600 ${join(dir, name)}` }));
    }
  });

  it("refuses a directory with wider modes", () => {
    for (const mode of [0o750, 0o701, 0o777]) {
      const { dir } = testKeystore();
      chmodSync(dir, mode);
      expect(() => Keystore.open(options(dir))).toThrow(
        expect.objectContaining({ code: "FS-KEY-MODE", fix: `chmod 0700 ${dir}` }),
      );
      expect(codeOf(() => listKeys(dir))).toBe("FS-KEY-MODE");
      expect(codeOf(() => Keystore.create(options(dir)))).toBe("FS-KEY-MODE");
    }
  });

  it("refuses links in place of directory, header and keys", () => {
    const { dir } = testKeystore();
    const link = join(tempDir(), "link");
    symlinkSync(dir, link);
    expect(codeOf(() => Keystore.open(options(link)))).toBe("FS-KEY-MODE");
    for (const name of ["gateway.key", "keystore.json"]) {
      const away = join(tempDir(), name);
      renameSync(join(dir, name), away);
      symlinkSync(away, join(dir, name));
      expect(
        codeOf(() => Keystore.open(options(dir)).openAll()),
        name,
      ).toBe("FS-KEY-MODE");
    }
  });

  it("refuses a directory in place of a key, without hanging on it", () => {
    const { dir } = testKeystore();
    mkdirSync(join(dir, "device-odd.key"), { mode: 0o700 });
    expect(codeOf(() => listKeys(dir))).toBe("FS-KEY-MODE");
  });

  it("refuses a wrong passphrase and does not repeat it", () => {
    const { dir } = testKeystore();
    for (const wrong of ["correct horse battery stapl", `${PASSPHRASE} `, "Ünïcode", "x".repeat(1000)]) {
      expect(() => Keystore.open(options(dir, wrong))).toThrow(expect.objectContaining({ code: "FS-KEY-PASSPHRASE" }));
      expect(() => Keystore.open(options(dir, wrong))).not.toThrow(wrong);
    }
    expect(codeOf(() => Keystore.open(options(dir, "")))).toBe("FS-KEY-PASSPHRASE");
  });

  it.each(["keystore.json", "gateway.key", "chain.key", "device-meter.key"])(
    "refuses %s with any one bit changed",
    (name) => {
      const { dir } = testKeystore();
      const path = join(dir, name);
      const good = readFileSync(path);
      const keystore = Keystore.open(options(dir));
      const [purpose, device] = name.slice(0, -4).split("-") as ["device" | "gateway" | "chain", string?];
      const open = () =>
        name === "keystore.json" ? Keystore.open(options(dir)) : keystore.openKey(purpose, device ?? purpose);
      for (let bit = 0; bit < good.length * 8; bit++) {
        const bad = Buffer.from(good);
        bad[bit >> 3]! ^= 1 << (bit & 7);
        writeFileSync(path, bad);
        expect(codeOf(open), `bit ${bit}`).toBe("FS-KEY-DAMAGED");
      }
      writeFileSync(path, good);
      expect(codeOf(open)).toBe("none");
    },
  );

  it("refuses truncated, empty and extended files", () => {
    const { dir } = testKeystore();
    const path = join(dir, "gateway.key");
    const good = readFileSync(path);
    const keystore = Keystore.open(options(dir));
    for (const bad of [good.subarray(0, 0), good.subarray(0, -1), Buffer.concat([good, Buffer.from("\n")])]) {
      writeFileSync(path, bad);
      expect(codeOf(() => keystore.openKey("gateway"))).toBe("FS-KEY-DAMAGED");
    }
  });

  it("refuses a key file under another name or of another key store", () => {
    const { dir } = testKeystore();
    const other = testKeystore(2);
    const foreign = readFileSync(join(other.dir, "gateway.key"));
    writeFileSync(join(dir, "gateway.key"), foreign);
    expect(codeOf(() => Keystore.open(options(dir)).openKey("gateway"))).toBe("FS-KEY-DAMAGED");
    renameSync(join(dir, "device-meter.key"), join(dir, "device-other.key"));
    expect(codeOf(() => listKeys(dir))).toBe("FS-KEY-DAMAGED");
  });

  it("refuses one key for two purposes", () => {
    const { dir } = testKeystore();
    // The same random bytes twice: a broken source.
    const keystore = Keystore.open({ ...options(dir), random: (length) => new Uint8Array(length).fill(7) });
    keystore.createKey({ purpose: "device", name: "one", alg: "ES256K" });
    expect(codeOf(() => keystore.createKey({ purpose: "device", name: "two", alg: "ES256K" }))).toBe("FS-KEY-SHARED");
    keystore.createKey({ purpose: "device", name: "three", alg: "ES256" });
    expect(codeOf(() => keystore.openAll())).toBe("FS-KEY-SHARED");
  });

  it("says what is missing and never makes it", () => {
    const { dir, keystore } = testKeystore();
    expect(codeOf(() => Keystore.open(options(join(dir, "nowhere"))))).toBe("FS-KEY-MISSING");
    expect(codeOf(() => keystore.openKey("device", "other"))).toBe("FS-KEY-MISSING");
    renameSync(join(dir, "keystore.json"), join(dir, "kept"));
    expect(codeOf(() => Keystore.open(options(dir)))).toBe("FS-KEY-MISSING");
    expect(readdirSync(dir)).not.toContain("keystore.json");
    // A header for the keys that are there would lock them for ever.
    expect(codeOf(() => Keystore.create({ ...options(dir), scrypt: CHEAP_SCRYPT }))).toBe("FS-KEY-EXISTS");
  });

  it("never overwrites", () => {
    const { dir, keystore } = testKeystore();
    const before = readFileSync(join(dir, "gateway.key"));
    expect(codeOf(() => keystore.createKey({ purpose: "gateway" }))).toBe("FS-KEY-EXISTS");
    expect(codeOf(() => keystore.createKey({ purpose: "device", name: "meter" }))).toBe("FS-KEY-EXISTS");
    expect(codeOf(() => Keystore.create({ ...options(dir), scrypt: CHEAP_SCRYPT }))).toBe("FS-KEY-EXISTS");
    expect(readFileSync(join(dir, "gateway.key"))).toEqual(before);
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("takes names that are safe in paths, topics and commands only", () => {
    const { keystore } = testKeystore();
    for (const name of ["", "..", "../x", "a/b", "A", "a b", "a.b", "ä", "-a", "x".repeat(65)]) {
      expect(
        codeOf(() => keystore.createKey({ purpose: "device", name })),
        name,
      ).toBe("FS-KEY-NAME");
    }
    expect(codeOf(() => keystore.createKey({ purpose: "gateway", alg: "ES256" }))).toBe("FS-KEY-NAME");
    expect(codeOf(() => keystore.createKey({ purpose: "chain", name: "second" }))).toBe("FS-KEY-NAME");
  });

  it("does nothing once closed", () => {
    const { keystore } = testKeystore();
    keystore.close();
    expect(codeOf(() => keystore.openAll())).toBe("FS-KEY-CLOSED");
    expect(codeOf(() => keystore.createKey({ purpose: "device", name: "late" }))).toBe("FS-KEY-CLOSED");
  });

  it("derives the key with scrypt at its default cost unless told otherwise", () => {
    const dir = join(tempDir(), "keys");
    Keystore.create(options(dir)).close();
    expect(JSON.parse(readFileSync(join(dir, "keystore.json"), "utf8")).kdf).toMatchObject({ N: 32768, r: 8, p: 1 });
    expect(codeOf(() => Keystore.open(options(dir)))).toBe("none");
  });
});
