import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import {
  Batcher,
  type BatcherOptions,
  type ChainHead,
  LogStore,
  memoryLogFiles,
  type PublishedCheckpoint,
} from "../../../gateway/batch/index.ts";
import { EnvironmentError, type FieldsealError, toHex } from "../../../protocols/bytes/index.ts";
import { verifyCheckpoint } from "../../../protocols/log/index.ts";
import { logEntries, logEntry, logKey, logTree, signHead } from "../../support/log-fixture.ts";

async function setUp(options: Partial<BatcherOptions> = {}) {
  const files = memoryLogFiles();
  const store = new LogStore({ files, key: logKey });
  await store.open();
  const clock = manualClock();
  const published: PublishedCheckpoint[] = [];
  const failures: string[] = [];
  const batcher = new Batcher({
    store,
    clock,
    origin: logKey.name,
    every: 60_000,
    max: 100,
    sign: async (head) => signHead(head),
    chainHead: async () => undefined,
    onCheckpoint: (checkpoint) => published.push(checkpoint),
    onFailure: ({ code }) => failures.push(code),
    ...options,
  });
  return { files, store, clock, published, failures, batcher };
}

const unreachable = () => new EnvironmentError("FS-CHAIN-UNREACHABLE", "no answer");
const rootAt = (size: number) => logTree(size).root();

