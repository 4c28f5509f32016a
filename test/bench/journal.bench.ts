import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";
import { type DurableStore, growingFile, levelStore, lmdbStore, ourJournal } from "../support/journal-peers.ts";
import { canMountLoop, mountImage, newImage, unmountAll } from "../support/mounts.ts";
import { type Bench, type BenchContext, median, type Row } from "./bench.ts";

const RECORD = 250;
const STORES = [ourJournal, lmdbStore, levelStore, growingFile];
/** How often a segment is used in the account of its zeroing. */
const REUSES = 10;

function temporary(): { directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), "fs-b-"));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

const someRecords = (count: number) => Array.from({ length: count }, () => new Uint8Array(randomBytes(RECORD)));

/** Bytes written to a block device, and flushes it was asked for (Documentation/block/stat.rst: fields 7 and 16). */
function written(device: string): { bytes: number; flushes: number } {
  const fields = readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/).map(Number);
  return { bytes: fields[6]! * 512, flushes: fields[15] ?? 0 };
}

interface DeviceCost {
  name: string;
  perRecord: number;
  flushesPerCommit: number;
}

/** 1,000 records a second, committed every 10 ms, on a device of its own: what reaches the device for each record. */
async function deviceCost(make: (directory: string) => Promise<DurableStore>, commits: number): Promise<DeviceCost> {
  const { directory, device } = mountImage(newImage(256), true);
  const store = await make(directory);
  const records = someRecords(10);
  const run = async (count: number) => {
    const clock = systemClock();
    const start = clock.monotonic();
    for (let i = 1; i <= count; i++) {
      await store.append(records);
      const early = start + i * 10 - clock.monotonic();
      if (early > 0) await new Promise<void>((resolve) => clock.after(early, resolve));
    }
  };
  await run(Math.max(commits, 300)); // Files reach their working size, segments come into reuse.
  const zeroed = store.zeroed?.() ?? 0;
  const before = written(device);
  await run(commits);
  const after = written(device);
  if ((store.zeroed?.() ?? 0) !== zeroed) throw new Error("segments were still being made while it was measured");
  await store.close();
  const bytes = after.bytes - before.bytes;
  const zeroing = store.zeroed ? bytes / REUSES : 0;
  return {
    name: store.name,
    perRecord: (bytes + zeroing) / (commits * 10),
    flushesPerCommit: (after.flushes - before.flushes) / commits,
  };
}

async function deviceBytes(quick: boolean): Promise<Row[]> {
  if (!canMountLoop()) {
    const note = "needs root and loop devices: bytes that reach a device cannot be counted here";
    return [{ row: "journal: device bytes", ours: 0, unit: "B a record", peers: [], ratio: 0, goal: "≤ 650", note }];
  }
  try {
    const small = (directory: string) => ourJournal(directory, 128 << 10);
    // Each on its own device, side by side: the pace, not the machine, sets the time.
    const costs = await Promise.all(
      [small, lmdbStore, levelStore, growingFile].map((make) => deviceCost(make, quick ? 200 : 600)),
    );
    const [ours, ...others] = costs;
    const best = Math.min(...others.slice(0, 2).map(({ perRecord }) => perRecord));
    const flushes = costs.map(({ name, flushesPerCommit }) => `${name} ${flushesPerCommit.toFixed(2)}`).join(" · ");
    return [
      {
        row: "durable append, 250 B at 1,000/s, commit every 10 ms: bytes that reach the device",
        ours: ours!.perRecord,
        unit: "B a record",
        peers: others.map(({ name, perRecord }) => ({ name, value: perRecord })),
        limit: { name: "the record", value: RECORD },
        ratio: best / ours!.perRecord,
        goal: "≤ 654 B (1/5 of SQLite WAL FULL's 3,272), 1 flush a commit",
        note: `recycled segments, their zeroing counted over ${REUSES} uses; flushes a commit: ${flushes}`,
      },
    ];
  } finally {
    unmountAll();
  }
}

/** One store at a time, in a fresh directory: what another does in the background must not be counted. */
async function batches(quick: boolean): Promise<Row[]> {
  const records = someRecords(1000);
  const cpu = new Map<string, number[]>();
  const wall = new Map<string, number[]>();
  const note = (seen: Map<string, number[]>, name: string, value: number) =>
    seen.set(name, [...(seen.get(name) ?? []), value]);
  const measured = quick ? 60 : 100;
  for (let round = 0; round < (quick ? 2 : 4); round++) {
    for (const make of STORES) {
      const { directory, remove } = temporary();
      const { name, append, close } = await make(directory);
      for (let i = 0; i < 100; i++) await append(records); // 25 MB: the journal's segments come into reuse.
      const used = process.cpuUsage();
      const start = performance.now();
      for (let i = 0; i < measured; i++) await append(records);
      const { user, system } = process.cpuUsage(used);
      note(cpu, name, (measured * 1e9) / (user + system));
      note(wall, name, (measured * 1e6) / (performance.now() - start));
      await close();
      remove();
    }
  }
  const row = (title: string, seen: Map<string, number[]>, unit: string): Row => {
    const [ours, ...others] = [...seen].map(([name, values]) => ({ name, value: median(values) }));
    // The growing file checks nothing and finds nothing again: what the disk and the file system cost.
    const peers = others.filter(({ name }) => name !== "growing file");
    const limit = others.find(({ name }) => name === "growing file")!;
    const ratio = ours!.value / Math.max(...peers.map(({ value }) => value));
    return { row: title, ours: ours!.value, unit, peers, limit, ratio, goal: "≥ 2× the best" };
  };
  return [
    row("durable batches of 1,000 records of 250 B", wall, "records/s"),
    row("durable batches of 1,000 records of 250 B, CPU", cpu, "records per CPU-second"),
  ];
}

async function opening(quick: boolean): Promise<Row[]> {
  const { directory, remove } = temporary();
  const store = await ourJournal(directory, 8 << 20, false);
  const records = someRecords(1000);
  const size = (quick ? 200 : 1000) * 1e6;
  for (let bytes = 0; bytes < size; bytes += 1000 * RECORD) await store.append(records);
  await store.close();
  const times: number[] = [];
  let seen = 0;
  for (let round = 0; round < 3; round++) {
    const disk = new NodeDisk({ directory, random: randomBytes });
    const journal = new Journal({ disk, clock: systemClock(), random: randomBytes });
    seen = 0;
    const start = performance.now();
    await journal.open(() => {
      seen++;
    });
    times.push(performance.now() - start);
    await journal.close();
  }
  remove();
  const seconds = (median(times) / 1000) * (1e9 / size);
  return [
    {
      row: "opening a journal of 1 GB: every check, every record handed out",
      ours: seconds,
      unit: "s",
      peers: [],
      ratio: 2 / seconds,
      goal: "< 2 s",
      note: `${seen.toLocaleString("en")} records of ${RECORD} B${quick ? ", measured at 200 MB and scaled" : ""}; from the page cache`,
    },
  ];
}

export const bench: Bench = {
  name: "journal",
  async run({ quick }: BenchContext) {
    return [...(await deviceBytes(quick)), ...(await batches(quick)), ...(await opening(quick))];
  },
};
