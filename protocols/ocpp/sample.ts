import { Decimal } from "../reading/index.ts";
import type { OcppPayload } from "./message.ts";
import { type OcppSignedValue, signedValue16, signedValue201 } from "./signed.ts";

/** One measured value, the same for both versions. */
export interface OcppSample {
  /** `Energy.Active.Import.Register`, …; the default of both versions where none is given. */
  readonly measurand: string;
  /** `L1`, `L1-N`, …; absent for the whole. */
  readonly phase?: string;
  /** `Outlet` by default; `EV`, `Inlet`, `Body`, `Cable`. */
  readonly location: string;
  /** `Transaction.Begin`, `Sample.Periodic`, … */
  readonly context: string;
  /** Unit as sent, with its multiplier of 2.0.1 already applied: `Wh`, `kW`, `A`, `Percent`. */
  readonly unit: string;
  readonly value: Decimal;
}

/** Samples of one time. */
export interface OcppMeterValue {
  /** ms since 1970. */
  readonly at: number;
  readonly samples: readonly OcppSample[];
  readonly signed: readonly OcppSignedValue[];
  /** Values that are no numbers. */
  readonly malformed: number;
}

/** SI prefixes that OCPP has in its units, as powers of ten towards the base unit. */
const UNITS: Readonly<Record<string, readonly [unit: string, power: number]>> = {
  kWh: ["Wh", 3],
  kvarh: ["varh", 3],
  kW: ["W", 3],
  kVA: ["VA", 3],
  kvar: ["var", 3],
  Celcius: ["Celsius", 0],
  Hertz: ["Hz", 0],
};

const MAX_SAMPLES = 256;

function list(value: unknown): readonly OcppPayload[] {
  return Array.isArray(value) ? (value as readonly OcppPayload[]) : [];
}

const text = (value: unknown) => (typeof value === "string" ? value : undefined);

/** ms since 1970 of an RFC 3339 time; undefined for what is none. */
export function ocppTime(value: unknown): number | undefined {
  const ms = typeof value === "string" && value.length <= 40 ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/**
 * A number exactly: the text of 1.6 with its digits, the double of 2.0.1 with its shortest ones, which are those that were
 * sent up to 15 significant digits.
 */
export function ocppDecimal(value: unknown): Decimal | undefined {
  const written = typeof value === "number" ? String(value) : text(value)?.trim();
  // Stations also write "+1.5", ".5" and "12." where a decimal is asked for.
  const match = /^\+?(-?)(\d{0,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3}))?$/.exec(written ?? "");
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  try {
    return new Decimal(BigInt(`${sign}${whole}${fraction}`), Number(power) - fraction.length);
  } catch {
    return undefined;
  }
}

/** In the unit without prefix. */
function inBase(value: Decimal, unit: string, multiplier: number): { value: Decimal; unit: string } | undefined {
  const [base, power] = UNITS[unit] ?? [unit, 0];
  const shift = power + multiplier;
  if (shift === 0) return { value, unit: base };
  if (!Number.isInteger(shift) || Math.abs(shift) > 30) return undefined;
  try {
    return { value: new Decimal(value.mantissa, value.exponent + shift), unit: base };
  } catch {
    return undefined;
  }
}

/** Default units of 1.6 §7.45 and 2.0.1 part 2 UnitOfMeasureType are Wh; that of another measurand is named by its kind. */
function defaultUnit(measurand: string): string {
  if (measurand.startsWith("Power.Factor")) return "";
  if (measurand === "Frequency") return "Hz";
  if (measurand.startsWith("Power.")) return "W";
  if (measurand.startsWith("Current.")) return "A";
  if (measurand === "Voltage") return "V";
  if (measurand === "SoC") return "Percent";
  if (measurand === "Temperature") return "Celsius";
  return "Wh";
}

const REGISTER = "Energy.Active.Import.Register";

interface Given {
  value: Decimal | undefined;
  unit: string | undefined;
  multiplier: number;
}

function sampleOf(source: OcppPayload, given: Given): OcppSample | undefined {
  const measurand = text(source.measurand) ?? REGISTER;
  const phase = text(source.phase);
  const based = given.value && inBase(given.value, given.unit ?? defaultUnit(measurand), given.multiplier);
  if (!based) return undefined;
  return {
    measurand,
    ...(phase === undefined ? {} : { phase }),
    location: text(source.location) ?? "Outlet",
    context: text(source.context) ?? "Sample.Periodic",
    unit: based.unit,
    value: based.value,
  };
}

function collect(
  entries: unknown,
  take: (source: OcppPayload) => { sample?: OcppSample | undefined; signed?: OcppSignedValue | undefined },
): OcppMeterValue[] {
  const out: OcppMeterValue[] = [];
  let left = MAX_SAMPLES;
  for (const entry of list(entries)) {
    const at = ocppTime(entry.timestamp);
    const samples: OcppSample[] = [];
    const signed: OcppSignedValue[] = [];
    let malformed = at === undefined ? 1 : 0;
    for (const source of list(entry.sampledValue)) {
      const taken = left-- > 0 ? take(source) : {};
      if (taken.sample) samples.push(taken.sample);
      if (taken.signed) signed.push(taken.signed);
      if (!taken.sample && !taken.signed) malformed++;
    }
    out.push({ at: at ?? 0, samples, signed, malformed });
  }
  return out;
}

/** `meterValue` or `transactionData` of 1.6 (§7.33), validated by its schema. */
export function meterValues16(entries: unknown): OcppMeterValue[] {
  return collect(entries, (source) => {
    const context = text(source.context) ?? "Sample.Periodic";
    if (source.format === "SignedData") return { signed: signedValue16(text(source.value) ?? "", context) };
    const value = ocppDecimal(source.value);
    return { sample: sampleOf(source, { value, unit: text(source.unit), multiplier: 0 }) };
  });
}

/** `meterValue` of 2.0.1 (part 2 MeterValueType), validated by its schema. */
export function meterValues201(entries: unknown): OcppMeterValue[] {
  return collect(entries, (source) => {
    const context = text(source.context) ?? "Sample.Periodic";
    const of = (source.unitOfMeasure ?? {}) as OcppPayload;
    const multiplier = typeof of.multiplier === "number" ? of.multiplier : 0;
    const sample = sampleOf(source, { value: ocppDecimal(source.value), unit: text(of.unit), multiplier });
    const signed = source.signedMeterValue as OcppPayload | undefined;
    return signed === undefined ? { sample } : { sample, signed: signedValue201(signed, context) };
  });
}
