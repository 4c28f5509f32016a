import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf } from "../../register-rows.ts";

const MANUAL = "Schneider Electric iEM3000 series user manual DOCA0005EN, Modbus register list";
/** The list counts from 1, the wire from 0; a value that is not available is NaN. */
const float = (register: number, text: string) =>
  rowsOf(MANUAL, "holding")(register - 1, "f32", `${register} ${text}`, { none: [Number.NaN] });
const long = (register: number, text: string) =>
  rowsOf(MANUAL, "holding")(register - 1, "i64", `${register} ${text}`, { none: [-(2n ** 63n)] });

// Full load, 3 x 63 A at up to 276 V, is 52 kW: 14.5 Wh a second.
export default profile({
  id: "schneider-iem3155",
  vendor: "Schneider Electric",
  model: "iEM3155",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { baudRate: 19_200, parity: "even", maxGap: 0 },
  measurements: [
    ...perPhase((l, n, i) => gauge(`current_${l}`, "A", [0, 80], float(3000 + 2 * i, `Current phase ${n}`))),
    ...perPhase((l, n, i) => gauge(`voltage_${l}`, "V", [0, 500], float(3028 + 2 * i, `Voltage L${n}-N`))),
    ...perPhase((l, n, i) =>
      gauge(`power_${l}`, "W", [-20_000, 20_000], float(3054 + 2 * i, `Active power phase ${n}, kW`), { scale: 3 }),
    ),
    gauge("power", "W", [-60_000, 60_000], float(3060, "Total active power, kW"), { scale: 3 }),
    gauge("reactive_power", "var", [-60_000, 60_000], float(3068, "Total reactive power, kvar"), { scale: 3 }),
    gauge("apparent_power", "VA", [-60_000, 60_000], float(3076, "Total apparent power, kVA"), { scale: 3 }),
    // Beyond 1 the quadrant is coded in it (manual, power factor).
    gauge("power_factor", "/", [-2, 2], float(3084, "Total power factor")),
    gauge("frequency", "Hz", [45, 66], float(3110, "Frequency"), { step: 1 }),
    counter("energy_import", "Wh", 1e12, 15, long(3204, "Total active energy import, Wh")),
    counter("energy_export", "Wh", 1e12, 15, long(3208, "Total active energy export, Wh")),
  ],
});
