import { copyOf, ProtocolError } from "../bytes/index.ts";
import { floatAt, floatWidth, invalidUtf8At, isIntegral, textAt } from "../cbor/index.ts";
import { Decimal, decimalFits, type SenmlNumber } from "./decimal.ts";
import { QUALITY_MASK } from "./quality.ts";
import {
  isNameCode,
  isUnitCode,
  Label,
  MAX_MEASUREMENTS,
  MAX_NAME,
  MAX_READING_BYTES,
  MAX_UNIT,
  type Measurement,
  PREV_BYTES,
  PREV_NAME,
  QUALITY_NAME,
  type Reading,
} from "./reading.ts";

// This reader accepts exactly what encodeReading writes, in one pass: it is its own strict scan. Its state lives in the module,
// because decoding is synchronous and an object per reading would cost as much as the reading.
let bytes: Uint8Array;
let at = 0;
/** Pairs of the record being read that have not been read. */
let pairs = 0;

function refuse(what: string, where: number, why: string): never {
  throw new ProtocolError(`FS-READING-${what}`, `reading at byte ${where}: ${why}`, { context: { at: where } });
}

function next(): number {
  if (at >= bytes.length) refuse("FORM", at, "the reading ends early");
  return bytes[at++]!;
}

/** The argument of a head (RFC 8949 §3), in its shortest form only. */
function argument(initial: number): number | bigint {
  const info = initial & 0x1f;
  if (info < 24) return info;
  const width = info > 27 ? 0 : 1 << (info - 24);
  if (width === 0 || width > bytes.length - at) refuse("FORM", at, "a number or length is cut off or not definite");
  if (width === 8) return argument64();
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + bytes[at++]!;
  if (value < (width === 1 ? 24 : width === 2 ? 0x100 : 0x1_0000))
    refuse("FORM", at, "a number or length is not in shortest form");
  return value;
}

