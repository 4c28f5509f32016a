import {
  GROUP_HEADER,
  type GroupHead,
  groupCheck,
  headCheck,
  RECORD_HEADER,
  readGroupHead,
  recordEnd,
  type Seeds,
} from "./format.ts";

/** A CRC's table and its inverse: the top bytes of the 256 entries are a permutation, so the last step can be undone. */
interface Crc {
  table: Uint32Array;
  inverse: Uint8Array;
}

function crcOf(polynomial: number): Crc {
  const table = new Uint32Array(256);
  const inverse = new Uint8Array(256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[i] = crc;
    inverse[table[i]! >>> 24] = i;
  }
  return { table, inverse };
}

const CRC32 = crcOf(0xedb88320);
const CRC32C = crcOf(0x82f63b78);

/**
 * The single-byte errors in `bytes[start, end)` that explain a check's difference. A CRC is linear: the difference is
 * the error byte's own table entry, carried through as many steps as bytes follow it. Undoing one step per byte, from
 * the end, meets that entry where the error is.
 * @param difference computed xor stored check.
 */
function* singleByteErrors(crc: Crc, difference: number, start: number, end: number): Generator<[number, number]> {
  let left = difference;
  for (let at = end - 1; at >= start; at--) {
    const byte = crc.inverse[left >>> 24]!;
    if (crc.table[byte] === left) yield [at, byte];
    left = (((left ^ crc.table[byte]!) << 8) | byte) >>> 0;
  }
}

const oneByteDiffers = (difference: number): boolean => {
  let bytes = 0;
  for (let shift = 0; shift < 32; shift += 8) if ((difference >>> shift) & 0xff) bytes++;
  return bytes === 1;
};

/** Whether exactly `count` valid records fill `length` bytes from `start`. */
export function recordsAreWhole(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  { length, count }: GroupHead,
  seeds: Seeds,
): boolean {
  const end = start + length;
  let at: number | undefined = start;
  for (let i = 0; i < count; i++) {
    at = recordEnd(bytes, view, at, end, seeds);
    if (at === undefined) return false;
  }
  return at === end;
}

/** Every check of the group at `at`. */
export function groupIsWhole(bytes: Uint8Array, view: DataView, at: number, limit: number, seeds: Seeds): boolean {
  const head = readGroupHead(view, at);
  return (
    head.length <= limit - at - GROUP_HEADER &&
    view.getUint32(at + 4) === headCheck(bytes, at, seeds) &&
    view.getUint32(at) === groupCheck(bytes, at, head.length, seeds) &&
    recordsAreWhole(bytes, view, at + GROUP_HEADER, head, seeds)
  );
}

/**
 * Puts one flipped byte of the group at `at` right, in place. Returns whether the group is whole now; if not, nothing
 * was changed. Both polynomials have to agree, so bytes that were torn pass once in 2⁴⁰ or less.
 */
export function repairGroup(bytes: Uint8Array, view: DataView, at: number, limit: number, seeds: Seeds): boolean {
  const flip = (where: number, byte: number): boolean => {
    bytes[where]! ^= byte;
    if (groupIsWhole(bytes, view, at, limit, seeds)) return true;
    bytes[where]! ^= byte;
    return false;
  };
  /** The check's own four bytes are as likely to be hit as any other. */
  const replaceCheck = (where: number, stored: number, computed: number): boolean => {
    if (!oneByteDiffers(stored ^ computed)) return false;
    view.setUint32(where, computed);
    if (groupIsWhole(bytes, view, at, limit, seeds)) return true;
    view.setUint32(where, stored);
    return false;
  };

  const storedHead = view.getUint32(at + 4);
  const head = headCheck(bytes, at, seeds);
  if (head !== storedHead) {
    if (replaceCheck(at + 4, storedHead, head)) return true;
    for (const [where, byte] of singleByteErrors(CRC32C, (head ^ storedHead) >>> 0, at + 8, at + GROUP_HEADER)) {
      if (flip(where, byte)) return true;
    }
    return false;
  }
  const { length } = readGroupHead(view, at);
  if (length > limit - at - GROUP_HEADER) return false;
  const stored = view.getUint32(at);
  const group = groupCheck(bytes, at, length, seeds);
  if (replaceCheck(at, stored, group)) return true;
  const start = at + GROUP_HEADER;
  for (const [where, byte] of singleByteErrors(CRC32, (group ^ stored) >>> 0, start, start + length)) {
    if (flip(where, byte)) return true;
  }
  return false;
}

/** Offsets of the valid records in a damaged group: along the lengths, and byte by byte where one is not valid. */
export function* survivingRecords(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  seeds: Seeds,
): Generator<number> {
  for (let at = start; at + RECORD_HEADER <= end; ) {
    const after = recordEnd(bytes, view, at, end, seeds);
    if (after === undefined) at++;
    else {
      yield at;
      at = after;
    }
  }
}
