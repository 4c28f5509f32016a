import { firstGroup, GROUP_HEADER, RECORD_HEADER, type Seeds, type SegmentHead, viewOf } from "./format.ts";
import { survivingRecords } from "./repair.ts";
import type { Damage, OnRecord, SegmentWrite } from "./report.ts";
import type { Found } from "./scan.ts";
import type { Surveyed } from "./survey.ts";

/** Hands out the records of segments in order, and notes what is missing between them. */
export class Replay {
  readonly damage: Damage[] = [];
  readonly writes: SegmentWrite[] = [];
  records = 0;
  /** Number of the last group; undefined when it cannot be known. */
  number: number | undefined;
  readonly #head: SegmentHead;
  readonly #floor: number;
  readonly #onRecord: OnRecord;
  #next: number;

  /** @param lowest ordinal of the first segment that holds records not released. */
  constructor(head: SegmentHead, floor: number, lowest: number, onRecord: OnRecord) {
    this.#head = head;
    this.#floor = floor;
    this.#next = lowest;
    this.#onRecord = onRecord;
    this.number = lowest === 1 ? 0 : undefined;
  }

  /** To be called before a segment is scanned: ordinals must run on. */
  begin(ordinal: number): void {
    const lost = ordinal - this.#next;
    if (lost > 0) {
      const { segmentBytes } = this.#head;
      const position = BigInt(this.#next * segmentBytes);
      this.damage.push({ kind: "segment", file: "", position, bytes: lost * segmentBytes, lost });
      this.number = undefined;
    }
    this.#next = ordinal + 1;
  }

  segment({ file, ordinal }: Surveyed, bytes: Uint8Array, found: readonly Found[], seeds: Seeds): void {
    const base = ordinal * this.#head.segmentBytes;
    const view = viewOf(bytes);
    let expected = firstGroup(this.#head.align);
    for (const group of found) {
      if (base + group.end > this.#floor) {
        this.#gap(file, base, expected, group);
        if (group.repaired) {
          this.#note("repaired", file, base, group, 0);
          this.writes.push({ file, at: group.at, bytes: bytes.slice(group.at, group.end) });
        }
        this.#group(file, base, bytes, view, group, seeds);
      }
      this.number = group.number;
      expected = group.end;
    }
  }

  #note(kind: Damage["kind"], file: string, base: number, { at, end }: Found, lost: number): void {
    this.damage.push({ kind, file, position: BigInt(base + at), bytes: end - at, lost });
  }

  #gap(file: string, base: number, expected: number, { at, number }: Found): void {
    const lost = this.number === undefined ? 0 : number - this.number - 1;
    if (lost > 0 || at > expected) {
      this.damage.push({ kind: "groups", file, position: BigInt(base + expected), bytes: at - expected, lost });
    }
  }

  #group(file: string, base: number, bytes: Uint8Array, view: DataView, group: Found, seeds: Seeds): void {
    const start = group.at + GROUP_HEADER;
    const end = Math.min(start + group.length, bytes.length);
    if (group.whole) {
      for (let at = start; at < end; at += RECORD_HEADER + view.getUint32(at)) this.#record(base, bytes, view, at);
      return;
    }
    let kept = 0;
    for (const at of survivingRecords(bytes, view, start, end, seeds)) {
      this.#record(base, bytes, view, at);
      kept++;
    }
    this.#note("records", file, base, group, group.count - kept);
  }

  #record(base: number, bytes: Uint8Array, view: DataView, at: number): void {
    if (base + at < this.#floor) return;
    this.records++;
    const start = at + RECORD_HEADER;
    const payload = bytes.subarray(start, start + view.getUint32(at));
    this.#onRecord({ position: BigInt(base + at), kind: bytes[at + 8]!, payload });
  }
}
