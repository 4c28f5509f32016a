import { Decimal } from "../reading/index.ts";
import type { OcmfReading, OcmfRecord } from "./record.ts";

/**
 * Why an energy cannot be told. no-begin, no-end: the register was not read there. ambiguous: read twice there with different
 * values. unit: begin and end differ in unit. fell: the end is below the begin. range: the digits of
 * both are too far apart for a number. error-flag: EF holds E at a reading from
 * begin to end. status: the meter was not good (ST is not G) at begin or end. exception: TX X in between. meter, page: the
 * records are not of one meter, or one is missing between them.
 */
export type OcmfEnergyFault =
  | "no-begin"
  | "no-end"
  | "ambiguous"
  | "unit"
  | "fell"
  | "range"
  | "error-flag"
  | "status"
  | "exception"
  | "meter"
  | "page";

export interface OcmfEnergy {
  /** OBIS code as sent. */
  readonly register: string;
  readonly unit: string;
  readonly begin?: Decimal;
  readonly end?: Decimal;
  /** end - begin, exact; absent when `faults` says why it cannot be told. */
  readonly energy?: Decimal;
  readonly faults: readonly OcmfEnergyFault[];
}

export interface OcmfSession {
  /** Serial number of the meter, or of the gateway where the record names no meter. */
  readonly meter?: string;
  readonly begin?: OcmfReading;
  readonly end?: OcmfReading;
  /** One entry for each register with an energy unit, in the order of the record. */
  readonly energies: readonly OcmfEnergy[];
}

/** TX values that end a transaction (OCMF Table 7): E, or the reason for it. */
const ENDS: ReadonlySet<string> = new Set(["E", "L", "R", "A", "P"]);
const ENERGY_UNITS: ReadonlySet<string> = new Set(["Wh", "kWh"]);

const serialOf = ({ meter, gateway }: OcmfRecord) => meter.serial || gateway.serial || undefined;

const isBegin = ({ reason }: OcmfReading) => reason === "B";
const isEnd = ({ reason }: OcmfReading) => reason !== undefined && ENDS.has(reason);

/** Faults of the whole chain: records of different meters, pages that do not follow each other. */
function chainFaults(records: readonly OcmfRecord[]): OcmfEnergyFault[] {
  const faults: OcmfEnergyFault[] = [];
  const first = records[0];
  if (first === undefined) return faults;
  if (records.some((record) => serialOf(record) !== serialOf(first))) faults.push("meter");
  const follows = (record: OcmfRecord, at: number) =>
    record.page.context === first.page.context && record.page.number === first.page.number + BigInt(at);
  if (!records.every(follows)) faults.push("page");
  return faults;
}

/** Exact; undefined when it needs more digits than a `Decimal` holds. */
function difference(end: Decimal, begin: Decimal): Decimal | undefined {
  const exponent = Math.min(end.exponent, begin.exponent);
  const scaled = ({ mantissa, exponent: own }: Decimal) => mantissa * 10n ** BigInt(own - exponent);
  const mantissa = scaled(end) - scaled(begin);
  const size = mantissa < 0n ? -mantissa : mantissa;
  return size <= 0xffff_ffff_ffff_ffffn ? new Decimal(mantissa, exponent) : undefined;
}

/** The value of a register at begin or end; a repeated reading is one as long as it says the same. */
function valueAt(readings: readonly OcmfReading[]): OcmfReading | "ambiguous" | undefined {
  const [first, ...rest] = readings.filter(({ value }) => value !== undefined);
  if (first === undefined) return undefined;
  const same = rest.every(
    ({ value, unit }) => unit === first.unit && difference(value!, first.value!)?.mantissa === 0n,
  );
  return same ? first : "ambiguous";
}

function energyOf(
  register: string,
  all: readonly OcmfReading[],
  chain: readonly OcmfEnergyFault[],
  window: readonly OcmfReading[],
): OcmfEnergy {
  const faults: OcmfEnergyFault[] = [...chain];
  const own = all.filter((reading) => reading.register === register);
  const begin = valueAt(own.filter(isBegin));
  const end = valueAt(own.filter(isEnd));
  const unit = own.find((reading) => reading.unit !== undefined)?.unit ?? "";
  if (begin === undefined) faults.push("no-begin");
  if (end === undefined) faults.push("no-end");
  if (begin === "ambiguous" || end === "ambiguous") faults.push("ambiguous");
  if (window.some(({ errors }) => errors.includes("E"))) faults.push("error-flag");
  if (window.some(({ reason }) => reason === "X")) faults.push("exception");
  const from = typeof begin === "object" ? begin : undefined;
  const to = typeof end === "object" ? end : undefined;
  if ([from, to].some((reading) => reading !== undefined && reading.status !== "G")) faults.push("status");
  const values = {
    ...(from?.value === undefined ? {} : { begin: from.value }),
    ...(to?.value === undefined ? {} : { end: to.value }),
  };
  if (from?.value === undefined || to?.value === undefined) return { register, unit, ...values, faults };
  if (from.unit !== to.unit) faults.push("unit");
  const energy = difference(to.value, from.value);
  if (energy === undefined) faults.push("range");
  else if (energy.mantissa < 0n) faults.push("fell");
  return { register, unit, ...values, ...(faults.length === 0 && energy !== undefined ? { energy } : {}), faults };
}

/**
 * What the records of one transaction, in their order, say about it: one record that holds begin and end, or one for each. It
 * reads what the records claim; whether they are true is what `verifyOcmf` says of each.
 */
export function ocmfSession(records: readonly OcmfRecord[]): OcmfSession {
  const all = records.flatMap(({ readings }) => readings);
  const begin = all.find(isBegin);
  const end = all.findLast(isEnd);
  const chain = chainFaults(records);
  const window = all.slice(
    begin === undefined ? 0 : all.indexOf(begin),
    end === undefined ? all.length : all.lastIndexOf(end) + 1,
  );
  const registers = new Set<string>();
  for (const { register, unit } of all) {
    if (register !== undefined && unit !== undefined && ENERGY_UNITS.has(unit)) registers.add(register);
  }
  const meter = records[0] === undefined ? undefined : serialOf(records[0]);
  return {
    ...(meter === undefined ? {} : { meter }),
    ...(begin === undefined ? {} : { begin }),
    ...(end === undefined ? {} : { end }),
    energies: [...registers].map((register) => energyOf(register, all, chain, window)),
  };
}
