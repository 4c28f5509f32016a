import type { RegisterFormat } from "../../../protocols/modbus/index.ts";

/**
 * Running data of GoodWe DT, SDT, MT, MS and D-NS inverters: holding registers from 30100 on, 73 of them
 * (GoodWe Modbus protocol for DT inverters; addresses as marcelblijleven/goodwe publishes them).
 * A value that is all ones means "not fitted".
 */
export interface GoodweSensor {
  at: number;
  format: RegisterFormat;
  /** The value is the register times ten to this power. */
  scale: number;
  /** What the reference reports for a register of all ones. Default: the number it is. */
  absent?: 0 | null;
}

const voltage = (at: number): GoodweSensor => ({ at, format: { type: "u16" }, scale: -1, absent: 0 });
const current = voltage;
const frequency = (at: number): GoodweSensor => ({ at, format: { type: "i16" }, scale: -2 });
const long = (at: number): GoodweSensor => ({ at, format: { type: "i32" }, scale: 0 });

export const GOODWE_BASE = 30100;

export const GOODWE_SENSORS: Readonly<Record<string, GoodweSensor>> = {
  vpv1: voltage(30103),
  ipv1: current(30104),
  vpv2: voltage(30105),
  ipv2: current(30106),
  vpv3: voltage(30107),
  ipv3: current(30108),
  vpv4: voltage(30109),
  ipv4: current(30110),
  vline1: voltage(30115),
  vline2: voltage(30116),
  vline3: voltage(30117),
  vgrid1: voltage(30118),
  vgrid2: voltage(30119),
  vgrid3: voltage(30120),
  igrid1: current(30121),
  igrid2: current(30122),
  igrid3: current(30123),
  fgrid1: frequency(30124),
  fgrid2: frequency(30125),
  fgrid3: frequency(30126),
  total_inverter_power: long(30127),
  work_mode: { at: 30129, format: { type: "u16" }, scale: 0 },
  error_codes: long(30130),
  warning_code: { at: 30132, format: { type: "u16" }, scale: 0 },
  apparent_power: long(30133),
  reactive_power: long(30135),
  total_input_power: { at: 30137, format: { type: "i16" }, scale: 0 },
  power_factor: { at: 30139, format: { type: "i16" }, scale: -3 },
  temperature: { at: 30141, format: { type: "i16" }, scale: -1, absent: null },
  temperature_heatsink: { at: 30142, format: { type: "i16" }, scale: -1, absent: null },
  e_day: { at: 30144, format: { type: "u16" }, scale: -1, absent: null },
  e_total: { at: 30145, format: { type: "u32" }, scale: -1, absent: null },
  h_total: { ...long(30147), absent: 0 },
  safety_country: { at: 30149, format: { type: "u16" }, scale: 0 },
  funbit: { at: 30162, format: { type: "u16" }, scale: 0, absent: 0 },
  vbus: voltage(30163),
  vnbus: voltage(30164),
  derating_mode: { ...long(30165), absent: 0 },
  rssi: { at: 30172, format: { type: "u16" }, scale: 0 },
};

export const WORK_MODES: Readonly<Record<number, string>> = {
  0: "Wait Mode",
  1: "Normal",
  2: "Error",
  4: "Check Mode",
};

export const SAFETY_COUNTRIES: Readonly<Record<number, string>> = {
  1: "CZ-A1",
  2: "DE LV with PV",
  9: "Australia A",
  20: "NL-A",
  32: "50Hz 230Vac Default",
  73: "Australia Victoria",
};

/** By bit. */
export const DERATING: Readonly<Record<number, string>> = {
  2: "Reactive power derating(PF/QU/FixQ)",
  8: "Maximum current derating",
};
