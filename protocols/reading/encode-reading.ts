import { type ByteSlab, UsageError } from "../bytes/index.ts";
import { isIntegral, toHalf, utf8Length } from "../cbor/index.ts";
import type { SenmlNumber } from "./decimal.ts";
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

// One scratch buffer for all calls: encoding is synchronous, and the result is a copy. What a record takes beside its text or
// data (name, unit, two numbers, heads) stays below SLACK, so that the limit is checked once a record, not once a byte.
const SLACK = 256;
const out = new Uint8Array(MAX_READING_BYTES + SLACK);
const view = new DataView(out.buffer);
const encoder = new TextEncoder();
let at = 0;

const refuse = (what: string, why: string): UsageError => new UsageError(`FS-READING-${what}`, why);

/** Label, head and characters of names and units that were seen before; emptied when full, so that it stays small. */
class TextCache {
  readonly #entries = new Map<string, Uint8Array>();
  readonly #make: (text: string) => Uint8Array;

  constructor(make: (text: string) => Uint8Array) {
    this.#make = make;
  }

  get(text: string): Uint8Array {
    let bytes = this.#entries.get(text);
    if (bytes === undefined) {
      bytes = this.#make(text);
      if (this.#entries.size >= 1024) this.#entries.clear();
      this.#entries.set(text, bytes);
    }
    return bytes;
  }
}

function labelled(label: number, text: string): Uint8Array {
  const head = text.length < 24 ? [label, 0x60 | text.length] : [label, 0x78, text.length];
  return Uint8Array.from([...head, ...encoder.encode(text)]);
}

const names = new TextCache((name) => {
  let valid = name.length > 0 && name.length <= MAX_NAME;
  for (let i = 0; valid && i < name.length; i++) valid = isNameCode(name.charCodeAt(i), i === 0);
  if (!valid) throw refuse("NAME", `measurement name ${JSON.stringify(name.slice(0, MAX_NAME))} is not a SenML name`);
  return labelled(Label.name, name);
});

const unitTexts = new TextCache((unit) => {
  let valid = unit.length > 0 && unit.length <= MAX_UNIT;
  for (let i = 0; valid && i < unit.length; i++) valid = isUnitCode(unit.charCodeAt(i));
  if (!valid)
    throw refuse(
      "UNIT",
      `unit ${JSON.stringify(unit.slice(0, MAX_UNIT))} is not 1 to ${MAX_UNIT} printable characters`,
    );
  return labelled(Label.unit, unit);
});

function putCached(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]!;
  at += bytes.length;
}

function putHead(type: number, argument: number): void {
  if (argument < 24) out[at++] = type | argument;
  else if (argument < 0x100) {
    out[at++] = type | 24;
    out[at++] = argument;
  } else if (argument < 0x1_0000) {
    out[at++] = type | 25;
    out[at++] = argument >> 8;
    out[at++] = argument;
  } else if (argument < 0x1_0000_0000) {
    out[at++] = type | 26;
    view.setUint32(at, argument);
    at += 4;
  } else {
    out[at++] = type | 27;
    view.setUint32(at, Math.floor(argument / 0x1_0000_0000));
    view.setUint32(at + 4, argument >>> 0);
    at += 8;
  }
}

/** A safe integer. */
function putInteger(value: number): void {
  if (value >= 0) putHead(0x00, value);
  else putHead(0x20, -1 - value);
}

function putBigInteger(value: bigint): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) {
    putInteger(number);
    return;
  }
  out[at++] = value < 0n ? 0x3b : 0x1b;
  view.setBigUint64(at, value < 0n ? -1n - value : value);
  at += 8;
}

function putFloat(value: number): void {
  if (!Number.isFinite(value)) throw refuse("VALUE", `${value} is not a number that a reading can hold`);
  const half = toHalf(value);
  if (half >= 0) {
    out[at++] = 0xf9;
    out[at++] = half >> 8;
    out[at++] = half;
  } else if (Math.fround(value) === value) {
    out[at++] = 0xfa;
    view.setFloat32(at, value);
    at += 4;
  } else {
    out[at++] = 0xfb;
    view.setFloat64(at, value);
    at += 8;
  }
}

function putNumber(value: SenmlNumber): void {
  if (typeof value === "number") {
    if (isIntegral(value)) putInteger(value);
    else putFloat(value);
    return;
  }
  if (typeof value?.mantissa !== "bigint") throw refuse("VALUE", `a value of type ${typeof value} has no SenML form`);
  if (value.exponent !== 0) {
    out[at++] = 0xc4;
    out[at++] = 0x82;
    putInteger(value.exponent);
  }
  putBigInteger(value.mantissa);
}

function room(length: number): void {
  if (at + length > MAX_READING_BYTES) throw refuse("SIZE", `a reading takes more than ${MAX_READING_BYTES} bytes`);
}

