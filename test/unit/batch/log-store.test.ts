import { describe, expect, it } from "vitest";
import { LogStore, type MemoryLogFiles, memoryLogFiles } from "../../../gateway/batch/index.ts";
import { concatBytes, type FieldsealError, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import {
  decodeEntryBundle,
  leafHash,
  leafHashes,
  noteKey,
  rootOfLeafHashes,
  tilePath,
  verifyConsistency,
  verifyInclusion,
} from "../../../protocols/log/index.ts";
import { logEntries, logEntry, logKey, logTree, signHead } from "../../support/log-fixture.ts";

async function openStore(files: MemoryLogFiles, readOnly = false): Promise<LogStore> {
  const store = new LogStore({ files, key: logKey, readOnly });
  await store.open();
  return store;
}

/** Appends up to `to` and signs. */
async function grow(store: LogStore, to: number): Promise<void> {
  await store.append(logEntries(store.size, to));
  await store.check();
  await store.publish(signHead({ origin: logKey.name, ...store.head }));
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: FieldsealError) => error.code,
  );

describe("a log on disk", () => {
  it("lies there as C2SP tlog-tiles says", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    for (const size of [3, 255, 256, 257, 300]) await grow(store, size);
    expect([...files.files.keys()].sort()).toEqual([
      "checkpoint",
      "readings/000",
      "readings/001.p/44",
      "tile/0/000",
      "tile/0/001.p/1",
      "tile/0/001.p/44",
      "tile/1/000.p/1",
      "tile/entries/000",
      "tile/entries/001.p/1",
      "tile/entries/001.p/44",
    ]);
    const tree = logTree(300);
    const hashes = leafHashes(logEntries(0, 256).map(({ attestation }) => attestation));
    expect(toHex(files.files.get("tile/0/000")!)).toBe(toHex(hashes));
    expect(toHex(files.files.get("tile/1/000.p/1")!)).toBe(toHex(tree.hash(8, 0)));
    expect(decodeEntryBundle(files.files.get("tile/entries/001.p/44")!)).toEqual(
      logEntries(256, 300).map(({ attestation }) => attestation),
    );
  });

  it("proves every entry and every size, and gives back entries and readings", async () => {
    const store = await openStore(memoryLogFiles());
    for (const size of [1, 2, 200, 700]) await grow(store, size);
    const tree = logTree(700);
    expect(store.size).toBe(700);
    for (let index = 0; index < 700; index += 13) {
      expect(await store.entry(index)).toEqual(logEntry(index).attestation);
      expect(await store.readings(index)).toEqual(logEntry(index).readings);
      for (const size of [index + 1, 700]) {
        const proof = await store.proof(index, size);
        const leaf = leafHash(logEntry(index).attestation);
        expect(verifyInclusion({ index, size, leafHash: leaf, proof, root: tree.root(size) })).toBe(true);
      }
      const proof = await store.consistency(index, 700);
      const roots = { fromRoot: tree.root(index), toRoot: tree.root() };
      expect(verifyConsistency({ from: index, to: 700, ...roots, proof })).toBe(true);
      expect(toHex(await store.root(index))).toBe(toHex(tree.root(index)));
    }
  });

  it("is as large as its checkpoint says when it is opened again, whatever lies beyond", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    await grow(store, 200);
    await store.append(logEntries(200, 210));
    await store.append(logEntries(210, 600));
    expect(store.size).toBe(600);
    const again = await openStore(files);
    expect(again.size).toBe(200);
    expect(again.signed?.checkpoint.size).toBe(200);
    // Beyond the checkpoint other entries may follow than before: nobody was shown the first ones.
    const other = Array.from({ length: 20 }, (_, i) => ({ attestation: utf8(`other ${i}`), readings: [] }));
    await again.append(other);
    await again.check();
    await again.publish(signHead({ origin: logKey.name, ...again.head }));
    const expected = rootOfLeafHashes(
      leafHashes([...logEntries(0, 200), ...other].map(({ attestation }) => attestation)),
    );
    expect(toHex((await openStore(files)).head.root)).toBe(toHex(expected));
  });

  it("grows past a full tile of the second level, 70,000 entries, with the same root as in memory", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    for (const size of [60_000, 65_000, 65_535, 65_537, 70_000]) await grow(store, size);
    const tree = logTree(70_000);
    expect(toHex(store.head.root)).toBe(toHex(tree.root()));
    expect(toHex((await openStore(files)).head.root)).toBe(toHex(tree.root()));
    expect(files.files.get("tile/1/000")).toHaveLength(8192);
    expect(files.files.has("tile/2/000.p/1")).toBe(true);
    for (const index of [0, 65_535, 65_536, 69_999]) {
      expect((await store.proof(index)).map(toHex)).toEqual(tree.inclusionProof(index).map(toHex));
    }
    files.flip("tile/1/000", 5);
    expect(await codeOf(grow(store, 70_010))).toBe("done");
    // Hash 0 of that tile is above entries 0…255: it stands in the proofs of the others.
    expect(await codeOf(store.proof(0))).toBe("done");
    expect(await codeOf(store.proof(300))).toBe("FS-LOG-DAMAGED");
  });

  it("is read by others while it is written", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    await grow(store, 100);
    const reader = await openStore(files, true);
    await grow(store, 180);
    await grow(store, 600);
    const tree = logTree(100);
    expect(reader.size).toBe(100);
    expect((await reader.proof(50)).map(toHex)).toEqual(tree.inclusionProof(50).map(toHex));
    expect(await reader.readings(99)).toEqual(logEntry(99).readings);
    const late = await openStore(files, true);
    await grow(store, 650);
    expect(await late.readings(599)).toEqual(logEntry(599).readings);
    expect(() => reader.append([logEntry(100)])).toThrow(/reading only/);
  });

  it("deletes the readings of one attestation, and every proof stays valid", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    await grow(store, 300);
    const before = await store.proof(7);
    for (const index of [7, 299]) {
      await store.deleteReadings(index);
      expect(await store.readings(index)).toBeUndefined();
    }
    expect(await store.readings(6)).toEqual(logEntry(6).readings);
    expect(await store.proof(7)).toEqual(before);
    await grow(store, 310);
    expect(await store.readings(299)).toBeUndefined();
    const again = await openStore(files);
    expect(await again.readings(7)).toBeUndefined();
    expect(await again.readings(301)).toEqual(logEntry(301).readings);
    expect(toHex(again.head.root)).toBe(toHex(logTree(310).root()));
    const stored = concatBytes(...files.files.values());
    expect(Buffer.from(stored).includes("reading 7.0")).toBe(false);
    expect(Buffer.from(stored).includes("reading 6.0")).toBe(true);
  });

  it("refuses what it cannot hold or does not have", async () => {
    const store = await openStore(memoryLogFiles());
    await grow(store, 10);
    expect(await codeOf(store.append([{ attestation: new Uint8Array(0), readings: [] }]))).toBe("FS-LOG-ENTRY");
    expect(await codeOf(store.append([{ attestation: new Uint8Array(65_536), readings: [] }]))).toBe("FS-LOG-ENTRY");
    expect(await codeOf(store.entry(10))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.readings(-1))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.proof(3, 11))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.proof(3, 3))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.consistency(5, 11))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.root(1.5))).toBe("FS-LOG-RANGE");
    expect(await codeOf(store.publish(signHead({ origin: logKey.name, size: 9, root: logTree(9).root() })))).toBe(
      "FS-LOG-CHECKPOINT",
    );
    expect(store.size).toBe(10);
  });
});

