import { ByteReader, type ByteWriter, copyOf, fromUtf8, ProtocolError, utf8 } from "../bytes/index.ts";

/**
 * A value of DLMS/COSEM (IEC 62056-6-2 §4.1.5 "Common data types", A-XDR of IEC 62056-6-1), under its standard name.
 * Every integer type is a bigint, so that a 64-bit register stays exact.
 */
export type DlmsData =
  | { type: "null-data" }
  | { type: "array" | "structure"; value: readonly DlmsData[] }
  | { type: "boolean"; value: boolean }
  /** `bits` counts from the highest bit of the first byte. */
  | { type: "bit-string"; bits: number; value: Uint8Array }
  | { type: DlmsIntegerType; value: bigint }
  | { type: "octet-string" | "date-time" | "date" | "time"; value: Uint8Array }
  | { type: "visible-string" | "utf8-string"; value: string }
  | { type: "float32" | "float64"; value: number };

export type DlmsIntegerType =
  | "double-long"
  | "double-long-unsigned"
  | "integer"
  | "long"
  | "unsigned"
  | "long-unsigned"
  | "long64"
  | "long64-unsigned"
  | "enum";

interface IntegerShape {
  type: DlmsIntegerType;
  bytes: number;
  signed: boolean;
}

const INTEGERS: ReadonlyMap<number, IntegerShape> = new Map([
  [5, { type: "double-long", bytes: 4, signed: true }],
  [6, { type: "double-long-unsigned", bytes: 4, signed: false }],
  [15, { type: "integer", bytes: 1, signed: true }],
  [16, { type: "long", bytes: 2, signed: true }],
  [17, { type: "unsigned", bytes: 1, signed: false }],
  [18, { type: "long-unsigned", bytes: 2, signed: false }],
  [20, { type: "long64", bytes: 8, signed: true }],
  [21, { type: "long64-unsigned", bytes: 8, signed: false }],
  [22, { type: "enum", bytes: 1, signed: false }],
]);
const INTEGER_TAGS = new Map([...INTEGERS].map(([tag, shape]) => [shape.type, { tag, ...shape }]));
/** Octets of fixed length. */
const FIXED = {
  "date-time": { tag: 25, bytes: 12 },
  date: { tag: 26, bytes: 5 },
  time: { tag: 27, bytes: 4 },
} as const;

/** Deeper than any push list; keeps hostile nesting off the stack. */
const MAX_DEPTH = 8;
const CODE = "FS-DLMS-DATA";

function bad(reader: ByteReader, why: string): ProtocolError {
  return new ProtocolError(CODE, `DLMS data at offset ${reader.offset}: ${why}`, { context: { at: reader.offset } });
}

/** Reads one value and leaves what follows. @throws ProtocolError FS-DLMS-DATA. */
export function readDlmsData(reader: ByteReader, depth = 0): DlmsData {
  const tag = reader.u8();
  const integer = INTEGERS.get(tag);
  if (integer) return { type: integer.type, value: readInteger(reader.take(integer.bytes), integer.signed) };
  switch (tag) {
    case 0:
      return { type: "null-data" };
    case 1:
    case 2:
      return { type: tag === 1 ? "array" : "structure", value: readItems(reader, depth) };
    case 3:
      return { type: "boolean", value: reader.u8() !== 0 };
    case 4: {
      const bits = readDlmsLength(reader);
      return { type: "bit-string", bits, value: copyOf(reader.take(Math.ceil(bits / 8))) };
    }
    case 9:
      return { type: "octet-string", value: copyOf(reader.take(readDlmsLength(reader))) };
    case 10:
      return { type: "visible-string", value: readText(reader) };
    case 12:
      return { type: "utf8-string", value: readText(reader) };
    case 23:
      return { type: "float32", value: reader.f32() };
    case 24:
      return { type: "float64", value: reader.f64() };
    case 25:
      return { type: "date-time", value: copyOf(reader.take(12)) };
    case 26:
      return { type: "date", value: copyOf(reader.take(5)) };
    case 27:
      return { type: "time", value: copyOf(reader.take(4)) };
    default:
      throw bad(reader, `type ${tag} is not read here`);
  }
}

