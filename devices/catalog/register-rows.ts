import type { RegisterFormat } from "../../protocols/modbus/index.ts";
import type { MeasurementProfile } from "../profile.ts";
import type { RegisterSource, RegisterTable } from "../sections/modbus.ts";

type Bounds = MeasurementProfile["bounds"];
type More = Partial<Pick<MeasurementProfile, "scale" | "step" | "resolution" | "rollover" | "optional">>;

/** A row of a manual's register table: what it says there, and where the register is. */
export interface Row {
  source: string;
  register: RegisterSource;
}

/** Rows of one manual: `input(0x34, "f32", "30053 Total system power")`. `defaults` hold for every register of the table. */
export function rowsOf(manual: string, table: RegisterTable, defaults: Partial<RegisterSource> = {}) {
  return (at: number, type: RegisterFormat["type"], row: string, more: Partial<RegisterSource> = {}): Row => ({
    source: `${manual}: ${row}`,
    register: { table, at, type, ...defaults, ...more },
  });
}

export function gauge(name: string, unit: string, bounds: Bounds, row: Row, more: More = {}): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, ...more, ...row };
}

/** @param step what the board can count a second at most, in `unit`. */
export function counter(
  name: string,
  unit: string,
  most: number,
  step: number,
  row: Row,
  more: Omit<More, "step"> = {},
): MeasurementProfile {
  return { name, unit, kind: "counter", bounds: [0, most], step, ...more, ...row };
}

/** A text or a boolean. */
export function state(name: string, row: Row, more: Pick<More, "optional"> = {}): MeasurementProfile {
  return { name, unit: "", kind: "state", bounds: [0, 1], ...more, ...row };
}

/** The same measurement of the three phases; `index` counts from 0. */
export function perPhase(make: (phase: "l1" | "l2" | "l3", n: 1 | 2 | 3, index: number) => MeasurementProfile) {
  return (["l1", "l2", "l3"] as const).map((phase, index) => make(phase, (index + 1) as 1 | 2 | 3, index));
}
