import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { decodeRegisters, type RegisterValue, registerWords } from "../../../protocols/modbus/index.ts";
import type { SenmlNumber } from "../../../protocols/reading/index.ts";
import { decimal, exactNumber, shortestFloat } from "../../numbers.ts";
import type { MeasurementProfile } from "../../profile.ts";
import type { FactorSource, RegisterSource } from "../../sections/modbus.ts";
import type { DeviceValue } from "../engine.ts";
import type { RegisterImage } from "./image.ts";

/** Why there is no value: the board has none now; it does not have the register; what it sent is no value. */
type Absence = "none" | "lacking" | "wrong";

type Outcome = { value: DeviceValue } | Absence;

/** Reads the measurements into `values`; true when one of them ought to be there and is not. */
export function readValues(
  measurements: readonly MeasurementProfile[],
  image: RegisterImage,
  values: Map<string, DeviceValue>,
): boolean {
  let malformed = false;
  for (const measurement of measurements) {
    const outcome = registerValue(measurement, image);
    if (typeof outcome === "object") values.set(measurement.name, outcome.value);
    // What a profile says may be missing is no fault of the reading; what is no value at all is one, unless optional.
    else if (outcome !== "none" && measurement.optional !== true) malformed = true;
  }
  return malformed;
}

/**
 * A register's value in the profile's unit. A 32-bit float becomes the shortest decimal that rounds to it, an integer keeps
 * its digits; the scale only moves the point.
 */
function registerValue({ register, scale = 0 }: MeasurementProfile, image: RegisterImage): Outcome {
  const source = register!;
  const raw = rawOf(source, source.at, image);
  if (raw === "lacking" || raw === "wrong") return raw;
  const { plus = [] } = source;
  const rest = plus.map((at) => rawOf(source, at, image));
  const broken = rest.find((one) => one === "lacking" || one === "wrong");
  if (broken !== undefined) return broken as Absence;
  const present = [raw, ...rest].filter((one) => one !== "none").map((one) => (one as Raw).raw);
  if (present.length === 0) return "none";
  const [first] = present;
  if (typeof first === "string") return { value: first };
  if (typeof first === "boolean") return { value: first };
  const { type } = source;
  if (type === "f32" || type === "f64") return floatValue(source, Number(first), scale, image);
  const whole = present.reduce<bigint>((sum, one) => sum + BigInt(one as number | bigint), 0n);
  return wholeValue(source, whole, scale, image);
}

interface Raw {
  raw: RegisterValue;
}

function rawOf(source: RegisterSource, at: number, image: RegisterImage): Raw | Absence {
  const bytes = image.take(source.table, at, registerWords(source));
  if (!bytes) return "lacking";
  let raw: RegisterValue;
  try {
    raw = decodeRegisters(source, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return "wrong";
    throw error;
  }
  if (isNone(raw, source.none)) return "none";
  return typeof raw === "number" && !Number.isFinite(raw) ? "wrong" : { raw };
}

function isNone(raw: RegisterValue, none: readonly (number | bigint)[] | undefined): boolean {
  if (!none || typeof raw === "string" || typeof raw === "boolean") return false;
  if (typeof raw === "bigint") return none.some((one) => (typeof one === "bigint" ? one : BigInt(one)) === raw);
  return none.some((one) => Object.is(Number(one), raw));
}

function wholeValue(source: RegisterSource, raw: bigint, scale: number, image: RegisterImage): Outcome {
  const { bit, mask, flags, texts, times = 1, factor } = source;
  if (bit !== undefined) return { value: ((raw >> BigInt(bit)) & 1n) === 1n };
  if (flags !== undefined) return { value: flagTexts(raw, flags) };
  const seen = mask === undefined ? raw : under(raw, mask);
  if (texts !== undefined) return { value: texts[Number(seen)] ?? String(seen) };
  const number = seen * BigInt(times);
  if (!factor) return { value: decimal(number, scale) };
  const by = factorOf(source, factor, image);
  if (typeof by !== "bigint") return by;
  if (factor.as === "power") return { value: decimal(number, scale + Number(by)) };
  if (factor.as === "multiplier") return { value: decimal(number * by, scale) };
  if (by === 0n) return "wrong";
  return { value: number % by === 0n ? decimal(number / by, scale) : exactNumber(Number(number) / Number(by), scale) };
}

function floatValue(source: RegisterSource, raw: number, scale: number, image: RegisterImage): Outcome {
  const { type, times = 1, factor } = source;
  const number = raw * times;
  const shortest = (exponent: number): SenmlNumber =>
    type === "f32" ? shortestFloat(number, exponent) : exactNumber(number, exponent);
  if (!factor) return { value: shortest(scale) };
  const by = factorOf(source, factor, image);
  if (typeof by !== "bigint") return by;
  if (factor.as === "power") return { value: shortest(scale + Number(by)) };
  if (factor.as === "divisor" && by === 0n) return "wrong";
  const scaled = factor.as === "multiplier" ? number * Number(by) : number / Number(by);
  return { value: exactNumber(scaled, scale) };
}

/** Powers of ten beyond any unit's are no scale factors. */
const MOST_POWER = 12n;

function factorOf({ table }: RegisterSource, factor: FactorSource, image: RegisterImage): bigint | Absence {
  const bytes = image.take(table, factor.at, registerWords(factor));
  if (!bytes) return "lacking";
  const raw = decodeRegisters(factor, bytes);
  if (isNone(raw, factor.none)) return "none";
  if (typeof raw !== "bigint" && !Number.isInteger(raw)) return "wrong";
  const whole = BigInt(raw as number | bigint);
  return factor.as === "power" && (whole > MOST_POWER || whole < -MOST_POWER) ? "wrong" : whole;
}

function under(raw: bigint, mask: number): bigint {
  const bits = BigInt(mask);
  return (raw & bits) / (bits & -bits);
}

function flagTexts(raw: bigint, flags: Readonly<Record<number, string>>): string {
  return Object.entries(flags)
    .filter(([bit]) => (raw >> BigInt(bit)) & 1n)
    .map(([, text]) => text)
    .join(", ");
}
