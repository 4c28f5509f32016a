import { profile } from "../../../profile.ts";
import { counter, gauge, rowsOf } from "../../register-rows.ts";

const MANUAL = "Eastron SDM72D-M user manual v1.2, Modbus input registers";
const input = rowsOf(MANUAL, "input");

// Full load, 3 x 100 A at up to 276 V, is 83 kW: 23 Wh a second.
export default profile({
  id: "eastron-sdm72d",
  vendor: "Eastron",
  model: "SDM72D-M",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { maxRegisters: 80, maxGap: 20 },
  measurements: [
    gauge("power", "W", [-90_000, 90_000], input(0x0034, "f32", "30053 Total system power")),
    counter("energy_import", "Wh", 1e9, 24, input(0x0048, "f32", "30073 Total import kWh"), { scale: 3 }),
    counter("energy_export", "Wh", 1e9, 24, input(0x004a, "f32", "30075 Total export kWh"), { scale: 3 }),
    counter("energy_total", "Wh", 2e9, 24, input(0x0156, "f32", "30343 Total kWh"), { scale: 3 }),
    gauge("power_import", "W", [0, 90_000], input(0x0500, "f32", "31281 Total import active power"), {
      optional: true,
    }),
    gauge("power_export", "W", [0, 90_000], input(0x0502, "f32", "31283 Total export active power"), {
      optional: true,
    }),
  ],
});
