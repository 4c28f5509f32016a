import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf, state } from "../../register-rows.ts";

const MANUAL = "Alfen, Implementation of Modbus Slave TCP/IP for NG9xx platform, 2.3 of 30-10-2020";
/** NaN where the meter has no such phase. */
const float = rowsOf(MANUAL, "holding", { none: [Number.NaN] });
const holding = rowsOf(MANUAL, "holding");

// A socket of 3 x 32 A at up to 276 V is 26.5 kW: 7.4 Wh a second.
export default profile({
  id: "alfen-eve",
  vendor: "Alfen",
  model: "Eve (NG9xx), one socket",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: {
    control: {
      current_limit: {
        table: "holding",
        at: 1210,
        type: "f32",
        unit: "A",
        bounds: [0, 32],
        // Forgotten after the valid time of register 1208, 60 s by default.
        refresh: 25_000,
        source: `${MANUAL}, §1.3.1: 1210 Modbus slave max current`,
      },
    },
  },
  measurements: [
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], float(306 + 2 * i, "f32", `Voltage phase L${n}N`), { optional: n > 1 }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [0, 40], float(320 + 2 * i, "f32", `Current phase L${n}`), { optional: n > 1 }),
    ),
    gauge("frequency", "Hz", [45, 66], float(336, "f32", "336 Frequency"), { step: 1 }),
    gauge("power", "W", [-30_000, 30_000], float(344, "f32", "344 Real power sum")),
    counter("energy_import", "Wh", 1e12, 8, float(374, "f64", "374 Real energy delivered sum, Wh")),
    state("charging_state", holding(1201, "string", "1201 Mode 3 state", { words: 5 })),
    gauge("current_limit", "A", [0, 64], float(1206, "f32", "1206 Actual applied max current")),
    gauge("phases_allowed", "count", [1, 3], holding(1215, "u16", "1215 Charge using phases"), { optional: true }),
  ],
});
