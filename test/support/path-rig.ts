import { type ManualClock, manualClock } from "../../firmware-bridge/port/manual-clock.ts";
import { PathLog } from "../../gateway/ingest/path-log.ts";
import { GatewayState, type UnstoredEntry } from "../../gateway/ingest/state.ts";
import { Journal, SimulatedDisk } from "../../gateway/journal/index.ts";

/** Outbox records of these tests: id 8 | open 1. */
export const outboxFold = {
  idOf(record: Uint8Array) {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    return { id: view.getBigUint64(0), open: record[8] === 1 };
  },
};

export function outboxRecord(id: number, open: boolean): Uint8Array {
  const record = new Uint8Array(9);
  new DataView(record.buffer).setBigUint64(0, BigInt(id));
  record[8] = open ? 1 : 0;
  return record;
}

export interface PathRig {
  log: PathLog;
  journal: Journal;
  disk: SimulatedDisk;
  clock: ManualClock;
  /** Entries as they were handed out for the log. */
  entries: UnstoredEntry[];
}

/** Journal and fold over a simulated disk, opened on what it holds. */
export async function openPath(
  disk = new SimulatedDisk(),
  options: { stored?: number; pendingBytes?: number; clock?: ManualClock } = {},
): Promise<PathRig> {
  const { stored = 0, pendingBytes, clock = manualClock() } = options;
  const random = (length: number) => new Uint8Array(length).fill(0xa5);
  const limits = pendingBytes === undefined ? {} : { pendingBytes };
  const journal = new Journal({ disk, clock, random, commitMs: 20, segmentBytes: 16 << 10, ...limits });
  const state = new GatewayState(stored, outboxFold);
  await journal.open((record) => state.apply(record));
  const entries: UnstoredEntry[] = [];
  const log = new PathLog(journal, state, (entry) => entries.push(entry));
  return { log, journal, disk, clock, entries };
}
