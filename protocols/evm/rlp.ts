import { concatBytes, copyOf } from "../bytes/bytes.ts";
import { ProtocolError } from "../bytes/errors.ts";

/** An RLP item: a byte string or a list of items (Ethereum yellow paper, appendix B). */
export type RlpValue = Uint8Array | readonly RlpValue[];

export interface RlpLimits {
  /** Longest input accepted, bytes. */
  maxBytes?: number;
  /** Deepest nesting of lists. */
  maxDepth?: number;
  /** Most items (strings and lists) in the whole input. */
  maxItems?: number;
}

const DEFAULTS: Required<RlpLimits> = { maxBytes: 1 << 20, maxDepth: 16, maxItems: 1 << 16 };
const CODE = "FS-RLP";

const bad = (what: string, at: number) => new ProtocolError(CODE, `RLP: ${what} at offset ${at}`, { context: { at } });

function prefix(length: number, short: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(short + length);
  const size = rlpUint(BigInt(length));
  return concatBytes(Uint8Array.of(short + 55 + size.length), size);
}

/** The one canonical encoding of a value. */
export function encodeRlp(value: RlpValue): Uint8Array {
  if (value instanceof Uint8Array) {
    if (value.length === 1 && value[0]! < 0x80) return copyOf(value);
    return concatBytes(prefix(value.length, 0x80), value);
  }
  const parts = value.map(encodeRlp);
  let length = 0;
  for (const part of parts) length += part.length;
  return concatBytes(prefix(length, 0xc0), ...parts);
}

/** Big-endian bytes of an integer without leading zeros; zero is the empty string. */
export function rlpUint(value: bigint): Uint8Array {
  let hex = value.toString(16);
  if (value === 0n) return new Uint8Array(0);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const out = new Uint8Array(hex.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return out;
}

interface Scan {
  readonly bytes: Uint8Array;
  readonly maxDepth: number;
  itemsLeft: number;
}

interface Span {
  list: boolean;
  from: number;
  to: number;
}

/** The header at `at`: what it announces, and that it is the shortest form and stays within `end`. */
function span({ bytes }: Scan, at: number, end: number): Span {
  if (at >= end) throw bad("an item is missing", at);
  const first = bytes[at]!;
  if (first < 0x80) return { list: false, from: at, to: at + 1 };
  const list = first >= 0xc0;
  const base = list ? 0xc0 : 0x80;
  let length = first - base;
  let from = at + 1;
  if (length > 55) {
    const width = length - 55;
    if (width > 4) throw bad("a length of more than 4 bytes", at);
    if (end - from < width) throw bad("a truncated length", at);
    if (bytes[from] === 0) throw bad("a length with a leading zero", at);
    length = 0;
    for (let i = 0; i < width; i++) length = length * 256 + bytes[from + i]!;
    from += width;
    if (length <= 55) throw bad("a long length where the short form fits", at);
  }
  if (length > end - from) throw bad(`an item of ${length} bytes where ${end - from} are left`, at);
  if (!list && length === 1 && bytes[from]! < 0x80) throw bad("a single byte in the long form", at);
  return { list, from, to: from + length };
}

function decodeAt(scan: Scan, at: number, end: number, depth: number): { value: RlpValue; next: number } {
  if (--scan.itemsLeft < 0) throw bad("too many items", at);
  const { list, from, to } = span(scan, at, end);
  if (!list) return { value: scan.bytes.subarray(from, to), next: to };
  if (depth >= scan.maxDepth) throw bad("lists nested too deep", at);
  const items: RlpValue[] = [];
  for (let next = from; next < to; ) {
    const item = decodeAt(scan, next, to, depth + 1);
    items.push(item.value);
    next = item.next;
  }
  return { value: items, next: to };
}

/**
 * Strict RLP: shortest lengths only, nothing after the item, limits before allocation.
 * Byte strings are views onto the input.
 * @throws ProtocolError FS-RLP (context: `at`).
 */
export function decodeRlp(bytes: Uint8Array, limits: RlpLimits = {}): RlpValue {
  const { maxBytes, maxDepth, maxItems } = { ...DEFAULTS, ...limits };
  if (bytes.length > maxBytes) {
    throw new ProtocolError(CODE, `RLP: ${bytes.length} bytes where at most ${maxBytes} are accepted`);
  }
  const { value, next } = decodeAt({ bytes, maxDepth, itemsLeft: maxItems }, 0, bytes.length, 0);
  if (next !== bytes.length) throw bad(`${bytes.length - next} bytes left over`, next);
  return value;
}

/** The items of a list. @throws ProtocolError `code` when the value is a byte string. */
export function rlpList(value: RlpValue | undefined, what: string, code = CODE): readonly RlpValue[] {
  if (value === undefined || value instanceof Uint8Array) throw new ProtocolError(code, `${what} is not an RLP list`);
  return value;
}

/** The bytes of a string item, of exactly `length` bytes when given. @throws ProtocolError `code`. */
export function rlpBytes(value: RlpValue | undefined, what: string, length?: number, code = CODE): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new ProtocolError(code, `${what} is not an RLP byte string`);
  if (length !== undefined && value.length !== length) {
    throw new ProtocolError(code, `${what} has ${value.length} bytes instead of ${length}`);
  }
  return value;
}

/** An unsigned integer of at most `maxBytes` bytes without leading zeros. @throws ProtocolError `code`. */
export function rlpReadUint(value: RlpValue | undefined, what: string, maxBytes = 32, code = CODE): bigint {
  const bytes = rlpBytes(value, what, undefined, code);
  if (bytes.length > maxBytes) throw new ProtocolError(code, `${what} has more than ${maxBytes} bytes`);
  if (bytes[0] === 0) throw new ProtocolError(code, `${what} has a leading zero`);
  let out = 0n;
  for (const byte of bytes) out = (out << 8n) | BigInt(byte);
  return out;
}
