import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type LogFiles, LogStore, memoryLogFiles, nodeLogFiles } from "../../gateway/batch/index.ts";
import { removeLeftovers, replaceFiles } from "../../gateway/batch/log-files.ts";
import { type EnvironmentError, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { logEntries, logEntry, logKey, logTree, signHead } from "../support/log-fixture.ts";
import { describeWith } from "../support/requires.ts";

const folders: string[] = [];
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "fieldseal-log-"));
  folders.push(path);
  return path;
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: EnvironmentError) => error.code,
  );

describe.each<[string, () => LogFiles]>([
  ["memory", memoryLogFiles],
  ["node:fs", () => nodeLogFiles(join(folder(), "log"))],
])("log files: %s", (_, make) => {
  it("reads what was written, lists names, replaces and removes", async () => {
    const files = make();
    await files.start();
    await files.start();
    expect(await files.read("a/b/c")).toBeUndefined();
    expect(await files.list("a")).toEqual([]);
    await files.write("a/b/c", utf8("one"));
    await files.write("a/b/c", utf8("2"));
    await files.write("a/d", utf8("three"));
    expect(await files.read("a/b/c")).toEqual(utf8("2"));
    expect((await files.list("a")).sort()).toEqual(["b", "d"]);
    await files.rename("a/d", "a/b/c");
    expect(await files.read("a/b/c")).toEqual(utf8("three"));
    expect(await files.read("a/d")).toBeUndefined();
    await files.rename("a/b/c", "x/y/z");
    await files.syncFolder("x/y");
    await files.syncFolder("");
    expect(await files.list("x/y")).toEqual(["z"]);
    await files.remove("x/y/z");
    await files.remove("x/y/z");
    expect(await files.read("x/y/z")).toBeUndefined();
    await files.write("x/y/1", utf8("1"));
    await files.write("x/y/2", utf8("2"));
    await files.removeFolder("x/y");
    await files.removeFolder("x/y");
    expect(await files.list("x/y")).toEqual([]);
    expect(await codeOf(files.rename("no/such", "a/b/c"))).toBe("FS-LOG-IO");
  });

  it("gives copies: what is read can be changed without harm", async () => {
    const files = make();
    await files.start();
    const bytes = utf8("abc");
    await files.write("f", bytes);
    bytes[0] = 0;
    (await files.read("f"))!.fill(0);
    expect(await files.read("f")).toEqual(utf8("abc"));
  });

  it("replaces files, and removes what an interrupted replacement left", async () => {
    const files = make();
    await files.start();
    await replaceFiles(files, [
      { path: "tile/0/000.p/1", bytes: utf8("t") },
      { path: "checkpoint", bytes: utf8("c") },
    ]);
    await files.write(".tmp/7", utf8("cut off"));
    await removeLeftovers(files);
    expect(await files.list(".tmp")).toEqual([]);
    expect(await files.read("tile/0/000.p/1")).toEqual(utf8("t"));
    expect(await files.read("checkpoint")).toEqual(utf8("c"));
  });

  it("carries a log through growing, closing and opening", async () => {
    const files = make();
    let store = new LogStore({ files, key: logKey });
    expect(await store.open()).toEqual({ size: 0, checkpoint: undefined });
    for (const size of [3, 250, 256, 600]) {
      await store.append(logEntries(store.size, size));
      await store.check();
      await store.publish(signHead({ origin: logKey.name, ...store.head }));
      store = new LogStore({ files, key: logKey });
      expect((await store.open()).size).toBe(size);
      expect(toHex(store.head.root)).toBe(toHex(logTree(size).root()));
    }
    expect(await store.entry(255)).toEqual(logEntry(255).attestation);
    expect(await store.readings(255)).toEqual(logEntry(255).readings);
    expect((await store.proof(3)).map(toHex)).toEqual(logTree(600).inclusionProof(3).map(toHex));
    await store.deleteReadings(255);
    expect(await store.readings(255)).toBeUndefined();
    expect((await files.list("")).filter((name) => name !== ".tmp").sort()).toEqual(["checkpoint", "readings", "tile"]);
    expect((await files.list("tile/0")).sort()).toEqual(["000", "001", "002.p"]);
  });
});

describe("node:fs in particular", () => {
  it("puts each file under its path, where a web server can serve it", async () => {
    const path = folder();
    const store = new LogStore({ files: nodeLogFiles(path) });
    await store.open();
    await store.append(logEntries(0, 2));
    await store.publish(signHead({ origin: logKey.name, ...store.head }));
    expect(readFileSync(join(path, "tile/0/000.p/2"))).toHaveLength(64);
    expect(readFileSync(join(path, "checkpoint"), "utf8")).toMatch(/^gateway\.example\/log\n2\n/);
    expect(readdirSync(join(path, "tile/entries"))).toEqual(["000.p"]);
    writeFileSync(join(path, ".tmp", "3"), "half of a ti");
    await new LogStore({ files: nodeLogFiles(path), readOnly: true }).open();
    expect(existsSync(join(path, ".tmp", "3"))).toBe(true);
    await new LogStore({ files: nodeLogFiles(path) }).open();
    expect(existsSync(join(path, ".tmp", "3"))).toBe(false);
  });

  it("names what is wrong with a folder", async () => {
    const path = folder();
    writeFileSync(join(path, "file"), "x");
    expect(await codeOf(nodeLogFiles(join(path, "file")).start())).toBe("FS-LOG-IO");
    expect(await codeOf(nodeLogFiles(path).read("file/below"))).toBe("FS-LOG-IO");
  });
});

describeWith(["root"], "a full disk", () => {
  it("is named, and the log goes on when there is room again", async () => {
    const { spawnSync } = await import("node:child_process");
    const path = folder();
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", path]);
    if (mount.status !== 0) return expect(mount.stderr.toString()).toMatch(/permission|denied|permitted|superuser/i);
    try {
      const files = nodeLogFiles(path);
      const store = new LogStore({ files });
      await store.open();
      writeFileSync(join(path, "ballast"), new Uint8Array(240_000));
      expect(await codeOf(store.append(logEntries(0, 600)))).toBe("FS-LOG-FULL");
      expect(store.size).toBe(0);
      rmSync(join(path, "ballast"));
      await store.append(logEntries(0, 600));
      await store.check();
      expect(toHex(store.head.root)).toBe(toHex(logTree(600).root()));
    } finally {
      spawnSync("umount", [path]);
    }
    return undefined;
  });
});
