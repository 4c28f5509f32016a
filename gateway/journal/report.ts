import type { SegmentHead } from "./format.ts";

/** What the journal hands out for every record, in order. `payload` is valid during the call only: copy what you keep. */
export type OnRecord = (record: JournalRecord) => void;

export interface JournalRecord {
  /** Where it stands: rises from record to record, names it for `read` and `release`. */
  position: bigint;
  kind: number;
  payload: Uint8Array;
}

/** Something on the disk is not as it was written. Reported at every open until the segment is used again. */
export interface Damage {
  /**
   * `repaired`: one flipped byte, put right, nothing lost · `records`: records of one group lost, the others kept ·
   * `groups`: whole groups lost · `segment`: a segment file is missing or its header unreadable.
   */
  kind: "repaired" | "records" | "groups" | "segment";
  /** Empty when it is the file that is missing. */
  file: string;
  /** Position of the damaged stretch, and its length in bytes. */
  position: bigint;
  bytes: number;
  /** Records lost, groups lost or segments lost, after `kind`; 0 when repaired. */
  lost: number;
}

export interface RecoveryReport {
  /** Records handed out. */
  records: number;
  segments: number;
  /** Segment bytes read through. */
  bytes: number;
  /** A commit that a crash interrupted: never acknowledged, cut off whole. */
  torn: { position: bigint; bytes: number; records: number } | undefined;
  damage: readonly Damage[];
  /** Position after the last group. */
  end: bigint;
}

/** A segment file in use for one ordinal. */
export interface Slot {
  file: string;
  ordinal: number;
}

export interface SegmentWrite {
  file: string;
  at: number;
  bytes: Uint8Array;
}

export interface Recovery {
  /** Undefined when no segment was ever used: a new journal. */
  head: SegmentHead | undefined;
  live: readonly Slot[];
  /** The segment after the last, headed but empty. */
  prepared: Slot | undefined;
  /** Files that may be used again at once. */
  free: readonly string[];
  /** Where the next group goes. */
  tail: { ordinal: number; offset: number };
  nextNumber: number;
  floor: number;
  /** To be durable before anything recovered is acted on. Writing them in part, or again, changes no answer. */
  writes: readonly SegmentWrite[];
  report: RecoveryReport;
}

/** What the recovery asks its driver for: the first `bytes` of a file (fewer when it is shorter). */
export interface ReadRequest {
  file: string;
  bytes: number;
  /** Which file is asked for next in the same way, when known: time to read ahead. */
  next: string | undefined;
  /** The answer must stay as it is until the end; otherwise until the next request. */
  keep: boolean;
}
