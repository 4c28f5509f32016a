import { expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import {
  Batcher,
  type CheckpointToSign,
  LogStore,
  type MemoryLogFiles,
  memoryLogFiles,
} from "../../../gateway/batch/index.ts";
import { equalBytes, toHex } from "../../../protocols/bytes/index.ts";
import { verifyConsistency } from "../../../protocols/log/index.ts";
import { logEntries, logKey, logTree, signHead } from "../../support/log-fixture.ts";
import { Random } from "../../support/mutate.ts";

/** Window ends: within a tile, at its end, one past it, and a window that fills two. */
const WINDOWS = [5, 250, 256, 257, 300, 800];
const TOTAL = WINDOWS.at(-1)!;
const tree = logTree(TOTAL);

const roots = new Map(WINDOWS.map((size) => [size, toHex(tree.root(size))]));

/** A thousand lives: seconds on a machine that is free, more on one that is not. */
const LONG = 600_000;

/** What the outside has seen of the log: checkpoints that were signed, and those that were told. */
interface Seen {
  signed: { size: number; root: Uint8Array }[];
  told: number;
}

const notes = new Map<string, Uint8Array>();

/** The note of a head, signed once: the same key over the same text gives the same note. */
function note(head: CheckpointToSign): Uint8Array {
  const key = `${head.size} ${toHex(head.root)}`;
  const found = notes.get(key) ?? signHead(head);
  notes.set(key, found);
  return found;
}

/** One life of a gateway: opens, feeds from the journal what the log does not have, until it is done or dies. */
async function live(files: MemoryLogFiles, seen: Seen): Promise<"done" | "died"> {
  try {
    const store = new LogStore({ files });
    const { size } = await store.open();
    expect(size, "a checkpoint that was told is there").toBeGreaterThanOrEqual(seen.told);
    const batcher = new Batcher({
      store,
      clock: manualClock(),
      origin: logKey.name,
      every: 1000,
      max: TOTAL,
      sign: async (head) => {
        seen.signed.push(head);
        return note(head);
      },
      chainHead: async () => undefined,
      onCheckpoint: (checkpoint) => {
        seen.told = checkpoint.size;
      },
    });
    for (const end of WINDOWS.filter((w) => w > size)) {
      batcher.add(...logEntries(Math.max(size, WINDOWS.filter((w) => w < end).at(-1) ?? 0), end));
      await batcher.close();
    }
    return "done";
  } catch (error) {
    expect(error).toMatchObject({ code: "FS-LOG-IO" });
    return "died";
  }
}

/** Everything that was signed agrees, and the files are those of a log that never died. */
function check(files: MemoryLogFiles, seen: Seen, expected: ReadonlyMap<string, Uint8Array>, name: string): void {
  for (const { size, root } of seen.signed) expect(toHex(root), name).toBe(roots.get(size));
  for (const [path, bytes] of expected) {
    if (!equalBytes(files.files.get(path) ?? new Uint8Array(0), bytes)) throw new Error(`${name}: ${path} differs`);
  }
  // Beyond that only partial tiles may be left, of sizes that were never signed.
  expect([...files.files.keys()].filter((path) => !expected.has(path) && !/\.p\/\d+$/.test(path))).toEqual([]);
}

async function undisturbed(): Promise<{ files: MemoryLogFiles; operations: number }> {
  const files = memoryLogFiles();
  expect(await live(files, { signed: [], told: 0 })).toBe("done");
  return { files, operations: files.operations };
}

it("killed at any operation, it arrives at the same log when it is run again", { timeout: LONG }, async () => {
  const { files: expected, operations } = await undisturbed();
  expect(operations).toBeGreaterThan(100);
  for (let at = 0; at < operations; at++) {
    const files = memoryLogFiles();
    const seen: Seen = { signed: [], told: 0 };
    files.failFrom(at);
    const first = await live(files, seen);
    // Removing what was replaced comes after the last checkpoint, and may fail without harm.
    expect(first === "died" || seen.told === TOTAL, `operation ${at}`).toBe(true);
    files.revive();
    expect(await live(files, seen), `operation ${at}`).toBe("done");
    check(files, seen, expected.files, `killed at ${at}`);
  }
});

it("without power at any operation, in any order of what was not synced, it arrives at the same log", {
  timeout: LONG,
}, async () => {
  const { files: expected, operations } = await undisturbed();
  const random = new Random(5);
  for (let at = 0; at < operations; at++) {
    for (let round = 0; round < 4; round++) {
      const files = memoryLogFiles();
      const seen: Seen = { signed: [], told: 0 };
      files.failFrom(at);
      await live(files, seen);
      files.revive(() => random.below(2) === 1);
      // And once more while it recovers.
      files.failFrom(random.below(40));
      const second = await live(files, seen);
      files.revive(() => random.below(2) === 1);
      expect(await live(files, seen), `cut at ${at}, then ${second}`).toBe("done");
      check(files, seen, expected.files, `cut at ${at}`);
    }
  }
});

it("leaves nothing behind when it is not disturbed", async () => {
  const { files } = await undisturbed();
  expect([...files.files.keys()].filter((path) => path.startsWith(".tmp/"))).toEqual([]);
  const sizes = WINDOWS.map((size) => ({ size, root: tree.root(size) }));
  for (const [i, { size, root }] of sizes.slice(1).entries()) {
    const from = sizes[i]!;
    const proof = tree.consistencyProof(from.size, size);
    expect(verifyConsistency({ from: from.size, to: size, fromRoot: from.root, toRoot: root, proof })).toBe(true);
  }
});
