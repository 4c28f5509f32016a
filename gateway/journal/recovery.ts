import { firstGroup, GROUP_HEADER, type SegmentHead, type StaleGuard, viewOf } from "./format.ts";
import { recordsAreWhole } from "./repair.ts";
import { Replay } from "./replay.ts";
import type { OnRecord, ReadRequest, Recovery, RecoveryReport, SegmentWrite } from "./report.ts";
import { type Found, scanSegment } from "./scan.ts";
import { headWrite, type Surveyed, survey, unreadable } from "./survey.ts";

/** The newest whole group, where it stands, and the segment around it as it was scanned. */
interface Tail {
  segment: Surveyed;
  /** Undefined when there is no whole group at all: the journal's first commit did not come through. */
  last: Found | undefined;
  bytes: Uint8Array;
  found: Found[];
  torn: RecoveryReport["torn"];
  writes: SegmentWrite[];
}

/**
 * Rebuilds the journal from its segment files. Pure: it yields what it wants to read, so that the same code runs over a
 * directory and over each state that a power cut can leave.
 * @throws EnvironmentError FS-JOURNAL-UNREADABLE when segments exist but none can be trusted.
 */
export function* recoverJournal(
  files: readonly string[],
  guard: StaleGuard,
  onRecord: OnRecord,
): Generator<ReadRequest, Recovery, Uint8Array> {
  const { used, blank, bad, writes } = yield* survey(files);
  const newest = used.at(-1);
  if (newest === undefined) {
    if (bad.length > 0) throw unreadable("no segment header is readable", { files: bad });
    return newJournal(blank);
  }
  const { head } = newest;
  const { segmentBytes, align } = head;
  const tail = yield* findTail(used, head, guard);
  writes.push(...tail.writes);

  const floor = tail.last?.floor ?? 0;
  const lowest = floor === 0 ? 1 : Math.floor(floor / segmentBytes);
  const here = tail.segment.ordinal;
  const live = used.filter(({ ordinal }) => ordinal >= lowest && ordinal <= here);
  const prepared = used.find(({ ordinal }) => ordinal === here + 1);
  const free = used.filter((segment) => !live.includes(segment) && segment !== prepared).map(({ file }) => file);
  // The process that headed them may have been killed before the header was durable.
  if (tail.last === undefined) writes.push(headWrite(tail.segment.file, tail.segment.head));
  if (prepared) writes.push(headWrite(prepared.file, prepared.head));

  const replay = new Replay(head, floor, lowest, onRecord);
  for (const file of bad) replay.damage.push({ kind: "segment", file, position: 0n, bytes: segmentBytes, lost: 1 });
  for (const [i, segment] of live.entries()) {
    const seeds = guard.seeds(head.key, segment.ordinal);
    replay.begin(segment.ordinal);
    if (segment === tail.segment) {
      replay.segment(segment, tail.bytes, tail.found, seeds);
    } else {
      const bytes = yield { file: segment.file, bytes: segmentBytes, next: live[i + 1]?.file, keep: false };
      const after = replay.number ?? 0;
      replay.segment(segment, bytes, scanSegment(bytes, { align, seeds, ordered: guard.ordered, after }), seeds);
    }
  }

  const offset = tail.last?.end ?? firstGroup(align);
  return {
    head,
    live,
    prepared,
    free: [...free, ...blank],
    tail: { ordinal: here, offset },
    nextNumber: (tail.last?.number ?? 0) + 1,
    floor,
    writes: [...writes, ...replay.writes],
    report: {
      records: replay.records,
      segments: live.length,
      bytes: live.length * segmentBytes,
      torn: tail.torn,
      damage: replay.damage,
      end: BigInt(here * segmentBytes + offset),
    },
  };
}

function newJournal(blank: readonly string[]): Recovery {
  return {
    head: undefined,
    live: [],
    prepared: undefined,
    free: blank,
    tail: { ordinal: 0, offset: 0 },
    nextNumber: 1,
    floor: 0,
    writes: [],
    report: { records: 0, segments: 0, bytes: 0, torn: undefined, damage: [], end: 0n },
  };
}

/**
 * The newest whole group says what is released. A group after it that is not whole is the commit that a crash
 * interrupted: commits follow one another, so there is one at most and nobody was told that it is durable.
 */
function* findTail(
  used: readonly Surveyed[],
  { segmentBytes, align, key }: SegmentHead,
  guard: StaleGuard,
): Generator<ReadRequest, Tail, Uint8Array> {
  const writes: SegmentWrite[] = [];
  let torn: Tail["torn"];
  for (const segment of used.toReversed()) {
    const { file, ordinal } = segment;
    const bytes = yield { file, bytes: segmentBytes, next: undefined, keep: true };
    const seeds = guard.seeds(key, ordinal);
    const view = viewOf(bytes);
    const found = scanSegment(bytes, { align, seeds, ordered: guard.ordered, after: 0 });
    for (let last = found.at(-1); last; last = found.at(-1)) {
      if (last.whole && recordsAreWhole(bytes, view, last.at + GROUP_HEADER, last, seeds)) {
        // What was read may be in a cache only, left by a killed process or by a sync that failed.
        if (!last.repaired) writes.push({ file, at: last.at, bytes: bytes.slice(last.at, last.end) });
        return { segment, last, bytes, found, torn, writes };
      }
      torn ??= { position: BigInt(ordinal * segmentBytes + last.at), bytes: last.end - last.at, records: last.count };
      // Its number is given again: the header must not be met by a later open, with another group after it.
      writes.push({ file, at: last.at, bytes: new Uint8Array(align) });
      found.pop();
    }
    if (ordinal === 1) return { segment, last: undefined, bytes, found, torn, writes };
  }
  throw unreadable("no group is readable", { files: used.map(({ file }) => file) });
}
