import type { RegisterFormat } from "../protocols/modbus/index.ts";
import type { MeasurementKind } from "./vocabulary.ts";

/** How a board speaks; names the engine in `drivers/`. */
export type LinkKind = "modbus" | "p1";

export interface RegisterSource extends RegisterFormat {
  table: "input" | "holding";
  /** Zero-based address, as on the wire. */
  at: number;
}

export interface ObisSource {
  /** OBIS references whose values are added up; all of them must be in the telegram. */
  sum: readonly string[];
  /** References whose values are taken off (export from import). */
  less?: readonly string[];
  /** Unit the meter sends with them, checked: `kWh`, `kW`, `V`; absent for a bare number. */
  unit?: string;
  /** How a simulator prints one value: digits before and after the point. */
  digits: readonly [whole: number, fraction: number];
}

export interface MeasurementProfile {
  /** From the vocabulary. */
  name: string;
  /** SenML unit of the signed value. */
  unit: string;
  kind: MeasurementKind;
  /** Values outside are marked, never changed. In `unit`. */
  bounds: readonly [least: number, most: number];
  /** Largest plausible change a second, in `unit`; beyond it the reading is marked. */
  step?: number;
  /** The signed value is what the board reports times ten to this power (kWh to Wh: 3). Default 0. */
  scale?: number;
  /** Document and section or table that say so. */
  source: string;
  register?: RegisterSource;
  obis?: ObisSource;
}

export interface ModbusDefaults {
  unit: number;
  baudRate: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
  /** Most registers this board answers in one read. */
  maxRegisters: number;
  /** Unwanted registers that may be read along to save a request; 0 for a board that refuses gaps. */
  maxGap: number;
  /** How long the board may take to answer, in ms. */
  timeout: number;
  every: number;
}

export interface P1Defaults {
  baudRate: number;
  dataBits: 7 | 8;
  parity: "none" | "even";
  stopBits: 1;
  /** Shortest distance of two readings that are kept, in ms. */
  every: number;
  /** The meter counts as lost after this long without a good telegram, in ms. */
  silence: number;
}

/** A board model as data. */
export interface Profile {
  /** Last part of the driver's name: `eastron-sdm630`. */
  id: string;
  vendor: string;
  model: string;
  link: LinkKind;
  /** The document the profile was written from, with its version. */
  source: string;
  /**
   * Name of the counter that is the work register. It must be in Wh; the register is its whole part: what is
   * paid never exceeds what the meter shows.
   */
  work: string;
  /** A reading whose gauges all stay exactly the same for this long is marked as stuck, in ms. 0 turns it off. */
  stuckAfter: number;
  measurements: readonly MeasurementProfile[];
  modbus?: ModbusDefaults;
  p1?: P1Defaults;
}

export interface ProfileInput extends Omit<Profile, "modbus" | "p1" | "stuckAfter"> {
  stuckAfter?: number;
  modbus?: Partial<ModbusDefaults>;
  p1?: Partial<P1Defaults>;
}

const MODBUS: ModbusDefaults = {
  unit: 1,
  baudRate: 9600,
  parity: "none",
  stopBits: 1,
  maxRegisters: 125,
  maxGap: 8,
  timeout: 1000,
  every: 10_000,
};

// DSMR 4 and later: 115200 8N1, a telegram a second (5) or every ten (4).
const P1: P1Defaults = { baudRate: 115_200, dataBits: 8, parity: "none", stopBits: 1, every: 10_000, silence: 30_000 };

/** Fills in the link's defaults. The result is checked by `lintProfile` in the catalog's test. */
export function profile(input: ProfileInput): Profile {
  const { modbus, p1, ...rest } = input;
  const whole: Profile = { stuckAfter: 600_000, ...rest };
  if (rest.link === "modbus") whole.modbus = { ...MODBUS, ...modbus };
  if (rest.link === "p1") whole.p1 = { ...P1, ...p1 };
  return whole;
}

/** A frame as a board or its manual gives it, and what it must decode to. */
export interface RecordedFrame {
  what: string;
  source: string;
  /** Hex of the request, where the link has requests. */
  request?: string;
  /** Hex of the answer, or the telegram as text. */
  answer: string;
  /** Exact decimal text by measurement name. */
  expect: Readonly<Record<string, string>>;
}
