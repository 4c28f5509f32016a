import { type ByteWriter, UsageError } from "../bytes/index.ts";
import { isIntegral, toHalf } from "./float.ts";
import { utf8Length } from "./utf8.ts";

/** Major types (RFC 8949 §3.1) for `writeHead`. */
export const Major = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;

/** Initial byte and argument in the shortest form. `argument`: 0 … 2^64-1; a `number` must be a safe integer. */
export function writeHead(writer: ByteWriter, major: number, argument: number | bigint): void {
  const type = major << 5;
  if (argument < 24) writer.u8(type | Number(argument));
  else if (argument < 0x100) writer.u8(type | 24).u8(Number(argument));
  else if (argument < 0x1_0000) writer.u8(type | 25).u16(Number(argument));
  else if (argument < 0x1_0000_0000) writer.u8(type | 26).u32(Number(argument));
  else writer.u8(type | 27).u64(argument);
}

/** An integer, -2^64 … 2^64-1. @throws UsageError FS-CBOR-VALUE outside, or for a `number` that is no safe integer. */
export function writeInteger(writer: ByteWriter, value: number | bigint): void {
  if (typeof value === "bigint") {
    const argument = value < 0n ? -1n - value : value;
    if (argument > 0xffff_ffff_ffff_ffffn) throw new UsageError("FS-CBOR-VALUE", "an integer needs more than 64 bits");
    writeHead(writer, value < 0n ? Major.negative : Major.uint, argument);
    return;
  }
  if (!Number.isSafeInteger(value)) throw new UsageError("FS-CBOR-VALUE", `${value} is not a safe integer`);
  if (value < 0) writeHead(writer, Major.negative, -1 - value);
  else writeHead(writer, Major.uint, value);
}

/** The shortest float that holds the value exactly; NaN is f97e00. */
export function writeFloat(writer: ByteWriter, value: number): void {
  const half = toHalf(value);
  if (half >= 0) writer.u8(0xf9).u16(half);
  else if (Math.fround(value) === value) writer.u8(0xfa).f32(value);
  else writer.u8(0xfb).f64(value);
}

/** A number by the rule of `CborValue`: safe integers (not -0) as integers, all else as the shortest float. */
export function writeNumber(writer: ByteWriter, value: number): void {
  if (isIntegral(value)) writeInteger(writer, value);
  else writeFloat(writer, value);
}

export function writeBytes(writer: ByteWriter, value: Uint8Array): void {
  writeHead(writer, Major.bytes, value.length);
  writer.bytes(value);
}

/** @throws UsageError FS-CBOR-VALUE for text with a lone surrogate, which has no UTF-8 form. */
export function writeText(writer: ByteWriter, value: string): void {
  const length = utf8Length(value);
  if (length < 0) throw new UsageError("FS-CBOR-VALUE", "text holds a lone surrogate");
  writeHead(writer, Major.text, length);
  writer.text(value, length);
}

/** Head of an array; its `count` items follow. */
export function writeArray(writer: ByteWriter, count: number): void {
  writeHead(writer, Major.array, count);
}

/** Head of a map; `count` pairs follow, their keys in ascending order of their encoded bytes. */
export function writeMap(writer: ByteWriter, count: number): void {
  writeHead(writer, Major.map, count);
}

/** Head of a tag; its content follows. */
export function writeTag(writer: ByteWriter, tag: number): void {
  writeHead(writer, Major.tag, tag);
}

export function writeBoolean(writer: ByteWriter, value: boolean): void {
  writer.u8(value ? 0xf5 : 0xf4);
}

export function writeNull(writer: ByteWriter): void {
  writer.u8(0xf6);
}
