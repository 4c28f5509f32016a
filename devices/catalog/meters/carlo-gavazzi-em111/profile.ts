import { profile } from "../../../profile.ts";
import { counter, gauge, rowsOf } from "../../register-rows.ts";

const MANUAL = "Carlo Gavazzi EM111 communication protocol, instantaneous variables and meters";
/** INT32 with the low word first; all bits but the sign set: out of the meter's range ("EEE"). */
const long = rowsOf(MANUAL, "input", { wordOrder: "low-first", none: [0x7fff_ffff] });
const short = rowsOf(MANUAL, "input", { none: [0x7fff] });

// Full load, 45 A at up to 276 V, is 12.4 kW: 3.5 Wh a second.
export default profile({
  id: "carlo-gavazzi-em111",
  vendor: "Carlo Gavazzi",
  model: "EM111",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { maxRegisters: 11, maxGap: 4 },
  measurements: [
    gauge("voltage", "V", [0, 500], long(0x0000, "i32", "0000h V"), { scale: -1 }),
    gauge("current", "A", [-60, 60], long(0x0002, "i32", "0002h A"), { scale: -3 }),
    gauge("power", "W", [-15_000, 15_000], long(0x0004, "i32", "0004h W"), { scale: -1 }),
    gauge("apparent_power", "VA", [-15_000, 15_000], long(0x0006, "i32", "0006h VA"), { scale: -1 }),
    gauge("reactive_power", "var", [-15_000, 15_000], long(0x0008, "i32", "0008h var"), { scale: -1 }),
    gauge("power_factor", "/", [-1, 1], short(0x000e, "i16", "000Eh PF"), { scale: -3 }),
    gauge("frequency", "Hz", [45, 66], short(0x000f, "i16", "000Fh Hz"), { scale: -1, step: 1 }),
    counter("energy_import", "Wh", 1e11, 4, long(0x0010, "i32", "0010h kWh(+) TOT"), { scale: 2, resolution: 100 }),
    counter("reactive_energy_import", "varh", 1e11, 4, long(0x0012, "i32", "0012h kvarh(+) TOT"), {
      scale: 2,
      resolution: 100,
    }),
    counter("energy_export", "Wh", 1e11, 4, long(0x0020, "i32", "0020h kWh(-) TOT"), { scale: 2, resolution: 100 }),
  ],
});
