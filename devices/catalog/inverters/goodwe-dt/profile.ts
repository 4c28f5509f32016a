import { type MeasurementProfile, profile } from "../../../profile.ts";
import type { RegisterSource } from "../../../sections/modbus.ts";
import { counter, gauge, perPhase, rowsOf, state } from "../../register-rows.ts";

const MANUAL = "GoodWe Modbus protocol for DT, SDT, MS, MT and D-NS inverters, running data";
const holding = rowsOf(MANUAL, "holding");
/** All bits set: not fitted. */
const NONE = { u16: [0xffff], i16: [-1], u32: [0xffff_ffff], i32: [-1] };
const fitted = (at: number, type: keyof typeof NONE, text: string, more: Partial<RegisterSource> = {}) =>
  holding(at, type, text, { none: NONE[type], ...more });

const STRINGS = [1, 2, 3, 4];
const MODES = { 0: "waiting", 1: "normal", 2: "error", 4: "checking" };
const COUNTRIES = {
  1: "CZ-A1",
  2: "DE LV with PV",
  9: "Australia A",
  20: "NL-A",
  32: "50 Hz 230 Vac default",
  73: "Australia Victoria",
};
/** Those seen on inverters of this family. */
const DERATING = { 2: "reactive power", 8: "maximum current" };

const strings = STRINGS.flatMap((n): MeasurementProfile[] => [
  gauge(`pv_voltage_${n}`, "V", [0, 1100], fitted(30101 + 2 * n, "u16", `PV${n} voltage`), {
    scale: -1,
    optional: true,
  }),
  gauge(`pv_current_${n}`, "A", [0, 200], fitted(30102 + 2 * n, "u16", `PV${n} current`), {
    scale: -1,
    optional: true,
  }),
]);

// The largest of the family, 50 kW and a tenth more for a moment: 15.3 Wh a second.
export default profile({
  id: "goodwe-dt",
  vendor: "GoodWe",
  model: "DT, SDT, MS, MT, D-NS",
  link: "modbus",
  source: MANUAL,
  work: "energy_produced",
  // At night nothing moves for hours.
  stuckAfter: 0,
  modbus: { unit: 0x7f, maxGap: 40 },
  measurements: [
    ...strings,
    ...["l12", "l23", "l31"].map((pair, i) =>
      gauge(`voltage_${pair}`, "V", [0, 900], fitted(30115 + i, "u16", `Line voltage ${pair}`), {
        scale: -1,
        optional: true,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], fitted(30118 + i, "u16", `Grid voltage L${n}`), {
        scale: -1,
        optional: n > 1,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [0, 200], fitted(30121 + i, "u16", `Grid current L${n}`), {
        scale: -1,
        optional: n > 1,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`frequency_${l}`, "Hz", [0, 66], fitted(30124 + i, "i16", `Grid frequency L${n}`), {
        scale: -2,
        optional: n > 1,
      }),
    ),
    gauge("power_produced", "W", [-1000, 60_000], holding(30127, "i32", "30127 Total inverter power")),
    state("inverter_state", holding(30129, "u16", "30129 Work mode", { texts: MODES })),
    gauge("error_code", "", [0, 0xffff_ffff], holding(30130, "u32", "30130 Error codes")),
    gauge("warning_code", "", [0, 0xffff], holding(30132, "u16", "30132 Warning code")),
    gauge("apparent_power", "VA", [-60_000, 60_000], fitted(30133, "i32", "30133 Apparent power"), { optional: true }),
    gauge("reactive_power", "var", [-60_000, 60_000], fitted(30135, "i32", "30135 Reactive power"), { optional: true }),
    gauge("power_input", "W", [-1000, 60_000], holding(30137, "i16", "30137 Total input power"), { optional: true }),
    gauge("power_factor", "/", [-1, 1], fitted(30139, "i16", "30139 Power factor"), { scale: -3, optional: true }),
    gauge("temperature", "Cel", [-40, 125], fitted(30141, "i16", "30141 Inner temperature"), {
      scale: -1,
      optional: true,
    }),
    gauge("temperature_heatsink", "Cel", [-40, 150], fitted(30142, "i16", "30142 Heat sink temperature"), {
      scale: -1,
      optional: true,
    }),
    gauge("energy_today", "Wh", [0, 2_000_000], fitted(30144, "u16", "30144 Energy of the day, 0.1 kWh"), { scale: 2 }),
    counter("energy_produced", "Wh", 4.3e11, 16, fitted(30145, "u32", "30145 Energy in all, 0.1 kWh"), {
      scale: 2,
      resolution: 100,
    }),
    counter("operating_time", "s", 4e12, 1, fitted(30147, "u32", "30147 Hours in all", { times: 3600 }), {
      resolution: 3600,
      optional: true,
    }),
    state("grid_code", holding(30149, "u16", "30149 Safety country", { texts: COUNTRIES }), { optional: true }),
    gauge("function_bits", "", [0, 0xffff], fitted(30162, "u16", "30162 Function bits"), { optional: true }),
    gauge("dc_voltage", "V", [0, 1100], fitted(30163, "u16", "30163 Bus voltage"), { scale: -1, optional: true }),
    gauge("dc_voltage_half", "V", [0, 1100], fitted(30164, "u16", "30164 Negative bus voltage"), {
      scale: -1,
      optional: true,
    }),
    state("derating", fitted(30165, "u32", "30165 Derating mode", { flags: DERATING }), { optional: true }),
    gauge("signal_strength", "", [0, 0xffff], holding(30172, "u16", "30172 RSSI"), { optional: true }),
  ],
});