describe("windows", () => {
  it("end by time, counted from their first entry", async () => {
    const { clock, batcher, published, store } = await setUp();
    batcher.add(...logEntries(0, 3));
    await clock.advance(59_999);
    batcher.add(logEntry(3));
    expect(published).toEqual([]);
    await clock.advance(1);
    expect(published.map(({ size, count }) => [size, count])).toEqual([[4, 4]]);
    expect(toHex(published[0]!.root)).toBe(toHex(rootAt(4)));
    expect(verifyCheckpoint(published[0]!.note, logKey).size).toBe(4);
    expect(store.signed?.bytes).toEqual(published[0]!.note);
    await clock.advance(600_000);
    expect(published).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("end by count at once, and take no more than their size", async () => {
    const { clock, batcher, published } = await setUp();
    batcher.add(...logEntries(0, 99));
    await clock.advance(0);
    expect(published).toEqual([]);
    batcher.add(...logEntries(99, 350));
    await clock.advance(0);
    expect(published.map(({ size }) => size)).toEqual([100, 200, 300, 350]);
    batcher.add(...logEntries(350, 460));
    await clock.advance(0);
    expect(published.at(-1)!.size).toBe(460);
  });

  it("end on request, and an empty one signs nothing", async () => {
    const { batcher, published } = await setUp();
    await batcher.close();
    expect(published).toEqual([]);
    batcher.add(logEntry(0));
    await Promise.all([batcher.close(), batcher.close()]);
    expect(published.map(({ size }) => size)).toEqual([1]);
  });

  it("take entries that come while one is being closed into the next", async () => {
    const { clock, batcher, published } = await setUp({
      sign: async (head) => {
        if (head.size === 2) batcher.add(logEntry(2));
        return signHead(head);
      },
    });
    batcher.add(...logEntries(0, 2));
    await batcher.close();
    expect(published.map(({ size }) => size)).toEqual([2]);
    await clock.advance(60_000);
    expect(published.map(({ size }) => size)).toEqual([2, 3]);
  });

  it("stop: no timer is left, the window under way is finished, the open one is not", async () => {
    const { clock, batcher, published } = await setUp({
      sign: async (head) => {
        batcher.add(logEntry(1));
        return signHead(head);
      },
    });
    batcher.add(logEntry(0));
    const closing = batcher.close();
    await clock.advance(0);
    await batcher.stop();
    await closing;
    expect(published.map(({ size }) => size)).toEqual([1]);
    expect(batcher.waiting).toBe(1);
    expect(clock.pending).toBe(0);
    expect(() => batcher.add(logEntry(2))).toThrow(/stopped/);
  });

  it("are bounded: more than may wait is refused whole", async () => {
    const { batcher } = await setUp({ maxWaiting: 10 });
    batcher.add(...logEntries(0, 8));
    expect(() => batcher.add(...logEntries(8, 11))).toThrow(expect.objectContaining({ code: "FS-BATCH-FULL" }));
    expect(batcher.waiting).toBe(8);
    expect(() => new Batcher({ ...({} as BatcherOptions), max: 0, every: 1 })).toThrow(/at least one/);
  });
});

describe("failures", () => {
  it("of the signer keep the entries, and are tried again after a while", async () => {
    let down = true;
    const { clock, batcher, published, failures, store } = await setUp({
      retry: 5000,
      sign: async (head) => {
        if (down) throw new EnvironmentError("FS-SIGNER-DOWN", "no signer");
        return signHead(head);
      },
    });
    batcher.add(...logEntries(0, 150));
    await clock.advance(0);
    expect(failures).toEqual(["FS-SIGNER-DOWN"]);
    expect(batcher.failure?.code).toBe("FS-SIGNER-DOWN");
    batcher.add(...logEntries(150, 400));
    await clock.advance(4999);
    expect(failures).toHaveLength(1);
    await clock.advance(1);
    expect(failures).toHaveLength(2);
    down = false;
    await clock.advance(5000);
    expect(published.at(-1)).toMatchObject({ size: 400 });
    expect(published.reduce((sum, { count }) => sum + count, 0)).toBe(400);
    expect(toHex(store.head.root)).toBe(toHex(rootAt(400)));
    expect(batcher.failure).toBeUndefined();
  });

  it("of the disk keep the entries too", async () => {
    const { clock, batcher, published, failures, files } = await setUp({ retry: 5000 });
    batcher.add(...logEntries(0, 20));
    files.failFrom(files.operations + 4);
    await expect(batcher.close()).rejects.toMatchObject({ code: "FS-LOG-IO" });
    files.revive();
    await clock.advance(5000);
    expect(failures).toEqual(["FS-LOG-IO"]);
    expect(published.map(({ size }) => size)).toEqual([20]);
  });

  it("a bit that turned over on the disk is found, and nothing is signed", async () => {
    let asked = 0;
    const { batcher, files, store } = await setUp({
      sign: async (head) => {
        asked++;
        return signHead(head);
      },
    });
    const append = store.append.bind(store);
    store.append = async (entries) => {
      const head = await append(entries);
      files.flip("tile/entries/000.p/5", 8 * 40);
      return head;
    };
    batcher.add(...logEntries(0, 5));
    await expect(batcher.close()).rejects.toMatchObject({ code: "FS-LOG-DAMAGED", context: { index: 2 } });
    expect(asked).toBe(0);
    expect(files.files.has("checkpoint")).toBe(false);
  });

  it("of a signer that signs something else: its note is not put in place", async () => {
    for (const sign of [
      async () => signHead({ origin: logKey.name, size: 9, root: rootAt(9) }),
      async () => signHead({ origin: "other.example", size: 5, root: rootAt(5) }),
    ]) {
      const { batcher, files } = await setUp({ sign });
      batcher.add(...logEntries(0, 5));
      await expect(batcher.close()).rejects.toMatchObject({ code: "FS-BATCH-SIGNER" });
      expect(files.files.has("checkpoint")).toBe(false);
    }
  });
});

describe("against the chain", () => {
  const attempt = async (chain: ChainHead | undefined, size = 50) => {
    let asked = 0;
    const { batcher } = await setUp({
      chainHead: async () => chain,
      sign: async (head) => {
        asked++;
        return signHead(head);
      },
    });
    batcher.add(...logEntries(0, size));
    const code = await batcher.close().then(
      () => "signed",
      (error: FieldsealError) => error.code,
    );
    expect(asked).toBe(code === "signed" ? 1 : 0);
    return code;
  };

  it("signs what extends the newest commitment, given its root or a contract that knows it", async () => {
    const isCommitted = async (root: Uint8Array) => toHex(root) === toHex(rootAt(30));
    expect(await attempt(undefined)).toBe("signed");
    expect(await attempt({ seq: 3n, size: 30, root: rootAt(30) })).toBe("signed");
    expect(await attempt({ seq: 3n, size: 50n, root: rootAt(50) })).toBe("signed");
    expect(await attempt({ seq: 3n, size: 30n, isCommitted })).toBe("signed");
  });

  it("refuses to sign behind it: a data directory that is an old copy", async () => {
    expect(await attempt({ seq: 9n, size: 51, root: rootAt(51) })).toBe("FS-BATCH-BEHIND");
    expect(await attempt({ seq: 9n, size: 2n ** 53n, root: rootAt(51) })).toBe("FS-BATCH-BEHIND");
  });

  it("refuses to sign beside it: an old copy that has grown past it with other entries", async () => {
    expect(await attempt({ seq: 9n, size: 40, root: rootAt(41) })).toBe("FS-BATCH-FORKED");
    expect(await attempt({ seq: 9n, size: 40n, isCommitted: async () => false })).toBe("FS-BATCH-FORKED");
  });

  it("signs nothing before the chain has answered once, and goes on without it afterwards", async () => {
    let reachable = false;
    const { clock, batcher, published, failures } = await setUp({
      retry: 1000,
      chainHead: async () => {
        if (!reachable) throw unreachable();
        return undefined;
      },
    });
    batcher.add(...logEntries(0, 5));
    await clock.advance(62_000);
    expect(published).toEqual([]);
    expect(failures).toEqual(Array(3).fill("FS-CHAIN-UNREACHABLE"));
    reachable = true;
    await clock.advance(1000);
    expect(published.map(({ size }) => size)).toEqual([5]);
    reachable = false;
    batcher.add(...logEntries(5, 6));
    await batcher.close();
    expect(published.map(({ size }) => size)).toEqual([5, 6]);
  });

  it("can be asked at the start, before there is anything to sign", async () => {
    const { batcher } = await setUp({ chainHead: async () => ({ seq: 1n, size: 1, root: rootAt(1) }) });
    await expect(batcher.compareWithChain()).rejects.toMatchObject({ code: "FS-BATCH-BEHIND" });
  });
});
