import { type MeasurementProfile, profile } from "../profile.ts";

/**
 * The worked example: copy this folder to `catalog/<kind>/<vendor-model>/`, put what the manual says in its
 * place, add the profile to `catalog/index.ts`, and run the catalog's test until it passes.
 */

// Every measurement cites the manual: whoever doubts a value must find the line it came from.
const manual = (row: string) => `Example EM1 manual v1.0, §4 registers: ${row}`;

const measurements: MeasurementProfile[] = [
  {
    // From devices/vocabulary.ts, which also fixes unit and kind.
    name: "power",
    unit: "W",
    kind: "gauge",
    // What the board can physically show. Values outside are marked, not changed.
    bounds: [-15_000, 15_000],
    source: manual("0x0000 active power, signed, 0.1 W"),
    // Tenths of a watt: the value is the register times 10^-1, exactly.
    scale: -1,
    register: { table: "holding", at: 0x0000, type: "i32" },
  },
  {
    name: "voltage",
    unit: "V",
    kind: "gauge",
    bounds: [0, 300],
    source: manual("0x0002 voltage, 0.1 V"),
    scale: -1,
    register: { table: "holding", at: 0x0002, type: "u16" },
  },
  {
    name: "energy_import",
    unit: "Wh",
    kind: "counter",
    bounds: [0, 1_000_000_000],
    // 15 kW are 4.2 Wh a second: a counter that grows faster is not believed.
    step: 5,
    source: manual("0x0010 imported energy, 0.01 kWh, low word first"),
    // 0.01 kWh are 10 Wh.
    scale: 1,
    register: { table: "holding", at: 0x0010, type: "u32", wordOrder: "low-first" },
  },
];

export default profile({
  id: "example-em1",
  vendor: "Example",
  model: "EM1",
  link: "modbus",
  source: "Example EM1 manual v1.0",
  work: "energy_import",
  // Only what differs from the defaults in devices/profile.ts.
  modbus: { baudRate: 19_200, maxRegisters: 40, maxGap: 4 },
  measurements,
});
