import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Keystore, nodeBackend } from "../../gateway/attest/index.ts";
import { utf8 } from "../../protocols/bytes/index.ts";
import { bundled } from "../support/bundle.ts";
import { PASSPHRASE, removeTempDirs, tempDir, testKeystore } from "../support/keystore.ts";

afterAll(removeTempDirs);

/** Runs one creator for each process and gives what each printed. */
function race(entry: string, dir: string, what: string, count: number): Promise<string[]> {
  const one = () =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [entry, dir, what], { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.on("data", (chunk) => {
        out += chunk;
      });
      child.on("exit", () => resolve(out.trim()));
    });
  return Promise.all(Array.from({ length: count }, one));
}

describe("key store made by several processes at once", () => {
  const entry = bundled("test/support/keystore-creator.ts");

  it("gives a key to one of them", async () => {
    const { dir } = testKeystore();
    const answers = await race(entry, dir, "key", 6);
    expect(answers.sort()).toEqual([...Array(5).fill("FS-KEY-EXISTS"), "made"]);
    const { info } = Keystore.open({ dir, passphrase: utf8(PASSPHRASE), backend: nodeBackend() }).openKey(
      "device",
      "raced",
    );
    expect(info.name).toBe("raced");
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("is made by one of them", async () => {
    const dir = join(tempDir(), "keys");
    const answers = await race(entry, dir, "store", 6);
    expect(answers.sort()).toEqual([...Array(5).fill("FS-KEY-EXISTS"), "made"]);
    expect(readdirSync(dir).sort()).toEqual(["keystore.json", "signer-000000000000.state"]);
  });
});
