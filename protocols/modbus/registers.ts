import { copyOf, fromUtf8, ProtocolError } from "../bytes/index.ts";

/**
 * Numbers in registers. Modbus defines 16-bit registers with the high byte first (V1.1b3 §4.2) and nothing wider:
 * how a vendor lays 32 and 64 bits over them is part of a device's description.
 */

export type RegisterType = "bit" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f32" | "f64" | "string";

export interface RegisterFormat {
  type: RegisterType;
  /** Which register of a wider number comes first. Default: the most significant. */
  wordOrder?: "high-first" | "low-first";
  /** Order of the two bytes in each register. Default: high byte first, as the specification says. */
  byteOrder?: "high-first" | "low-first";
  /** Registers a string takes. */
  words?: number;
}

/**
 * Integers up to 32 bits and floats are numbers, 64-bit integers bigints, bits booleans. Floats may be NaN: meters send it
 * for "none". A `bit` is a coil or discrete input, held in a register of its own; anything but 0 is true.
 */
export type RegisterValue = number | bigint | string | boolean;

const WORDS: Readonly<Record<Exclude<RegisterType, "string">, number>> = {
  bit: 1,
  u16: 1,
  i16: 1,
  u32: 2,
  i32: 2,
  f32: 2,
  u64: 4,
  i64: 4,
  f64: 4,
};

/** How many registers a value takes. */
export function registerWords(format: RegisterFormat): number {
  return format.type === "string" ? (format.words ?? 1) : WORDS[format.type];
}

/** The value's bytes with the most significant first. Its own inverse. */
function ordered(format: RegisterFormat, bytes: Uint8Array): Uint8Array {
  const out = copyOf(bytes);
  if (format.wordOrder === "low-first" && format.type !== "string") {
    for (let i = 0; i < bytes.length; i += 2) out.set(bytes.subarray(i, i + 2), bytes.length - 2 - i);
  }
  if (format.byteOrder === "low-first") {
    for (let i = 0; i + 1 < out.length; i += 2) {
      const high = out[i]!;
      out[i] = out[i + 1]!;
      out[i + 1] = high;
    }
  }
  return out;
}

/**
 * Reads the value whose first register lies `offset` registers into `registers`.
 * @throws ProtocolError FS-MODBUS-REGISTERS when it does not lie inside, or a string is not text.
 */
export function decodeRegisters(format: RegisterFormat, registers: Uint8Array, offset = 0): RegisterValue {
  const start = 2 * offset;
  const end = start + 2 * registerWords(format);
  if (offset < 0 || end > registers.length) {
    throw new ProtocolError(
      "FS-MODBUS-REGISTERS",
      `a ${format.type} at register ${offset} needs ${end / 2} registers, ${registers.length / 2} are there`,
      { context: { offset, type: format.type } },
    );
  }
  const bytes = ordered(format, registers.subarray(start, end));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (format.type) {
    case "bit":
      return view.getUint16(0) !== 0;
    case "u16":
      return view.getUint16(0);
    case "i16":
      return view.getInt16(0);
    case "u32":
      return view.getUint32(0);
    case "i32":
      return view.getInt32(0);
    case "u64":
      return view.getBigUint64(0);
    case "i64":
      return view.getBigInt64(0);
    case "f32":
      return view.getFloat32(0);
    case "f64":
      return view.getFloat64(0);
    case "string":
      return text(bytes);
  }
}

/** Text up to the first NUL, without the spaces that pad it. */
function text(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const out = fromUtf8(nul < 0 ? bytes : bytes.subarray(0, nul));
  if (out === undefined) throw new ProtocolError("FS-MODBUS-REGISTERS", "a register string is not UTF-8 text");
  return out.trimEnd();
}

/** The registers that hold `value`; integers outside the type's range are clamped to it, strings cut. */
export function encodeRegisters(format: RegisterFormat, value: RegisterValue): Uint8Array {
  const bytes = new Uint8Array(2 * registerWords(format));
  const view = new DataView(bytes.buffer);
  switch (format.type) {
    case "bit":
      view.setUint16(0, value === false || value === 0 ? 0 : 1);
      break;
    case "u16":
      view.setUint16(0, Number(clamp(value, 0n, 0xffffn)));
      break;
    case "i16":
      view.setInt16(0, Number(clamp(value, -0x8000n, 0x7fffn)));
      break;
    case "u32":
      view.setUint32(0, Number(clamp(value, 0n, 0xffff_ffffn)));
      break;
    case "i32":
      view.setInt32(0, Number(clamp(value, -0x8000_0000n, 0x7fff_ffffn)));
      break;
    case "u64":
      view.setBigUint64(0, clamp(value, 0n, (1n << 64n) - 1n));
      break;
    case "i64":
      view.setBigInt64(0, clamp(value, -(1n << 63n), (1n << 63n) - 1n));
      break;
    case "f32":
      view.setFloat32(0, Number(value));
      break;
    case "f64":
      view.setFloat64(0, Number(value));
      break;
    case "string": {
      const encoded = new TextEncoder().encode(String(value));
      bytes.set(encoded.subarray(0, bytes.length));
      break;
    }
  }
  return ordered(format, bytes);
}

function clamp(value: RegisterValue, least: bigint, most: bigint): bigint {
  const whole = typeof value === "bigint" ? value : BigInt(Math.round(finite(Number(value))));
  return whole < least ? least : whole > most ? most : whole;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
