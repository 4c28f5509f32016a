import type { Clock } from "../../firmware-bridge/port/clock.ts";
import type { Disk } from "./disk.ts";
import type { StaleGuard } from "./format.ts";

/**
 * `open`: appends become durable · `full`: the disk has no room for the next segment; appends wait, and go on by
 * themselves when there is room · `failed`: a write or its sync failed, what is on the disk is unknown until the
 * journal is opened anew · `closed`: not opened yet, or closed.
 */
export type JournalState = "open" | "full" | "failed" | "closed";

export interface JournalOptions {
  disk: Disk;
  clock: Clock;
  /** Random bytes for a new journal's key. */
  random: (bytes: number) => Uint8Array;
  /** How long the first record of a group waits for others, in ms; 0: until the running task ends. Default 20. */
  commitMs?: number;
  /** Size of a new journal's segment files; an existing journal keeps its own. Default 8 MiB. */
  segmentBytes?: number;
  /** A group is committed without waiting when it has this many bytes. Default 512 KiB. */
  groupBytes?: number;
  /** Appends are refused while this many bytes wait for the disk. Default 8 MiB. */
  pendingBytes?: number;
  /** Released segment files kept for reuse. Default 2. */
  spareSegments?: number;
  /** How often a full disk is tried again, in ms. Default 1000. */
  retryMs?: number;
  /** Replaced only to show that tests notice its absence. */
  guard?: StaleGuard;
}

export interface JournalInput {
  /** 1…255; the journal gives it no meaning. */
  kind: number;
  /** Copied before the call returns. */
  payload: Uint8Array;
}

/** What `put` returns: positions at once, durability later. */
export interface Appended {
  positions: bigint[];
  /** Resolves when all survive a power cut. @throws EnvironmentError FS-JOURNAL-FAILED, FS-JOURNAL-CLOSED. */
  durable: Promise<void>;
}

export interface JournalMetrics {
  state: JournalState;
  /** Made durable since open: record bytes, records, groups (one write, one flush each). */
  bytes: number;
  records: number;
  groups: number;
  /** Bytes written for the groups, padding included, and bytes of zeros for new segment files. */
  written: number;
  zeroed: number;
  /** Waiting for the disk: records, bytes, and for how long the oldest, in ms. */
  pending: number;
  pendingBytes: number;
  oldestPendingMs: number;
  /** Appends refused because too much was waiting. */
  refused: number;
  segments: number;
  spareSegments: number;
}
