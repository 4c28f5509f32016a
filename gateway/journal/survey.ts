import { EnvironmentError, equalBytes } from "../../protocols/bytes/index.ts";
import { decodeSegmentHead, encodeSegmentHead, firstGroup, SECTOR, type SegmentHead, viewOf } from "./format.ts";
import type { ReadRequest, SegmentWrite, Slot } from "./report.ts";

/** Both header copies, and the start of the first group for any alignment. */
const SURVEYED = 4096 + SECTOR;

export interface Surveyed extends Slot {
  head: SegmentHead;
}

export interface Survey {
  /** By ordinal. */
  used: Surveyed[];
  /** Preallocated, never used. */
  blank: string[];
  /** Without a readable header, but not blank. */
  bad: string[];
  writes: SegmentWrite[];
}

export function unreadable(why: string, context: Record<string, unknown>): EnvironmentError {
  return new EnvironmentError("FS-JOURNAL-UNREADABLE", `the journal cannot be opened: ${why}`, {
    context,
    fix: "Put the missing segment files back, or restore the data directory from its backup.",
  });
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

export function headWrite(file: string, head: SegmentHead): SegmentWrite {
  const bytes = new Uint8Array(firstGroup(head.align));
  encodeSegmentHead(head, bytes);
  return { file, at: 0, bytes };
}

/**
 * Reads every segment's header.
 * @throws EnvironmentError FS-JOURNAL-UNREADABLE when files of two journals are mixed.
 */
export function* survey(files: readonly string[]): Generator<ReadRequest, Survey, Uint8Array> {
  const found: Survey = { used: [], blank: [], bad: [], writes: [] };
  for (const file of files) {
    const bytes = yield { file, bytes: SURVEYED, next: undefined, keep: false };
    const view = viewOf(bytes);
    const first = decodeSegmentHead(bytes, view, 0);
    const second = decodeSegmentHead(bytes, view, SECTOR);
    // A file is headed anew only after its old records were released: the later use is the valid one.
    const head = (first?.ordinal ?? 0) >= (second?.ordinal ?? 0) ? first : second;
    if (head) {
      found.used.push({ file, ordinal: head.ordinal, head });
      if (first?.ordinal !== second?.ordinal) found.writes.push(headWrite(file, head));
    } else {
      // A first header that was interrupted may have left part of its copies; no group follows them then.
      (isZero(bytes, 2 * SECTOR) ? found.blank : found.bad).push(file);
    }
  }
  found.used.sort((a, b) => a.ordinal - b.ordinal);
  for (let i = 1; i < found.used.length; i++) {
    const [before, after] = [found.used[i - 1]!, found.used[i]!];
    if (before.ordinal === after.ordinal || !equalBytes(before.head.key, after.head.key)) {
      throw unreadable("segment files of different journals are mixed", {
        files: [before.file, after.file],
        ordinals: [before.ordinal, after.ordinal],
      });
    }
  }
  return found;
}
