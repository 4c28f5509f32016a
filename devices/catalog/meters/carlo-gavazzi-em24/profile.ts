import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf } from "../../register-rows.ts";

const MANUAL = "Carlo Gavazzi EM24-DIN communication protocol, instantaneous variables and meters";
/** INT32 with the low word first; all bits but the sign set: out of the meter's range ("EEE"). */
const long = rowsOf(MANUAL, "input", { wordOrder: "low-first", none: [0x7fff_ffff] });
const short = rowsOf(MANUAL, "input", { none: [0x7fff] });

// Full load, 3 x 65 A at up to 276 V, is 54 kW: 15 Wh a second.
export default profile({
  id: "carlo-gavazzi-em24",
  vendor: "Carlo Gavazzi",
  model: "EM24-DIN (RS-485)",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { maxRegisters: 11, maxGap: 4 },
  measurements: [
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], long(0x0000 + 2 * i, "i32", `V L${n}-N`), { scale: -1 }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [-80, 80], long(0x000c + 2 * i, "i32", `A L${n}`), { scale: -3 }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`power_${l}`, "W", [-20_000, 20_000], long(0x0012 + 2 * i, "i32", `W L${n}`), { scale: -1 }),
    ),
    gauge("power", "W", [-60_000, 60_000], long(0x0028, "i32", "0028h W sys"), { scale: -1 }),
    gauge("apparent_power", "VA", [-60_000, 60_000], long(0x002a, "i32", "002Ah VA sys"), { scale: -1 }),
    gauge("reactive_power", "var", [-60_000, 60_000], long(0x002c, "i32", "002Ch var sys"), { scale: -1 }),
    gauge("power_factor", "/", [-1, 1], short(0x0035, "i16", "0035h PF sys"), { scale: -3 }),
    gauge("frequency", "Hz", [45, 66], short(0x0037, "i16", "0037h Hz"), { scale: -1, step: 1 }),
    counter("energy_import", "Wh", 1e11, 15, long(0x003e, "i32", "003Eh kWh(+) TOT"), { scale: 2, resolution: 100 }),
    counter("reactive_energy_import", "varh", 1e11, 15, long(0x0040, "i32", "0040h kvarh(+) TOT"), {
      scale: 2,
      resolution: 100,
    }),
    counter("energy_export", "Wh", 1e11, 15, long(0x005c, "i32", "005Ch kWh(-) TOT"), { scale: 2, resolution: 100 }),
  ],
});
