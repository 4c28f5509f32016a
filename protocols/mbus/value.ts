import { ProtocolError } from "../bytes/index.ts";

/** A point in time as a meter sends it: local time, by its own clock, to the unit it knows. */
export interface MbusTime {
  year: number;
  /** 0 and 15 occur: not specified, or every month. */
  month: number;
  day: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** The meter says that its clock is not set. */
  invalid?: boolean;
  summer?: boolean;
}

function unsigned(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** Type B (two's complement) and C (unsigned), low byte first (EN 13757-3 annex A). */
export function integerOf(bytes: Uint8Array, signed = true): bigint {
  const value = unsigned(bytes);
  return signed ? BigInt.asIntN(8 * bytes.length, value) : value;
}

/**
 * Type A: BCD, low byte first; a highest digit F is a minus sign (EN 13757-3 annex A). Undefined when another digit is no
 * decimal one: meters send that for "no value".
 */
export function bcdOf(bytes: Uint8Array): bigint | undefined {
  let digits = bcdDigits(bytes);
  const negative = digits.startsWith("F");
  if (negative) digits = `0${digits.slice(1)}`;
  if (!/^\d*$/.test(digits)) return undefined;
  const value = BigInt(digits);
  return negative ? -value : value;
}

/** The digits of BCD as they would be printed, A to F included. */
export function bcdDigits(bytes: Uint8Array): string {
  let text = "";
  for (let i = bytes.length - 1; i >= 0; i--) text += bytes[i]!.toString(16).padStart(2, "0");
  return text.toUpperCase();
}

/** Type H: IEEE 754 single, low byte first. */
export function floatOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** Characters are sent last one first (EN 13757-3 §6.3). */
export function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.slice().reverse());
}

/** Years have two digits; those up to 80 are of this century (EN 13757-3 annex A, note to type G). */
function fullYear(year: number, hundreds = 0): number {
  if (hundreds > 0) return 1900 + 100 * hundreds + year;
  return year <= 80 ? 2000 + year : 1900 + year;
}

/** Type G: date in two bytes. */
function dateOf(low: number, high: number, hundreds = 0): MbusTime {
  const year = fullYear(((low >> 5) & 7) | ((high >> 1) & 0x78), hundreds);
  return { year, month: high & 15, day: low & 31 };
}

/**
 * Types G (2 bytes: date), F (4: to the minute) and I (6: to the second) of EN 13757-3 annex A; `invalid` is the IV bit.
 * @throws ProtocolError FS-MBUS-TIME for another length.
 */
export function mbusTimeOf(bytes: Uint8Array): MbusTime {
  const [a, b, c, d, e] = bytes as unknown as [number, number, number, number, number];
  switch (bytes.length) {
    case 2:
      return dateOf(a, b);
    case 4: {
      const time: MbusTime = { ...dateOf(c, d, (b >> 5) & 3), hour: b & 31, minute: a & 63 };
      if (a & 0x80) time.invalid = true;
      if (b & 0x80) time.summer = true;
      return time;
    }
    case 6: {
      const time: MbusTime = { ...dateOf(d, e), hour: c & 31, minute: b & 63, second: a & 63 };
      if (b & 0x80) time.invalid = true;
      if (a & 0x40) time.summer = true;
      return time;
    }
    default:
      throw new ProtocolError("FS-MBUS-TIME", `a point in time of ${bytes.length} bytes`);
  }
}
