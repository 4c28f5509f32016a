import { type MeasurementProfile, profile } from "../../../profile.ts";

const line = (field: string) => `OpenEnergyMonitor emonTx continuous sampling, serial output: ${field}`;

function field(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  from: string,
  optional = false,
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, optional, source: line(from), text: { field: from } };
}

const energy = (n: number): MeasurementProfile => ({
  name: `energy_${n}`,
  unit: "Wh",
  kind: "counter",
  bounds: [0, 1e12],
  // A clamp of 100 A at 253 V: 25 kW, 7 Wh a second.
  step: 7,
  optional: n > 1,
  source: line(`E${n}`),
  text: { field: `E${n}` },
});

export default profile({
  id: "openenergymonitor-emontx-cm",
  vendor: "OpenEnergyMonitor",
  model: "emonTx3, emonTx4 and emonPi2 with continuous sampling, serial",
  link: "text",
  source: "OpenEnergyMonitor emonTx firmware with continuous sampling (emonLibCM, emonLibDB), serial output",
  work: "energy_1",
  measurements: [
    field("power_1", "W", [-30_000, 30_000], "P1"),
    ...[2, 3, 4, 5, 6].map((n) => field(`power_${n}`, "W", [-30_000, 30_000], `P${n}`, true)),
    field("voltage", "V", [0, 300], "Vrms", true),
    ...[1, 2, 3, 4, 5, 6].map(energy),
    {
      name: "pulses",
      unit: "count",
      kind: "counter",
      bounds: [0, 4_294_967_295],
      optional: true,
      source: line("pulse"),
      text: { field: "pulse" },
    },
    ...[1, 2, 3].map((n) => field(`temperature_${n}`, "Cel", [-55, 125], `T${n}`, true)),
  ],
});
