import type { SenmlNumber } from "./decimal.ts";

/** One measured quantity at the reading's time. At least one of `value` and `sum` is present. */
export interface Measurement {
  /** 1 to 64 of `A-Za-z0-9-:./_`, the first a letter or digit (RFC 8428 §4.5.1); not `q` and not `prev`. Unique in its reading. */
  name: string;
  /** SenML unit, 1 to 32 of printable ASCII; `unitOf` knows the registered ones. */
  unit?: string;
  /** Numbers are finite. Text is well-formed Unicode. */
  value?: SenmlNumber | string | boolean | Uint8Array;
  /** Integral of the value over time, in the unit times seconds (RFC 8428 §4.2): J beside a power in W. */
  sum?: SenmlNumber;
}

/** What one device measured at one time. */
export interface Reading {
  /** ms since 1970, a safe integer; may be negative. */
  time: number;
  /** 1 to 256. */
  measurements: readonly Measurement[];
  /** Set of `Quality` bits; 0 when nothing is known against it. */
  quality: number;
  /** SHA-256 of the device's previous statement (32 bytes), where the profile asks for a hash chain. */
  prev?: Uint8Array;
}

export const MAX_READING_BYTES = 8192;
export const MAX_MEASUREMENTS = 256;
export const MAX_NAME = 64;
export const MAX_UNIT = 32;
export const PREV_BYTES = 32;

/** Names of the records that are not measurements. */
export const QUALITY_NAME = "q";
export const PREV_NAME = "prev";

/** SenML labels in CBOR (RFC 8428 §6, table 4), as the one byte that each takes. */
export const Label = {
  name: 0x00,
  unit: 0x01,
  value: 0x02,
  text: 0x03,
  boolean: 0x04,
  sum: 0x05,
  data: 0x08,
  baseTime: 0x22,
} as const;

const NAME_CHARACTER = 1;
const NAME_START = 2;
const classes = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
  classes[char.charCodeAt(0)] = NAME_START;
for (const char of "-:./_") classes[char.charCodeAt(0)] = NAME_CHARACTER;

/** Whether a character may stand in a SenML name, and whether at its start. */
export function isNameCode(code: number, first: boolean): boolean {
  return code < 128 && classes[code]! >= (first ? NAME_START : NAME_CHARACTER);
}

export function isUnitCode(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
