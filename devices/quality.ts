import { numberOf, Quality } from "../protocols/reading/index.ts";
import { allowance, type CounterStep, type CounterTrack, follow } from "./counter.ts";
import type { DeviceValue } from "./drivers/engine.ts";
import { wholePart } from "./numbers.ts";
import { type MeasurementProfile, type Profile, READINGS } from "./profile.ts";

/** The work register, and what it is above its counter: 0 until that began again elsewhere. */
export interface WorkState {
  value: bigint;
  /** Undefined: not known after a restart; the first reading gives it, and what was counted before is not. */
  base: bigint | undefined;
  /** Monotonic ms. */
  at: number;
}

/** What has to be remembered of one device between two readings. Never changed in place. */
export interface QualityState {
  /** Undefined before the first reading. */
  work?: WorkState;
  counters: ReadonlyMap<string, CounterTrack>;
  gauges: ReadonlyMap<string, number>;
  /** When the last reading was taken, and since when its gauges have been what they are. */
  lastAt?: number;
  unchangedSince?: number;
}

/**
 * The state to begin with.
 * @param last work register, its base (default 0) and the time of the last reading known (monotonic ms; below 0 for one
 * before the start).
 */
export function initialQuality(last?: { work: bigint; at: number; base?: bigint | "unknown" }): QualityState {
  const empty: QualityState = { counters: new Map(), gauges: new Map() };
  if (!last) return empty;
  const { work: value, at, base = 0n } = last;
  return { ...empty, work: { value, base: base === "unknown" ? undefined : base, at }, lastAt: at };
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
  /** What the work register is above the whole part of its counter. */
  base: bigint;
  state: QualityState;
}

/** Missing readings are a gap when this many intervals have passed. */
const GAP_INTERVALS = 2.5;

/**
 * Marks a reading by the profile's limits and moves the work register.
 *
 * A value is never changed: the mark says what is known against it. The work register follows its counter only while
 * that is plausible: it keeps its value when the counter falls, and when it grows faster than `step` allows since the
 * last accepted value. A lone spike thus never counts, and honest growth after an outage does. A counter that rolled over
 * counts on; one that was reset, or whose meter was exchanged, counts on from where it is found, once it has shown there
 * that it counts. Every reading of these is marked, until the counter is believed again.
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
      continue;
    }
    const isWork = measurement.name === profile.work;
    const known = counters.get(measurement.name) ?? (isWork ? resumed(work) : undefined);
    const step = follow(measurement, known, value, raw.at);
    quality |= MARKS[step.kind === "moved" && !step.fell ? "jumped" : step.kind];
    if (!inside) continue;
    counters.set(measurement.name, step.track);
    if (isWork) work = worked(work, step, measurement, wholePart(exact), raw.at);
  }
  if (profile.work === READINGS) work = { value: (work?.value ?? 0n) + 1n, base: 0n, at: raw.at };
  const unchangedSince = sameGauges(state.gauges, gauges) ? (state.unchangedSince ?? raw.at) : raw.at;
  if (profile.stuckAfter > 0 && gauges.size > 0 && raw.at - unchangedSince >= profile.stuckAfter) {
    quality |= Quality.Stuck;
  }
  if (state.lastAt !== undefined && raw.at - state.lastAt > GAP_INTERVALS * every) quality |= Quality.GapBefore;
  const next: QualityState = { counters, gauges, lastAt: raw.at, unchangedSince };
  if (work) next.work = work;
  return { quality, work: work?.value ?? 0n, base: work?.base ?? 0n, state: next };
}

const MARKS: Readonly<Record<CounterStep["kind"], number>> = {
  grew: 0,
  rolled: Quality.RegisterFell,
  moved: Quality.RegisterFell,
  fell: Quality.RegisterFell,
  jumped: Quality.StepTooLarge,
};

/** The counter as the work register of before a restart knows it. */
function resumed(work: WorkState | undefined): CounterTrack | undefined {
  if (work?.base === undefined) return undefined;
  const value = Number(work.value - work.base);
  return { value, at: work.at, before: value };
}

function worked(
  work: WorkState | undefined,
  step: CounterStep,
  { rollover = 0 }: MeasurementProfile,
  register: bigint,
  at: number,
): WorkState | undefined {
  if (step.kind === "fell" || step.kind === "jumped") return work;
  if (!work) return { value: register, base: 0n, at };
  let base = work.base ?? work.value - register;
  if (step.kind === "rolled") base += BigInt(rollover);
  // Rounded up: the part of a unit that the register showed already is not counted again.
  if (step.kind === "moved") base = work.value - BigInt(Math.ceil(step.from));
  const value = base + register;
  return { value: value > work.value ? value : work.value, base, at };
}

function gaugeStep(measurement: MeasurementProfile, state: QualityState, value: number, at: number): number {
  const last = state.gauges.get(measurement.name);
  if (last === undefined || state.lastAt === undefined) return 0;
  return Math.abs(value - last) > allowance(measurement, state.lastAt, at) ? Quality.StepTooLarge : 0;
}

function sameGauges(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  if (a.size !== b.size || a.size === 0) return false;
  for (const [name, value] of b) if (a.get(name) !== value) return false;
  return true;
}
