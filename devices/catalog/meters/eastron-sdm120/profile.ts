import { type MeasurementProfile, profile } from "../../../profile.ts";

const float = (at: number) => ({ table: "input", at, type: "f32" }) as const;
const manual = (row: string) => `SDM120 manual v2.3, §2.1 input registers: ${row}`;

// Full load, 45 A at up to 276 V, is 12.4 kW: 3.5 Wh a second.
const measurements: MeasurementProfile[] = [
  {
    name: "voltage",
    unit: "V",
    kind: "gauge",
    bounds: [0, 600],
    source: manual("30001 Voltage"),
    register: float(0x0000),
  },
  {
    name: "current",
    unit: "A",
    kind: "gauge",
    bounds: [0, 100],
    source: manual("30007 Current"),
    register: float(0x0006),
  },
  {
    name: "power",
    unit: "W",
    kind: "gauge",
    bounds: [-12_000, 12_000],
    source: manual("30013 Active power"),
    register: float(0x000c),
  },
  {
    name: "apparent_power",
    unit: "VA",
    kind: "gauge",
    bounds: [0, 12_000],
    source: manual("30019 Apparent power"),
    register: float(0x0012),
  },
  {
    name: "reactive_power",
    unit: "var",
    kind: "gauge",
    bounds: [-12_000, 12_000],
    source: manual("30025 Reactive power"),
    register: float(0x0018),
  },
  {
    name: "power_factor",
    unit: "/",
    kind: "gauge",
    bounds: [-1, 1],
    source: manual("30031 Power factor"),
    register: float(0x001e),
  },
  {
    name: "frequency",
    unit: "Hz",
    kind: "gauge",
    bounds: [45, 66],
    step: 1,
    source: manual("30071 Frequency"),
    register: float(0x0046),
  },
  {
    name: "energy_import",
    unit: "Wh",
    kind: "counter",
    bounds: [0, 1_000_000_000],
    step: 4,
    scale: 3,
    source: manual("30073 Import active energy"),
    register: float(0x0048),
  },
  {
    name: "energy_export",
    unit: "Wh",
    kind: "counter",
    bounds: [0, 1_000_000_000],
    step: 4,
    scale: 3,
    source: manual("30075 Export active energy"),
    register: float(0x004a),
  },
  {
    name: "energy_total",
    unit: "Wh",
    kind: "counter",
    bounds: [0, 2_000_000_000],
    step: 4,
    scale: 3,
    source: manual("30343 Total active energy"),
    register: float(0x0156),
  },
];

export default profile({
  id: "eastron-sdm120",
  vendor: "Eastron",
  model: "SDM120M",
  link: "modbus",
  source: "Eastron SDM120-Modbus user manual v2.3",
  work: "energy_import",
  modbus: { baudRate: 2400, maxRegisters: 80, maxGap: 30 },
  measurements,
});
