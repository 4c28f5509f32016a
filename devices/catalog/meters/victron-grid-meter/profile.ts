import { profile } from "../../../profile.ts";
import { counter, gauge, perPhase, rowsOf } from "../../register-rows.ts";

const MANUAL = "Victron CCGX Modbus TCP register list 3.00, com.victronenergy.grid";
const unsigned = rowsOf(MANUAL, "holding", { none: [0xffff] });
const signed = rowsOf(MANUAL, "holding", { none: [0x7fff] });
const long = rowsOf(MANUAL, "holding", { none: [0xffff_ffff] });

// A grid connection of 3 x 160 A at 276 V is 132 kW: 37 Wh a second.
export default profile({
  id: "victron-grid-meter",
  vendor: "Victron Energy",
  model: "Grid meter on a GX device",
  link: "modbus",
  source: MANUAL,
  work: "energy_import",
  modbus: { unit: 30, maxGap: 0 },
  measurements: [
    gauge(
      "power",
      "W",
      [-140_000, 140_000],
      signed(2600, "i16", "2600 to 2602 Grid L1 to L3 - Power", { plus: [2601, 2602] }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`power_${l}`, "W", [-32_768, 32_767], signed(2600 + i, "i16", `Grid L${n} - Power`), { optional: true }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`voltage_${l}`, "V", [0, 500], unsigned(2616 + 2 * i, "u16", `Grid L${n} - Voltage`), {
        scale: -1,
        optional: true,
      }),
    ),
    ...perPhase((l, n, i) =>
      gauge(`current_${l}`, "A", [-200, 200], signed(2617 + 2 * i, "i16", `Grid L${n} - Current`), {
        scale: -1,
        optional: true,
      }),
    ),
    counter("energy_import", "Wh", 4.3e10, 37, long(2634, "u32", "2634 Total energy from net, 0.01 kWh"), {
      scale: 1,
      resolution: 10,
    }),
    counter("energy_export", "Wh", 4.3e10, 37, long(2636, "u32", "2636 Total energy to net, 0.01 kWh"), {
      scale: 1,
      resolution: 10,
    }),
  ],
});
