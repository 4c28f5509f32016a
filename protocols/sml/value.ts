import { type ByteReader, type ByteWriter, copyOf, ProtocolError } from "../bytes/index.ts";

/**
 * A value of the SML binary encoding (SML 1.04 §6). An octet string without octets is at once the mark of an OPTIONAL that was
 * left out.
 */
export type SmlValue =
  | { type: "octets"; value: Uint8Array }
  | { type: "boolean"; value: boolean }
  | { type: "integer" | "unsigned"; value: bigint }
  | { type: "list"; value: readonly SmlValue[] };

/** The deepest structure of the standard (an entry's time in a list of an answer) has six levels. */
const MAX_DEPTH = 12;
/** Values in one message: a meter sends some 150. A byte makes a value, so this bounds what a telegram can cost. */
export const MAX_SML_VALUES = 4096;
const CODE = "FS-SML-VALUE";

const TYPES = { octets: 0, boolean: 4, integer: 5, unsigned: 6, list: 7 } as const;

function bad(reader: ByteReader, why: string): ProtocolError {
  return new ProtocolError(CODE, `SML at offset ${reader.offset}: ${why}`, { context: { at: reader.offset } });
}

/** What is left of an allowance that nested values share. */
export interface SmlBudget {
  values: number;
}

/**
 * Type and length (SML 1.04 §6.3.1):
 *
 *   62 1E          unsigned, 2 bytes with the TL byte: 30
 *   77             list of seven
 *   83 02 …        octets, 3·16 + 2 = 50 bytes with both TL bytes
 *   ||
 *   |length, high digit first; without the top bit the last TL byte
 *   type in three bits
 *
 * @throws ProtocolError FS-SML-VALUE.
 */
export function readSmlValue(reader: ByteReader, budget: SmlBudget, depth = 0): SmlValue {
  if (--budget.values < 0) throw bad(reader, `more than ${MAX_SML_VALUES} values`);
  const first = reader.u8();
  const type = (first >> 4) & 7;
  let length = first & 15;
  let head = 1;
  for (let byte = first; byte & 0x80; head++) {
    byte = reader.u8();
    if (byte & 0x70) throw bad(reader, "a type in the middle of a length");
    length = length * 16 + (byte & 15);
    if (length > 0xffff) throw bad(reader, "a length of more than 16 bits");
  }
  if (type === TYPES.list) return { type: "list", value: readItems(reader, length, budget, depth) };
  // The length counts its own bytes, except in a list.
  const size = length - head;
  if (size < 0) throw bad(reader, "a value shorter than its length");
  switch (type) {
    case TYPES.octets:
      return { type: "octets", value: copyOf(reader.take(size)) };
    case TYPES.boolean:
      if (size !== 1) throw bad(reader, `a boolean of ${size} bytes`);
      return { type: "boolean", value: reader.u8() !== 0 };
    case TYPES.integer:
    case TYPES.unsigned: {
      if (size < 1 || size > 8) throw bad(reader, `an integer of ${size} bytes`);
      const signed = type === TYPES.integer;
      return { type: signed ? "integer" : "unsigned", value: readInteger(reader.take(size), signed) };
    }
    default:
      throw bad(reader, `type ${type} is reserved`);
  }
}

function readItems(reader: ByteReader, count: number, budget: SmlBudget, depth: number): SmlValue[] {
  if (depth >= MAX_DEPTH) throw bad(reader, `more than ${MAX_DEPTH} lists in each other`);
  if (count > reader.remaining) throw bad(reader, `${count} elements in ${reader.remaining} bytes`);
  const items: SmlValue[] = [];
  for (let i = 0; i < count; i++) items.push(readSmlValue(reader, budget, depth + 1));
  return items;
}

/** Integers may be sent in fewer bytes than their type has: 56 is five bytes of an Integer64. */
function readInteger(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
}

/** Writes a value with integers in as few bytes as they need. */
export function writeSmlValue(writer: ByteWriter, value: SmlValue): void {
  switch (value.type) {
    case "octets":
      writeHead(writer, TYPES.octets, value.value.length);
      writer.bytes(value.value);
      return;
    case "boolean":
      writer.u8((TYPES.boolean << 4) | 2).u8(value.value ? 1 : 0);
      return;
    case "list":
      writeHead(writer, TYPES.list, value.value.length);
      for (const item of value.value) writeSmlValue(writer, item);
      return;
    default: {
      const bytes = integerBytes(value.value, value.type === "integer");
      writeHead(writer, TYPES[value.type], bytes.length);
      writer.bytes(bytes);
    }
  }
}

function writeHead(writer: ByteWriter, type: number, size: number): void {
  const own = type === TYPES.list ? 0 : 1;
  let head = 1;
  while (size + own * head >= 16 ** head) head++;
  const length = size + own * head;
  for (let i = head - 1; i >= 0; i--) {
    const digit = Math.floor(length / 16 ** i) % 16;
    writer.u8((i > 0 ? 0x80 : 0) | (i === head - 1 ? type << 4 : 0) | digit);
  }
}

function integerBytes(value: bigint, signed: boolean): Uint8Array {
  const cut = signed ? BigInt.asIntN : BigInt.asUintN;
  const size = [1, 2, 4, 8].find((bytes) => cut(8 * bytes, value) === value);
  if (size === undefined) throw new ProtocolError(CODE, "an integer beyond 64 bits");
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number(BigInt.asUintN(8, value >> BigInt(8 * (size - 1 - i))));
  return bytes;
}