function putText(text: string): void {
  const length = utf8Length(text);
  if (length < 0) throw refuse("VALUE", "a text value holds a lone surrogate");
  room(length);
  out[at++] = Label.text;
  putHead(0x60, length);
  encoder.encodeInto(text, out.subarray(at, at + length));
  at += length;
}

function putData(data: Uint8Array): void {
  room(data.length);
  out[at++] = Label.data;
  putHead(0x40, data.length);
  out.set(data, at);
  at += data.length;
}

/** Labels in the order of their bytes (RFC 8949 §4.2.1): n, u, v or vs or vb, s, vd, bt. */
function putMeasurement({ name, unit, value, sum }: Measurement, time: number | undefined): void {
  room(0);
  if (value === undefined && sum === undefined) throw refuse("VALUE", `measurement ${name} has neither value nor sum`);
  if (name === QUALITY_NAME || name === PREV_NAME) throw refuse("NAME", `${name} is not a name for a measurement`);
  out[at++] =
    0xa1 +
    (unit === undefined ? 0 : 1) +
    (value === undefined ? 0 : 1) +
    (sum === undefined ? 0 : 1) +
    (time === undefined ? 0 : 1);
  putCached(names.get(name));
  if (unit !== undefined) putCached(unitTexts.get(unit));
  const data = value instanceof Uint8Array ? value : undefined;
  if (typeof value === "string") putText(value);
  else if (typeof value === "boolean") {
    out[at++] = Label.boolean;
    out[at++] = value ? 0xf5 : 0xf4;
  } else if (value !== undefined && !(value instanceof Uint8Array)) {
    out[at++] = Label.value;
    putNumber(value);
  }
  if (sum !== undefined) {
    out[at++] = Label.sum;
    putNumber(sum);
  }
  if (data !== undefined) putData(data);
  if (time !== undefined) putTime(time);
}

/** Seconds: an integer when whole, else the decimal fraction [-3, ms]. */
function putTime(time: number): void {
  out[at++] = Label.baseTime;
  if (time % 1000 === 0) {
    // Division gives -0 for -0; adding 0 makes it 0.
    putInteger(time / 1000 + 0);
    return;
  }
  out[at++] = 0xc4;
  out[at++] = 0x82;
  out[at++] = 0x22;
  putInteger(time);
}

function checkUnique(measurements: readonly Measurement[]): void {
  if (measurements.length > 8) {
    if (new Set(measurements.map(({ name }) => name)).size === measurements.length) return;
    throw refuse("NAME", "two measurements have the same name");
  }
  for (let i = 1; i < measurements.length; i++) {
    for (let j = 0; j < i; j++) {
      if (measurements[i]!.name === measurements[j]!.name) throw refuse("NAME", "two measurements have the same name");
    }
  }
}

/**
 * The canonical bytes of a reading: what is hashed, signed and stored. Deterministic CBOR (RFC 8949 §4.2.1) of a SenML pack:
 * `[{n: "prev", vd, bt}?, {n, u, v|vs|vb, s, vd, bt?}+, {n: "q", v: bits}?]`, `bt` in the first record only, no `bn`.
 * @throws UsageError FS-READING-TIME, -COUNT, -NAME, -UNIT, -VALUE, -QUALITY, -PREV, -SIZE for what `Reading` does not allow.
 */
export function encodeReading(reading: Reading): Uint8Array {
  write(reading);
  return out.slice(0, at);
}

/** `encodeReading` into memory that is shared with other short byte strings. */
export function encodeReadingInto(memory: ByteSlab, reading: Reading): Uint8Array {
  write(reading);
  return memory.copy(out, 0, at);
}

function write({ time, measurements, quality, prev }: Reading): void {
  if (!Number.isSafeInteger(time)) throw refuse("TIME", `time ${time} is not a whole number of milliseconds`);
  const count = measurements.length;
  if (count < 1 || count > MAX_MEASUREMENTS)
    throw refuse("COUNT", `${count} measurements, 1 to ${MAX_MEASUREMENTS} are allowed`);
  if (!Number.isInteger(quality) || quality < 0 || quality > QUALITY_MASK)
    throw refuse("QUALITY", `quality is ${quality}`);
  checkUnique(measurements);
  at = 0;
  putHead(0x80, count + (prev === undefined ? 0 : 1) + (quality === 0 ? 0 : 1));
  if (prev !== undefined) {
    if (prev.length !== PREV_BYTES) throw refuse("PREV", `prev takes ${PREV_BYTES} bytes, not ${prev.length}`);
    out[at++] = 0xa3;
    putCached(names.get(PREV_NAME));
    putData(prev);
    putTime(time);
  }
  for (let i = 0; i < count; i++) putMeasurement(measurements[i]!, i === 0 && prev === undefined ? time : undefined);
  if (quality !== 0) {
    out[at++] = 0xa2;
    putCached(names.get(QUALITY_NAME));
    out[at++] = Label.value;
    putInteger(quality);
  }
  room(0);
}
