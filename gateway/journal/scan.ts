import {
  alignUp,
  firstGroup,
  GROUP_HEADER,
  type GroupHead,
  groupCheck,
  groupExtent,
  headCheck,
  readGroupHead,
  type Seeds,
  viewOf,
} from "./format.ts";
import { repairGroup } from "./repair.ts";

/** A stretch of a segment that is, or was, a group. */
export interface Found extends GroupHead {
  /** Offset of the group, and of what follows it. */
  at: number;
  end: number;
  /** false: the header is right, the records are not. */
  whole: boolean;
  /** One flipped byte was put right, in the scanned memory. */
  repaired: boolean;
}

export interface ScanOptions {
  align: number;
  seeds: Seeds;
  /** Group numbers must rise. */
  ordered: boolean;
  /** Number of the last group before this segment. */
  after: number;
}

/**
 * All groups of a segment, in order. Where no group is, it looks on at every following sector: what is there may
 * follow a damaged group.
 */
export function scanSegment(bytes: Uint8Array, { align, seeds, ordered, after }: ScanOptions): Found[] {
  const found: Found[] = [];
  const view = viewOf(bytes);
  const limit = bytes.length;
  let last = after;
  let expected = firstGroup(align);
  for (let at = expected; at + GROUP_HEADER <= limit; ) {
    let head: GroupHead | undefined;
    let whole = false;
    let repaired = false;
    if (view.getUint32(at + 4) === headCheck(bytes, at, seeds)) {
      head = readGroupHead(view, at);
      whole =
        head.length <= limit - at - GROUP_HEADER && view.getUint32(at) === groupCheck(bytes, at, head.length, seeds);
    }
    // A damaged header is only looked for where a group must begin: elsewhere anything might resemble one.
    if (!whole && (head !== undefined || at === expected) && repairGroup(bytes, view, at, limit, seeds)) {
      head = readGroupHead(view, at);
      whole = true;
      repaired = true;
    }
    if (head === undefined || (ordered && head.number <= last)) {
      at = alignUp(at + 1, align);
      continue;
    }
    const end = Math.min(at + groupExtent(Math.min(head.length, limit), align), limit);
    const { length, count, number, floor } = head;
    found.push({ length, count, number, floor, at, end, whole, repaired });
    last = number;
    expected = end;
    at = end;
  }
  return found;
}
