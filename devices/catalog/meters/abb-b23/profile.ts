import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf } from "../../register-rows.ts";

const MANUAL = "ABB B23/B24 user manual 2CMC485003M0201, Modbus mapping tables";
const holding = rowsOf(MANUAL, "holding");
/** All bits set, and for signed numbers all but the sign: not available (manual, mapping tables). */
const NONE = { u16: [0xffff], u32: [0xffff_ffff], u64: [2n ** 64n - 1n], i16: [0x7fff], i32: [0x7fff_ffff] };
const row = (at: number, type: keyof typeof NONE, text: string) => holding(at, type, text, { none: NONE[type] });

// Full load, 3 x 65 A at up to 276 V, is 54 kW: 15 Wh a second.
export default profile({
  id: "abb-b23",
  vendor: "ABB",
  model: "B23",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { maxGap: 4 },
  measurements: [
    counter("energy_import", "Wh", 1e12, 15, row(0x5000, "u64", "5000 Active import"), { scale: 1, resolution: 10 }),
    counter("energy_export", "Wh", 1e12, 15, row(0x5004, "u64", "5004 Active export"), {
      scale: 1,
      resolution: 10,
      optional: true,
    }),
    counter("reactive_energy_import", "varh", 1e12, 15, row(0x500c, "u64", "500C Reactive import"), {
      scale: 1,
      resolution: 10,
      optional: true,
    }),
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], row(0x5b00 + 2 * i, "u32", `Voltage L${n}-N`), { scale: -1 }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [0, 80], row(0x5b0c + 2 * i, "u32", `Current L${n}`), { scale: -2 }),
    ),
    gauge("power", "W", [-60_000, 60_000], row(0x5b14, "i32", "5B14 Active power total"), { scale: -2 }),
    ...perPhase((l, n, i) =>
      gauge(`power_${l}`, "W", [-20_000, 20_000], row(0x5b16 + 2 * i, "i32", `Active power L${n}`), { scale: -2 }),
    ),
    gauge("reactive_power", "var", [-60_000, 60_000], row(0x5b1c, "i32", "5B1C Reactive power total"), { scale: -2 }),
    gauge("apparent_power", "VA", [-60_000, 60_000], row(0x5b24, "i32", "5B24 Apparent power total"), { scale: -2 }),
    gauge("frequency", "Hz", [45, 66], row(0x5b2c, "u16", "5B2C Frequency"), { scale: -2, step: 1 }),
    gauge("power_factor", "/", [-1, 1], row(0x5b3a, "i16", "5B3A Power factor total"), { scale: -3 }),
  ],
});
