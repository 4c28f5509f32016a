import { registerWords } from "../protocols/modbus/index.ts";
import { unitOf } from "../protocols/reading/index.ts";
import type { MeasurementProfile, Profile } from "./profile.ts";
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
  if (profile.link === "modbus" && !profile.modbus) problem("modbus", "is missing");
  if (profile.link === "p1" && !profile.p1) problem("p1", "is missing");
  if (profile.measurements.length === 0) problem("measurements", "are none");
  lintModbus(profile, problem);

  const seen = new Set<string>();
  for (const measurement of profile.measurements) {
    const path = `measurements.${measurement.name}`;
    if (seen.has(measurement.name)) problem(path, "is there twice");
    seen.add(measurement.name);
    lintMeasurement(profile, measurement, path, problem);
  }
  const work = profile.measurements.find(({ name }) => name === profile.work);
  if (!work) problem("work", `${profile.work} is not one of the measurements`);
  else if (work.kind !== "counter" || work.unit !== "Wh") problem("work", "must be a counter in Wh");
  else if (work.step === undefined) problem("work", "needs a step: what the meter can count a second at full load");
  return problems;
}

type Report = (path: string, message: string) => void;

function lintModbus({ modbus }: Profile, problem: Report): void {
  if (!modbus) return;
  if (modbus.unit < 1 || modbus.unit > 247) problem("modbus.unit", "must be 1 to 247");
  if (modbus.maxRegisters < 1 || modbus.maxRegisters > 125) problem("modbus.maxRegisters", "must be 1 to 125");
  if (modbus.maxGap < 0) problem("modbus.maxGap", "must not be negative");
  if (modbus.timeout < 50) problem("modbus.timeout", "is shorter than an answer at 9600 baud takes");
}

function lintMeasurement(profile: Profile, measurement: MeasurementProfile, path: string, problem: Report): void {
  const term = vocabulary.get(measurement.name);
  if (!term) problem(path, "is not in the vocabulary");
  else {
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
  if (measurement.source.trim() === "") problem(`${path}.source`, "is empty: name document and section");
  if (profile.link === "modbus") lintRegister(profile, measurement, path, problem);
  if (profile.link === "p1") lintObis(measurement, path, problem);
}

function lintRegister(profile: Profile, { register }: MeasurementProfile, path: string, problem: Report): void {
  if (!register) return void problem(`${path}.register`, "is missing");
  const words = registerWords(register);
  if (register.at < 0 || register.at + words > 0x1_0000) problem(`${path}.register.at`, "is outside 0…65535");
  if (profile.modbus && words > profile.modbus.maxRegisters) problem(`${path}.register`, "is wider than one read");
}

function lintObis({ obis }: MeasurementProfile, path: string, problem: Report): void {
  if (!obis) return void problem(`${path}.obis`, "is missing");
  if (obis.sum.length === 0) problem(`${path}.obis.sum`, "is empty");
  for (const code of [...obis.sum, ...(obis.less ?? [])]) {
    if (!/^\d+-\d+:\d+\.\d+\.\d+$/.test(code)) problem(`${path}.obis.sum`, `${code} is not an OBIS reference`);
  }
}
