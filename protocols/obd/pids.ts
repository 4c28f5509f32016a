import type { SignalFormat } from "./signal.ts";

/** A value of service 01 as SAE J1979-DA defines it. */
export interface Pid extends SignalFormat {
  pid: number;
  /** SenML unit after scaling. */
  unit: string;
}

const percent = (pid: number): Pid => ({ pid, unit: "/100", length: 8, mul: 100, div: 255 });
const degrees = (pid: number): Pid => ({ pid, unit: "Cel", length: 8, add: -40 });

/**
 * Identifiers of service 01 (SAE J1979-DA, also ISO 15031-5 §6.3) that tell what a vehicle does; the name is this project's. Units
 * are SenML's; a distance is in metres.
 */
export const PIDS = {
  engine_load: percent(0x04),
  coolant_temperature: degrees(0x05),
  engine_speed: { pid: 0x0c, unit: "1/min", length: 16, div: 4 },
  speed: { pid: 0x0d, unit: "km/h", length: 8 },
  intake_temperature: degrees(0x0f),
  throttle: percent(0x11),
  run_time: { pid: 0x1f, unit: "s", length: 16 },
  fuel_level: percent(0x2f),
  /** Since trouble codes were cleared. */
  distance: { pid: 0x31, unit: "m", length: 16, mul: 1000 },
  module_voltage: { pid: 0x42, unit: "V", length: 16, div: 1000 },
  ambient_temperature: degrees(0x46),
  battery_soc: { ...percent(0x5b), unit: "%EL" },
  odometer: { pid: 0xa6, unit: "m", length: 32, mul: 100 },
} as const satisfies Readonly<Record<string, Pid>>;

export type PidName = keyof typeof PIDS;