function readItems(reader: ByteReader, depth: number): DlmsData[] {
  if (depth >= MAX_DEPTH) throw bad(reader, `more than ${MAX_DEPTH} structures in each other`);
  const count = readDlmsLength(reader);
  if (count > reader.remaining) throw bad(reader, `${count} elements in ${reader.remaining} bytes`);
  const items: DlmsData[] = [];
  for (let i = 0; i < count; i++) items.push(readDlmsData(reader, depth + 1));
  return items;
}

/** A-XDR length: below 128 in one byte, else the count of length bytes with the top bit set. */
export function readDlmsLength(reader: ByteReader): number {
  const first = reader.u8();
  if (first < 0x80) return first;
  if (first === 0x81) return reader.u8();
  if (first === 0x82) return reader.u16();
  throw bad(reader, "a length of more than two bytes");
}

function readInteger(bytes: Uint8Array, signed: boolean): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
}

function readText(reader: ByteReader): string {
  const text = fromUtf8(reader.take(readDlmsLength(reader)));
  if (text === undefined) throw bad(reader, "text is not UTF-8");
  return text;
}

/** Exactly one value. @throws ProtocolError FS-DLMS-DATA. */
export function decodeDlmsData(bytes: Uint8Array): DlmsData {
  const reader = new ByteReader(bytes, CODE);
  const data = readDlmsData(reader);
  reader.end();
  return data;
}

/** Writes one value with lengths in their shortest form. @throws ProtocolError FS-DLMS-DATA when it does not fit its type. */
export function writeDlmsData(writer: ByteWriter, data: DlmsData): void {
  switch (data.type) {
    case "null-data":
      writer.u8(0);
      return;
    case "array":
    case "structure":
      writeDlmsLength(writer.u8(data.type === "array" ? 1 : 2), data.value.length);
      for (const item of data.value) writeDlmsData(writer, item);
      return;
    case "boolean":
      writer.u8(3).u8(data.value ? 1 : 0);
      return;
    case "bit-string":
      writeDlmsLength(writer.u8(4), data.bits);
      writer.bytes(data.value);
      return;
    case "octet-string":
      writeDlmsLength(writer.u8(9), data.value.length);
      writer.bytes(data.value);
      return;
    case "visible-string":
    case "utf8-string": {
      const bytes = utf8(data.value);
      writeDlmsLength(writer.u8(data.type === "visible-string" ? 10 : 12), bytes.length);
      writer.bytes(bytes);
      return;
    }
    case "float32":
      writer.u8(23).f32(data.value);
      return;
    case "float64":
      writer.u8(24).f64(data.value);
      return;
    case "date-time":
    case "date":
    case "time": {
      const { tag, bytes } = FIXED[data.type];
      if (data.value.length !== bytes) throw new ProtocolError(CODE, `a ${data.type} has ${bytes} bytes`);
      writer.u8(tag).bytes(data.value);
      return;
    }
    default:
      writeInteger(writer, data.type, data.value);
  }
}

function writeInteger(writer: ByteWriter, type: DlmsIntegerType, value: bigint): void {
  const shape = INTEGER_TAGS.get(type)!;
  const bits = 8 * shape.bytes;
  const wrapped = shape.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped !== value) throw new ProtocolError(CODE, `${value} is not a ${type}`);
  writer.u8(shape.tag);
  for (let i = shape.bytes - 1; i >= 0; i--) writer.u8(Number((value >> BigInt(8 * i)) & 0xffn));
}

/** A-XDR length in its shortest form. @throws ProtocolError FS-DLMS-DATA beyond two bytes. */
export function writeDlmsLength(writer: ByteWriter, length: number): void {
  if (length < 0x80) writer.u8(length);
  else if (length < 0x100) writer.u8(0x81).u8(length);
  else if (length < 0x1_0000) writer.u8(0x82).u16(length);
  else throw new ProtocolError(CODE, `a length of ${length} does not fit two bytes`);
}
