import { unitOf } from "../protocols/reading/index.ts";
import type { LintReport } from "./drivers/engine.ts";
import { engines } from "./drivers/engines.ts";
import { nearest } from "./nearest.ts";
import { type MeasurementProfile, type Profile, READINGS } from "./profile.ts";
import { vocabulary } from "./vocabulary.ts";

export interface ProfileProblem {
  /** Where: `measurements.power.bounds`. */
  path: string;
  message: string;
}

/** Everything a profile says that cannot be true, or fails to say. An empty list is a sound profile. */
export function lintProfile(profile: Profile): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  const problem = (path: string, message: string) => problems.push({ path, message });
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(profile.id)) problem("id", "must be lower-case words joined by -");
  for (const key of ["vendor", "model", "source"] as const) {
    if (profile[key].trim() === "") problem(key, "is empty");
  }
  if (profile.measurements.length === 0) problem("measurements", "are none");
  engines[profile.link].lint(profile, problem);
  const seen = new Set<string>();
  for (const measurement of profile.measurements) {
    const path = `measurements.${measurement.name}`;
    if (seen.has(measurement.name)) problem(path, "is there twice");
    seen.add(measurement.name);
    lintMeasurement(measurement, path, problem);
  }
  lintWork(profile, problem);
  return problems;
}

/** A measurement that the vocabulary lacks: no word that is added to it later can be the same. */
const OWN_WORD = /^x_[a-z0-9_]{1,60}$/;

function lintMeasurement(measurement: MeasurementProfile, path: string, problem: LintReport): void {
  const term = vocabulary.get(measurement.name);
  if (!term) {
    const [meant] = nearest(measurement.name, vocabulary.keys());
    const hint = meant === undefined ? "; a word of your own begins with x_" : `, did you mean ${meant}?`;
    if (!OWN_WORD.test(measurement.name)) problem(path, `is not in the vocabulary${hint}`);
  } else {
    if (term.unit !== measurement.unit) problem(`${path}.unit`, `must be "${term.unit}"`);
    if (term.kind !== measurement.kind) problem(`${path}.kind`, `must be ${term.kind}`);
  }
  if (measurement.unit !== "" && !unitOf(measurement.unit)) problem(`${path}.unit`, "is not a SenML unit");
  const [least, most] = measurement.bounds;
  if (!(Number.isFinite(least) && Number.isFinite(most) && least < most)) {
    problem(`${path}.bounds`, "must be two finite numbers, the smaller first");
  }
  if (measurement.kind === "counter" && least < 0) problem(`${path}.bounds`, "a counter is never negative");
  if (measurement.step !== undefined && !(measurement.step > 0)) problem(`${path}.step`, "must be above 0");
  const { resolution, rollover } = measurement;
  if (resolution !== undefined && !(resolution > 0)) problem(`${path}.resolution`, "must be above 0");
  if (rollover !== undefined && !(measurement.kind === "counter" && Number.isSafeInteger(rollover) && rollover > 0)) {
    problem(`${path}.rollover`, "must be a whole number above 0, of a counter");
  }
  if (measurement.source.trim() === "") problem(`${path}.source`, "is empty: name document and section");
}

/** Units that a work register may have: energy and distance. */
const WORK_UNITS = ["Wh", "m"];

function lintWork({ work: name, measurements }: Profile, problem: LintReport): void {
  if (name === READINGS) return;
  const work = measurements.find((measurement) => measurement.name === name);
  if (!work) problem("work", `${name} is not one of the measurements`);
  else if (work.kind !== "counter" || !WORK_UNITS.includes(work.unit)) problem("work", "must be a counter in Wh or m");
  else if (work.step === undefined) problem("work", "needs a step: what the board can count a second at most");
}
