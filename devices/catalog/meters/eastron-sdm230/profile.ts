import { profile } from "../../../profile.ts";
import { counter, gauge, rowsOf } from "../../register-rows.ts";

const MANUAL = "Eastron SDM230-Modbus protocol v1.2, input registers";
const input = rowsOf(MANUAL, "input");

// Full load, 100 A at up to 276 V, is 27.6 kW: 7.7 Wh a second.
export default profile({
  id: "eastron-sdm230",
  vendor: "Eastron",
  model: "SDM230-Modbus",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { maxRegisters: 80, maxGap: 30 },
  measurements: [
    gauge("voltage", "V", [0, 600], input(0x0000, "f32", "30001 Line to neutral volts")),
    gauge("current", "A", [0, 120], input(0x0006, "f32", "30007 Current")),
    gauge("power", "W", [-30_000, 30_000], input(0x000c, "f32", "30013 Active power")),
    gauge("apparent_power", "VA", [-30_000, 30_000], input(0x0012, "f32", "30019 Apparent power")),
    gauge("reactive_power", "var", [-30_000, 30_000], input(0x0018, "f32", "30025 Reactive power")),
    gauge("power_factor", "/", [-1, 1], input(0x001e, "f32", "30031 Power factor")),
    gauge("frequency", "Hz", [45, 66], input(0x0046, "f32", "30071 Frequency"), { step: 1 }),
    counter("energy_import", "Wh", 1e9, 8, input(0x0048, "f32", "30073 Import active energy"), { scale: 3 }),
    counter("energy_export", "Wh", 1e9, 8, input(0x004a, "f32", "30075 Export active energy"), { scale: 3 }),
    counter("reactive_energy_import", "varh", 1e9, 8, input(0x004c, "f32", "30077 Import reactive energy"), {
      scale: 3,
    }),
    counter("reactive_energy_export", "varh", 1e9, 8, input(0x004e, "f32", "30079 Export reactive energy"), {
      scale: 3,
    }),
    counter("energy_total", "Wh", 2e9, 8, input(0x0156, "f32", "30343 Total active energy"), { scale: 3 }),
  ],
});