function argument64(): number | bigint {
  let high = 0;
  let low = 0;
  for (let i = 0; i < 4; i++) high = high * 256 + bytes[at++]!;
  for (let i = 0; i < 4; i++) low = low * 256 + bytes[at++]!;
  if (high === 0) refuse("FORM", at, "a number or length is not in shortest form");
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** Head of a given major type, with an argument of at most `limit`. */
function head(major: number, limit: number, what: string): number {
  const start = at;
  const initial = next();
  if (initial >> 5 !== major) refuse("FORM", start, `${what} expected`);
  const value = argument(initial);
  if (value > limit) refuse("FORM", start, `${what}: ${value} is more than ${limit}`);
  return Number(value);
}

function integer(): number | bigint {
  const start = at;
  const initial = next();
  if (initial > 0x3b) refuse("FORM", start, "an integer expected");
  const value = argument(initial);
  if (initial < 0x20) return value;
  return typeof value === "number" && value < Number.MAX_SAFE_INTEGER ? -1 - value : -1n - BigInt(value);
}

function number(): SenmlNumber {
  const initial = bytes[at];
  if (initial === 0xc4) return decimal();
  if (initial !== undefined && initial >= 0xf9 && initial <= 0xfb) return float(initial);
  const value = integer();
  return typeof value === "number" ? value : new Decimal(value, 0);
}

function float(initial: number): number {
  const start = at++;
  const width = 1 << (initial - 0xf8);
  if (width > bytes.length - at) refuse("FORM", start, "a float is cut off");
  const value = floatAt(bytes, at, width);
  at += width;
  if (!Number.isFinite(value)) refuse("VALUE", start, "a value is not finite");
  if (isIntegral(value) || floatWidth(value) !== width) refuse("FORM", start, "a float is not in shortest form");
  return value;
}

/** `c4 82 exponent mantissa`; without an exponent it would have been an integer. */
function decimal(): Decimal {
  const start = at++;
  if (next() !== 0x82) refuse("FORM", start, "a decimal fraction takes two integers");
  const exponent = integer();
  const mantissa = BigInt(integer());
  if (exponent === 0 || typeof exponent === "bigint" || !decimalFits(mantissa, exponent)) {
    refuse("VALUE", start, "a decimal fraction has an exponent of 0 or beyond ±308");
  }
  return new Decimal(mantissa, exponent);
}

/** Texts seen before, found by their bytes: names and units repeat, and a string costs more than a comparison. */
class Interned {
  readonly #slots: ({ bytes: Uint8Array; text: string } | undefined)[] = new Array(512).fill(undefined);
  readonly #allowed: (code: number, first: boolean) => boolean;
  readonly #what: string;
  readonly #limit: number;

  constructor(what: string, limit: number, allowed: (code: number, first: boolean) => boolean) {
    this.#what = what;
    this.#limit = limit;
    this.#allowed = allowed;
  }

  read(): string {
    const length = head(3, this.#limit, this.#what);
    const start = at;
    if (length > bytes.length - at) refuse("FORM", start, `${this.#what} is cut off`);
    at += length;
    let hash = length;
    for (let i = start; i < at; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 9)) & 511;
    const known = this.#slots[slot];
    if (known !== undefined && this.#same(known.bytes, start, length)) return known.text;
    if (length === 0) refuse(this.#what.toUpperCase(), start, `the ${this.#what} is empty`);
    for (let i = start; i < at; i++) {
      if (!this.#allowed(bytes[i]!, i === start))
        refuse(this.#what.toUpperCase(), i, `a character is not allowed in a ${this.#what}`);
    }
    const entry = { bytes: bytes.slice(start, at), text: textAt(bytes, start, at) };
    this.#slots[slot] = entry;
    return entry.text;
  }

  #same(known: Uint8Array, start: number, length: number): boolean {
    if (known.length !== length) return false;
    for (let i = 0; i < length; i++) if (known[i] !== bytes[start + i]) return false;
    return true;
  }
}

const names = new Interned("name", MAX_NAME, isNameCode);
const unitTexts = new Interned("unit", MAX_UNIT, isUnitCode);

/** True, and the label consumed, when it is the next one of this record. */
function label(wanted: number): boolean {
  if (pairs === 0 || bytes[at] !== wanted) return false;
  at++;
  pairs--;
  return true;
}

function text(): string {
  const start = at;
  const length = head(3, MAX_READING_BYTES, "text");
  if (length > bytes.length - at) refuse("FORM", start, "text is cut off");
  const from = at;
  at += length;
  if (invalidUtf8At(bytes, from, at) >= 0) refuse("VALUE", start, "text is not valid UTF-8");
  return textAt(bytes, from, at);
}

function data(): Uint8Array {
  const start = at;
  const length = head(2, MAX_READING_BYTES, "data");
  if (length > bytes.length - at) refuse("FORM", start, "data is cut off");
  at += length;
  return copyOf(bytes, at - length, at);
}

function boolean(): boolean {
  const initial = next();
  if (initial !== 0xf4 && initial !== 0xf5) refuse("FORM", at - 1, "true or false expected");
  return initial === 0xf5;
}

/** One record up to its base time. The labels come in the order of their bytes, so that each can be asked for in turn. */
function record(): Measurement {
  const start = at;
  pairs = head(5, 7, "a record");
  if (!label(Label.name)) refuse("FORM", start, "a record does not begin with its name");
  const measurement: Measurement = { name: names.read() };
  if (label(Label.unit)) measurement.unit = unitTexts.read();
  if (label(Label.value)) measurement.value = number();
  else if (label(Label.text)) measurement.value = text();
  else if (label(Label.boolean)) measurement.value = boolean();
  if (label(Label.sum)) measurement.sum = number();
  if (measurement.value === undefined && label(Label.data)) measurement.value = data();
  if (measurement.value === undefined && measurement.sum === undefined)
    refuse("VALUE", start, "a record has neither value nor sum");
  return measurement;
}

function recordEnd(): void {
  if (pairs > 0) refuse("FORM", at, "a label that a reading does not have, or not in this place");
}

/** Milliseconds of the base time: whole seconds, or the decimal fraction [-3, ms] when there is a fraction. */
function time(): number {
  const start = at;
  if (pairs > 0 && bytes[at] !== Label.baseTime) recordEnd();
  if (!label(Label.baseTime)) refuse("TIME", start, "the first record has no base time");
  const value = number();
  const whole = typeof value === "number";
  const ms = whole ? value * 1000 : value.exponent === -3 ? Number(value.mantissa) : Number.NaN;
  if (!Number.isSafeInteger(ms) || (!whole && ms % 1000 === 0) || (whole && !isIntegral(value))) {
    refuse("TIME", start, "the time is not a whole number of milliseconds in its shortest form");
  }
  return ms;
}

function quality(record: Measurement, start: number): number {
  const { value } = record;
  const plain = record.unit === undefined && record.sum === undefined;
  if (!plain || typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > QUALITY_MASK) {
    refuse("QUALITY", start, "the quality record is not a set of known bits");
  }
  return value;
}

function previous(record: Measurement, start: number): Uint8Array {
  const { value } = record;
  const plain = record.unit === undefined && record.sum === undefined;
  if (!plain || !(value instanceof Uint8Array) || value.length !== PREV_BYTES) {
    refuse("PREV", start, `the previous statement is not ${PREV_BYTES} bytes`);
  }
  return value;
}

function addUnique(
  measurements: Measurement[],
  measurement: Measurement,
  seen: Set<string> | undefined,
  start: number,
): void {
  const { name } = measurement;
  if (name === QUALITY_NAME || name === PREV_NAME) refuse("NAME", start, `${name} is not a name for a measurement`);
  if (seen === undefined) {
    for (const other of measurements)
      if (other.name === name) refuse("NAME", start, "two measurements have the same name");
  } else {
    if (seen.has(name)) refuse("NAME", start, "two measurements have the same name");
    seen.add(name);
  }
  measurements.push(measurement);
}

/**
 * Reads the canonical bytes of a reading, and nothing but them: `encodeReading` of the result gives the same bytes.
 * @throws ProtocolError FS-READING-SIZE above 8,192 bytes; FS-READING-FORM for CBOR that is not the canonical form; FS-READING-TIME,
 * -COUNT, -NAME, -UNIT, -VALUE, -QUALITY, -PREV for what `Reading` does not allow. `context.at` is the offset.
 */
export function decodeReading(input: Uint8Array): Reading {
  bytes = input;
  at = 0;
  if (input.length > MAX_READING_BYTES)
    refuse("SIZE", 0, `${input.length} bytes, at most ${MAX_READING_BYTES} are allowed`);
  const count = head(4, MAX_MEASUREMENTS + 2, "an array of records");
  const measurements: Measurement[] = [];
  const seen = count > 8 ? new Set<string>() : undefined;
  const reading: Reading = { time: 0, measurements, quality: 0 };
  for (let i = 0; i < count; i++) {
    const start = at;
    const measurement = record();
    if (i === 0) reading.time = time();
    recordEnd();
    if (i === 0 && measurement.name === PREV_NAME) reading.prev = previous(measurement, start);
    else if (i === count - 1 && measurement.name === QUALITY_NAME) reading.quality = quality(measurement, start);
    else addUnique(measurements, measurement, seen, start);
  }
  if (measurements.length < 1 || measurements.length > MAX_MEASUREMENTS) {
    refuse("COUNT", 0, `${measurements.length} measurements, 1 to ${MAX_MEASUREMENTS} are allowed`);
  }
  if (at < bytes.length) refuse("FORM", at, `${bytes.length - at} bytes after the end`);
  return reading;
}
