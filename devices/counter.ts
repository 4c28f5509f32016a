import type { MeasurementProfile } from "./profile.ts";

/** A register that stands where nobody expected it, and has gone on from there. */
interface Candidate {
  first: number;
  value: number;
  /** Monotonic ms of the first and of the latest reading. */
  since: number;
  at: number;
  readings: number;
}

/** A counter's latest accepted value, when it was read (monotonic ms), and the one accepted before it. Never changed in place. */
export interface CounterTrack {
  value: number;
  at: number;
  before: number;
  candidate?: Candidate;
}

/**
 * What a counter's new value is. grew: plausible. rolled: it began again from 0 at its modulus. moved: it was reset or the
 * meter exchanged, and counts on from `from`. fell, jumped: not to be believed, at least not yet.
 */
export type CounterStep =
  | { kind: "grew" | "rolled" | "fell" | "jumped"; track: CounterTrack }
  | { kind: "moved"; fell: boolean; from: number; track: CounterTrack };

/** Registers are read some time after they were counted; this much more than the elapsed time is allowed. */
export const SLACK_SECONDS = 5;
/**
 * A register that stays elsewhere is believed after this many readings in a row over this time, if it has counted meanwhile:
 * neither a lone spike nor a meter that shows 0 for an hour moves the work register.
 */
const MOVED_READINGS = 5;
const MOVED_MS = 60_000;

type Limits = Pick<MeasurementProfile, "step" | "resolution" | "rollover">;

/** How far a value may go between two times, in ms; without a step limit as far as it likes. */
export function allowance({ step, resolution = 0 }: Limits, from: number, to: number): number {
  return step === undefined
    ? Number.POSITIVE_INFINITY
    : step * (Math.max(0, to - from) / 1000 + SLACK_SECONDS) + resolution;
}

/** @param track undefined for a first value, which is accepted. */
export function follow(limits: Limits, track: CounterTrack | undefined, value: number, at: number): CounterStep {
  if (!track) return { kind: "grew", track: { value, at, before: value } };
  const { step, rollover } = limits;
  const grown = value - track.value;
  const allowed = allowance(limits, track.at, at);
  if (grown >= 0 && grown <= allowed) return { kind: "grew", track: { value, at, before: track.value } };
  if (grown < 0 && rollover !== undefined && step !== undefined && grown + rollover <= allowed) {
    return { kind: "rolled", track: { value, at, before: value } };
  }
  const kind = grown < 0 ? "fell" : "jumped";
  // Still above what it was one reading before: that one was a little too high, and the register will pass it again.
  if (grown < 0 && step !== undefined && value >= track.before) return { kind, track: without(track) };
  const candidate = candidateOf(limits, track.candidate, value, at);
  const { first, since, readings } = candidate;
  if (readings >= MOVED_READINGS && at - since >= MOVED_MS && value > first) {
    return { kind: "moved", fell: first < track.value, from: first, track: { value, at, before: value } };
  }
  return { kind, track: { ...track, candidate } };
}

function candidateOf(limits: Limits, known: Candidate | undefined, value: number, at: number): Candidate {
  const goesOn = known && value >= known.value && value - known.value <= allowance(limits, known.at, at);
  if (!goesOn) return { first: value, value, since: at, at, readings: 1 };
  return { ...known, value, at, readings: known.readings + 1 };
}

const without = ({ value, at, before }: CounterTrack): CounterTrack => ({ value, at, before });
