import { type Profile, READINGS } from "./profile.ts";

/** Kinds of device as the coordinator's rewards are split by them. */
export const DeviceKind = { energy: 0, production: 1, charging: 2, distance: 3, readings: 4, heat: 5 } as const;
export type DeviceKind = (typeof DeviceKind)[keyof typeof DeviceKind];

/** What a device is registered with. */
export interface WorkTerms {
  kind: DeviceKind;
  /** Most work an hour: Wh, m or readings. A register that grows faster is a fault of its gateway. */
  cap: bigint;
}

/** The contract keeps 48 bits. */
const MOST = 2 ** 48 - 1;

const HOUR = 3_600_000;

function kindOf(profile: Profile, work: string): DeviceKind {
  if (work === "energy_produced") return DeviceKind.production;
  if (work === "heat_energy") return DeviceKind.heat;
  return profile.measurements.some(({ name }) => name === "charging_state") ? DeviceKind.charging : DeviceKind.energy;
}

/** The power whose sum over time an energy register is: `energy_import` of `power`, `energy_1` of `power_1`. */
const POWER_OF: Readonly<Record<string, string>> = {
  energy_import: "power",
  energy_export: "power",
  energy_total: "power",
  energy_produced: "power_produced",
  heat_energy: "heat_power",
};

function powerOf({ measurements }: Profile, work: string): number {
  const wanted = POWER_OF[work] ?? work.replace(/^energy/, "power");
  const bounds = measurements.find(({ name }) => name === wanted)?.bounds ?? [0, 0];
  return Math.max(...bounds.map(Math.abs));
}

/**
 * Kind and cap of a board of this model.
 *
 * The cap is the higher one of what its power's bounds and its register's step allow: what the gateway takes for a good
 * reading must never be a fault. Of readings it is twice as many as are taken, since one may be late and the next in time.
 * @param every how often it is read, in ms.
 */
export function workTerms(profile: Profile, every: number): WorkTerms {
  const { work: name, measurements } = profile;
  const capped = (most: number) => BigInt(Math.min(Math.max(1, Math.ceil(most)), MOST));
  if (name === READINGS) return { kind: DeviceKind.readings, cap: capped(2 * Math.ceil(HOUR / Math.max(1, every))) };
  const work = measurements.find((measurement) => measurement.name === name);
  const steps = (work?.step ?? 0) * 3600;
  if (work?.unit === "m") return { kind: DeviceKind.distance, cap: capped(steps) };
  return { kind: kindOf(profile, name), cap: capped(Math.max(powerOf(profile, name), steps)) };
}
