import { crc32 } from "node:zlib";
import { copyOf, crc32c } from "../../protocols/bytes/index.ts";

/*
 * A segment file (all values big-endian):
 *
 *   0      segment header            twice, in sectors 0 and 1
 *   first  group, group, …           each begins on a multiple of `align`
 *          zeros, or an older use's bytes
 *
 * A group is what one commit makes durable, whole or not at all:
 *
 *   0   4  group check    CRC-32  over bytes 8…32+length, started with the segment's group seed
 *   4   4  head check     CRC-32C over bytes 8…32, started with the segment's record seed
 *   8   4  length         bytes of records that follow the 32 bytes of header
 *   12  4  count          of records
 *   16  8  number         1, 2, 3 … through the life of the journal
 *   24  8  floor          records before this position are released
 *   32  …  records:       length u32 · CRC-32C u32 · kind u8 · payload
 *
 * A record's CRC-32C covers kind and payload and is started with the record seed xor length. Groups start on sector
 * boundaries so that no commit rewrites a sector that holds acknowledged bytes. The two polynomials differ so that
 * together they are one 64-bit check: that lets one flipped byte be told from a torn write, and be put right.
 */
export const SECTOR = 512;
export const GROUP_HEADER = 32;
export const RECORD_HEADER = 9;
const MAGIC = 0x46534a4e; // "FSJN"
const VERSION = 1;
const SEGMENT_HEADER = 32;

/** Start values of the checks; they differ for every use of a segment file, so that an earlier use's bytes never pass. */
export interface Seeds {
  record: number;
  group: number;
}

/** What decides whether bytes belong to this use of the file. Replaced only to show that tests notice its absence. */
export interface StaleGuard {
  seeds(key: Uint8Array, ordinal: number): Seeds;
  /** Whether group numbers must run on. */
  ordered: boolean;
}

/** The key keeps a payload that imitates records from being taken for some when bytes around it are damaged. */
export const epochGuard: StaleGuard = {
  seeds(key, ordinal) {
    const word = (at: number) => (key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!;
    // Both maps are one-to-one in the ordinal: two uses never share a seed, and a CRC with another seed never matches.
    return {
      record: (word(0) ^ ordinal) >>> 0,
      group: (word(4) ^ Math.imul(ordinal, 0x9e3779b1)) >>> 0,
    };
  },
  ordered: true,
};

export interface SegmentHead {
  /** Uses of segments so far, from 1; a position is ordinal × segmentBytes + offset. */
  ordinal: number;
  segmentBytes: number;
  align: number;
  /** 8 random bytes, the same through the life of the journal. */
  key: Uint8Array;
}

export interface GroupHead {
  length: number;
  count: number;
  number: number;
  floor: number;
}

export const alignUp = (value: number, align: number): number => Math.ceil(value / align) * align;

/** Offset of a segment's first group. */
export const firstGroup = (align: number): number => alignUp(2 * SECTOR, align);

/** Bytes a group of `length` record bytes occupies. */
export const groupExtent = (length: number, align: number): number => alignUp(GROUP_HEADER + length, align);

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function putU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value >>> 0);
}

const getU64 = (view: DataView, at: number): number => view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);

/** Both copies of a segment header, as they stand at offset 0; `out` holds at least two sectors of zeros. */
export function encodeSegmentHead(head: SegmentHead, out: Uint8Array): void {
  const view = viewOf(out);
  view.setUint32(0, MAGIC);
  view.setUint16(4, VERSION);
  view.setUint16(6, head.align);
  view.setUint32(8, head.segmentBytes);
  putU64(view, 12, head.ordinal);
  out.set(head.key, 20);
  view.setUint32(28, crc32c(out, 0, 28));
  out.copyWithin(SECTOR, 0, SEGMENT_HEADER);
}

/** The header copy at `at`, or undefined when it is not one. */
export function decodeSegmentHead(bytes: Uint8Array, view: DataView, at: number): SegmentHead | undefined {
  if (bytes.length < at + SEGMENT_HEADER) return undefined;
  if (view.getUint32(at) !== MAGIC || view.getUint16(at + 4) !== VERSION) return undefined;
  if (view.getUint32(at + 28) !== crc32c(bytes, at, at + 28)) return undefined;
  const head = {
    align: view.getUint16(at + 6),
    segmentBytes: view.getUint32(at + 8),
    ordinal: getU64(view, at + 12),
    key: copyOf(bytes, at + 20, at + 28),
  };
  return head.align >= SECTOR && head.segmentBytes > firstGroup(head.align) ? head : undefined;
}

export function groupCheck(bytes: Uint8Array, at: number, length: number, seeds: Seeds): number {
  return crc32(bytes.subarray(at + 8, at + GROUP_HEADER + length), seeds.group);
}

export function headCheck(bytes: Uint8Array, at: number, seeds: Seeds): number {
  return crc32c(bytes, at + 8, at + GROUP_HEADER, seeds.record);
}

/** The group header's fields, unchecked. */
export function readGroupHead(view: DataView, at: number): GroupHead {
  return {
    length: view.getUint32(at + 8),
    count: view.getUint32(at + 12),
    number: getU64(view, at + 16),
    floor: getU64(view, at + 24),
  };
}

/** Writes header and checks around records that are already in place after it. */
export function sealGroup(bytes: Uint8Array, view: DataView, at: number, head: GroupHead, seeds: Seeds): void {
  view.setUint32(at + 8, head.length);
  view.setUint32(at + 12, head.count);
  putU64(view, at + 16, head.number);
  putU64(view, at + 24, head.floor);
  view.setUint32(at + 4, headCheck(bytes, at, seeds));
  view.setUint32(at, groupCheck(bytes, at, head.length, seeds));
}

function recordCheck(bytes: Uint8Array, at: number, length: number, seeds: Seeds): number {
  return crc32c(bytes, at + 8, at + RECORD_HEADER + length, (seeds.record ^ length) >>> 0);
}

/** Writes one record at `at`; returns the offset after it. */
export function writeRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  kind: number,
  payload: Uint8Array,
  seeds: Seeds,
): number {
  view.setUint32(at, payload.length);
  bytes[at + 8] = kind;
  bytes.set(payload, at + RECORD_HEADER);
  view.setUint32(at + 4, recordCheck(bytes, at, payload.length, seeds));
  return at + RECORD_HEADER + payload.length;
}

/** The offset after the record at `at`, or undefined when no valid record that ends before `end` is there. */
export function recordEnd(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  seeds: Seeds,
): number | undefined {
  if (at + RECORD_HEADER > end) return undefined;
  const length = view.getUint32(at);
  if (length > end - at - RECORD_HEADER) return undefined;
  return view.getUint32(at + 4) === recordCheck(bytes, at, length, seeds) ? at + RECORD_HEADER + length : undefined;
}