describe("a damaged log", () => {
  it("is not opened when checkpoint and tiles do not fit, or another key signed", async () => {
    const files = memoryLogFiles();
    await grow(await openStore(files), 300);
    const intact = new Map(files.files);
    for (const path of ["tile/0/001.p/44", "tile/1/000.p/1", "checkpoint"]) {
      files.flip(path, 9);
      expect(await codeOf(openStore(files)), path).toBe("FS-LOG-DAMAGED");
      files.flip(path, 9);
    }
    expect(intact.size).toBe(files.files.size);
    const other = new LogStore({ files, key: noteKey("gateway.example/log", new Uint8Array(32).fill(9)) });
    expect(await codeOf(other.open())).toBe("FS-LOG-DAMAGED");
    await files.remove("tile/0/001.p/44");
    expect(await codeOf(openStore(files))).toBe("FS-LOG-DAMAGED");
  });

  it("is found before it is signed: any bit of what was written since, with the entry's index", async () => {
    const fresh = memoryLogFiles();
    const store = await openStore(fresh);
    await grow(store, 250);
    await store.append(logEntries(250, 260));
    await store.check();
    const written = ["tile/entries/000", "tile/entries/001.p/4", "tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"];
    for (const path of written) {
      const bits = 8 * fresh.files.get(path)!.length;
      for (let bit = 0; bit < bits; bit += 997) {
        fresh.flip(path, bit);
        expect(await codeOf(store.check()), `${path} bit ${bit}`).toBe("FS-LOG-DAMAGED");
        fresh.flip(path, bit);
      }
    }
    // Entry 253 stands behind 253 others in its bundle, each with two bytes of length.
    const at = logEntries(0, 253).reduce((sum, { attestation }) => sum + 2 + attestation.length, 2);
    fresh.flip("tile/entries/000", 8 * at);
    await expect(store.check()).rejects.toMatchObject({ code: "FS-LOG-DAMAGED", context: { index: 253 } });
    fresh.flip("tile/entries/000", 8 * at);
    await store.check();
  });

  it("says so when asked for what is gone", async () => {
    const files = memoryLogFiles();
    const store = await openStore(files);
    await grow(store, 300);
    const path = tilePath({ level: "entries", index: 0, width: 256 });
    await files.remove(path);
    expect(await codeOf(store.entry(3))).toBe("FS-LOG-DAMAGED");
    files.flip("readings/000", 0);
    expect(await codeOf(store.readings(3))).toBe("FS-LOG-DAMAGED");
    files.flip("readings/001.p/44", 32);
    expect(await codeOf(store.readings(256))).toBe("FS-LOG-DAMAGED");
  });
});
