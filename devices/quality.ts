import { numberOf, Quality } from "../protocols/reading/index.ts";
import type { DeviceValue } from "./drivers/engine.ts";
import { wholePart } from "./numbers.ts";
import { type MeasurementProfile, type Profile, READINGS } from "./profile.ts";

/** A counter's highest accepted value and when it was read (monotonic ms). */
interface HighWater {
  value: number;
  at: number;
}

/** What has to be remembered of one device between two readings. Never changed in place. */
export interface QualityState {
  /** Work register so far, or undefined before the first reading. */
  work?: { value: bigint; at: number };
  counters: ReadonlyMap<string, HighWater>;
  gauges: ReadonlyMap<string, number>;
  /** When the last reading was taken, and since when its gauges have been what they are. */
  lastAt?: number;
  unchangedSince?: number;
}

/**
 * The state to begin with.
 * @param last work register and the time of the last reading known (monotonic ms; below 0 for one before the start).
 */
export function initialQuality(last?: { work: bigint; at: number }): QualityState {
  const empty: QualityState = { counters: new Map(), gauges: new Map() };
  return last ? { ...empty, work: { value: last.work, at: last.at }, lastAt: last.at } : empty;
}

export interface RawReading {
  /** Monotonic ms. */
  at: number;
  /** By measurement name, in the profile's units. */
  values: ReadonlyMap<string, DeviceValue>;
  /** Whether a value came that is none (NaN, a wrong unit). */
  malformed: boolean;
}

export interface Assessment {
  /** Set of `Quality` bits. */
  quality: number;
  /** Never below what it was. */
  work: bigint;
  state: QualityState;
}

/** Registers are read some time after they were counted; this much more than the elapsed time is allowed. */
const SLACK_SECONDS = 5;
/** Missing readings are a gap when this many intervals have passed. */
const GAP_INTERVALS = 2.5;

/**
 * Marks a reading by the profile's limits and moves the work register.
 *
 * A value is never changed: the mark says what is known against it. The work register follows its counter only while
 * that is plausible: it keeps its value when the counter falls, and when it grows faster than `step` allows since the
 * last accepted value. A lone spike thus never counts, and honest growth after an outage does.
 */
export function assess(profile: Profile, state: QualityState, raw: RawReading, every: number): Assessment {
  let quality = raw.malformed ? Quality.OutOfBounds : 0;
  const counters = new Map(state.counters);
  const gauges = new Map<string, number>();
  let work = state.work;
  for (const measurement of profile.measurements) {
    const exact = raw.values.get(measurement.name);
    if (exact === undefined || typeof exact === "string" || typeof exact === "boolean") continue;
    const value = numberOf(exact);
    const inside = value >= measurement.bounds[0] && value <= measurement.bounds[1];
    if (!inside) quality |= Quality.OutOfBounds;
    if (measurement.kind === "gauge") {
      gauges.set(measurement.name, value);
      quality |= gaugeStep(measurement, state, value, raw.at);
    } else {
      const verdict = counterStep(measurement, counters.get(measurement.name), value, raw.at);
      quality |= verdict;
      if (inside && verdict === 0) counters.set(measurement.name, { value, at: raw.at });
    }
    if (measurement.name === profile.work) {
      const register = wholePart(exact);
      const verdict = workStep(measurement, work, register, raw.at);
      quality |= verdict;
      if (inside && verdict === 0) work = { value: register, at: raw.at };
    }
  }
  if (profile.work === READINGS) work = { value: (work?.value ?? 0n) + 1n, at: raw.at };
  const unchangedSince = sameGauges(state.gauges, gauges) ? (state.unchangedSince ?? raw.at) : raw.at;
  if (profile.stuckAfter > 0 && gauges.size > 0 && raw.at - unchangedSince >= profile.stuckAfter) {
    quality |= Quality.Stuck;
  }
  if (state.lastAt !== undefined && raw.at - state.lastAt > GAP_INTERVALS * every) quality |= Quality.GapBefore;
  const next: QualityState = { counters, gauges, lastAt: raw.at, unchangedSince };
  if (work) next.work = work;
  return { quality, work: work?.value ?? 0n, state: next };
}

function allowance(step: number, from: number, to: number): number {
  return step * (Math.max(0, to - from) / 1000 + SLACK_SECONDS);
}

function gaugeStep({ name, step }: MeasurementProfile, state: QualityState, value: number, at: number): number {
  const last = state.gauges.get(name);
  if (step === undefined || last === undefined || state.lastAt === undefined) return 0;
  return Math.abs(value - last) > allowance(step, state.lastAt, at) ? Quality.StepTooLarge : 0;
}

function counterStep({ step }: MeasurementProfile, last: HighWater | undefined, value: number, at: number): number {
  if (!last) return 0;
  if (value < last.value) return Quality.RegisterFell;
  return step !== undefined && value - last.value > allowance(step, last.at, at) ? Quality.StepTooLarge : 0;
}

function workStep(
  { step }: MeasurementProfile,
  last: { value: bigint; at: number } | undefined,
  register: bigint,
  at: number,
): number {
  if (!last) return 0;
  if (register < last.value) return Quality.RegisterFell;
  const grown = Number(register - last.value);
  return step !== undefined && grown > allowance(step, last.at, at) ? Quality.StepTooLarge : 0;
}

function sameGauges(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  if (a.size !== b.size || a.size === 0) return false;
  for (const [name, value] of b) if (a.get(name) !== value) return false;
  return true;
}
