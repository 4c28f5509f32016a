import { type MeasurementProfile, profile } from "../../../profile.ts";
import type { RegisterSource } from "../../../sections/modbus.ts";
import { counter, gauge, perPhase, rowsOf, state } from "../../register-rows.ts";

const MANUAL = "GoodWe Modbus protocol for hybrid inverters (ET, EH, BT, BH), running data";
const holding = rowsOf(MANUAL, "holding");
/** All bits set: not fitted. */
const NONE = { u16: [0xffff], i16: [-1], u32: [0xffff_ffff] };
const fitted = (at: number, type: "u16" | "u32", text: string, more: Partial<RegisterSource> = {}) =>
  holding(at, type, text, { none: NONE[type], ...more });

const MODES = { 0: "waiting", 1: "normal, on grid", 2: "normal, off grid", 3: "fault", 4: "flashing", 5: "checking" };
const BATTERY = {
  0: "none",
  1: "standby",
  2: "discharging",
  3: "charging",
  4: "to be charged",
  5: "to be discharged",
};

const strings = [1, 2, 3, 4].flatMap((n): MeasurementProfile[] => {
  const at = 35099 + 4 * n;
  return [
    gauge(`pv_voltage_${n}`, "V", [0, 1100], fitted(at, "u16", `PV${n} voltage`), { scale: -1, optional: true }),
    gauge(`pv_current_${n}`, "A", [0, 100], fitted(at + 1, "u16", `PV${n} current`), { scale: -1, optional: true }),
    gauge(`pv_power_${n}`, "W", [0, 40_000], fitted(at + 2, "u32", `PV${n} power`), { optional: true }),
  ];
});

/** 0.1 kWh in two registers. The largest of the family, 30 kW: 8.3 Wh a second. */
const energy = (name: string, at: number, text: string) =>
  counter(name, "Wh", 4.3e11, 12, fitted(at, "u32", `${text}, 0.1 kWh`), { scale: 2, resolution: 100 });

export default profile({
  id: "goodwe-et",
  vendor: "GoodWe",
  model: "ET, EH, BT, BH",
  link: "modbus",
  source: MANUAL,
  work: "energy_produced",
  modbus: { unit: 247, maxGap: 40 },
  measurements: [
    ...strings,
    gauge(
      "pv_power",
      "W",
      [0, 60_000],
      fitted(35105, "u32", "35105, 35109, 35113, 35117 PV1 to PV4 power", { plus: [35109, 35113, 35117] }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], fitted(35121 + 5 * i, "u16", `Grid voltage L${n}`), {
        scale: -1,
        optional: n > 1,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [0, 100], fitted(35122 + 5 * i, "u16", `Grid current L${n}`), {
        scale: -1,
        optional: n > 1,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`frequency_${l}`, "Hz", [0, 66], fitted(35123 + 5 * i, "u16", `Grid frequency L${n}`), {
        scale: -2,
        optional: n > 1,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`power_${l}`, "W", [-20_000, 20_000], holding(35125 + 5 * i, "i16", `Inverter power L${n}`)),
    ),
    gauge("power_produced", "W", [-32_768, 32_767], holding(35138, "i16", "35138 Total inverter power")),
    // The register counts what is fed in as positive.
    gauge("power", "W", [-32_768, 32_768], holding(35140, "i16", "35140 Active power at the meter", { times: -1 })),
    gauge("power_load", "W", [-32_768, 32_767], holding(35172, "i16", "35172 Load in all")),
    gauge("temperature", "Cel", [-40, 125], holding(35174, "i16", "35174 Inner temperature", { none: NONE.i16 }), {
      scale: -1,
      optional: true,
    }),
    gauge(
      "temperature_heatsink",
      "Cel",
      [-40, 150],
      holding(35176, "i16", "35176 Radiator temperature", { none: NONE.i16 }),
      { scale: -1, optional: true },
    ),
    gauge("dc_voltage", "V", [0, 1100], fitted(35178, "u16", "35178 Bus voltage"), { scale: -1, optional: true }),
    gauge("battery_voltage", "V", [0, 1000], fitted(35180, "u16", "35180 Battery voltage"), {
      scale: -1,
      optional: true,
    }),
    // Positive while it is discharged.
    gauge("battery_current", "A", [-100, 100], holding(35181, "i16", "35181 Battery current", { times: -1 }), {
      scale: -1,
      optional: true,
    }),
    state("battery_state", holding(35184, "u16", "35184 Battery mode", { texts: BATTERY }), { optional: true }),
    gauge("warning_code", "", [0, 0xffff], holding(35185, "u16", "35185 Warning code")),
    state("inverter_state", holding(35187, "u16", "35187 Work mode", { texts: MODES })),
    gauge("error_code", "", [0, 0xffff_ffff], holding(35189, "u32", "35189 Error codes")),
    energy("energy_produced", 35191, "35191 PV energy in all"),
    energy("energy_export", 35195, "35195 Energy fed in"),
    counter("operating_time", "s", 4e12, 1, fitted(35197, "u32", "35197 Hours in all", { times: 3600 }), {
      resolution: 3600,
      optional: true,
    }),
    energy("energy_import", 35200, "35200 Energy taken in"),
    energy("energy_load", 35203, "35203 Energy of the loads"),
    energy("energy_charged", 35206, "35206 Energy into the battery"),
    energy("energy_discharged", 35209, "35209 Energy out of the battery"),
  ],
});
