import { randomBytes } from "node:crypto";
import { closeSync, fdatasync, openSync, write } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ClassicLevel } from "classic-level";
import { open as openLmdb } from "lmdb";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { Journal, NodeDisk } from "../../gateway/journal/index.ts";

/** Something that makes records durable in batches, opened in a directory of its own. */
export interface DurableStore {
  name: string;
  /** Resolves when all survive a power cut. */
  append(records: readonly Uint8Array[]): Promise<unknown>;
  close(): Promise<void>;
  /** Bytes of zeros written ahead, where the store does that. */
  zeroed?(): number;
}

/** The journal, its records released as it goes, so that its segments are used again. */
export async function ourJournal(directory: string, segmentBytes = 8 << 20, release = true): Promise<DurableStore> {
  const journal = new Journal({
    disk: new NodeDisk({ directory, random: randomBytes }),
    clock: systemClock(),
    random: randomBytes,
    commitMs: 0,
    segmentBytes,
  });
  await journal.open();
  let written = 0;
  return {
    name: "fieldseal journal",
    async append(records) {
      const positions = await journal.appendAll(records.map((payload) => ({ kind: 1, payload })));
      written += records.length * 260;
      if (release && written > segmentBytes) {
        written = 0;
        void journal.release(positions[0]!);
      }
    },
    close: () => journal.close(),
    zeroed: () => journal.metrics.zeroed,
  };
}

/** LMDB with its commits flushed before they resolve. */
export async function lmdbStore(directory: string): Promise<DurableStore> {
  const db = openLmdb<Uint8Array, number>({
    path: join(directory, "lmdb"),
    encoding: "binary",
    overlappingSync: false,
  });
  let next = 0;
  return {
    name: "lmdb",
    append: (records) =>
      db.batch(() => {
        for (const record of records) void db.put(next++, record);
      }),
    close: () => db.close(),
  };
}

/** LevelDB with `sync: true`. */
export async function levelStore(directory: string): Promise<DurableStore> {
  const db = new ClassicLevel<string, Uint8Array>(join(directory, "level"), { valueEncoding: "view" });
  await db.open();
  let next = 0;
  return {
    name: "classic-level",
    append: (records) =>
      db.batch(
        records.map((value) => ({ type: "put" as const, key: String(next++).padStart(12, "0"), value })),
        { sync: true },
      ),
    close: () => db.close(),
  };
}

const writeTo = promisify(write);
const flush = promisify(fdatasync);

/** What one would write by hand: append to a growing file, fdatasync. No check, no index. */
export async function growingFile(directory: string): Promise<DurableStore> {
  const fd = openSync(join(directory, "growing"), "a");
  return {
    name: "growing file",
    async append(records) {
      await writeTo(fd, Buffer.concat(records));
      await flush(fd);
    },
    close: async () => closeSync(fd),
  };
}
