import { type MeasurementProfile, profile, READINGS } from "../../../profile.ts";

const line = (field: string) => `emonTx V3 firmware V3.0 (discrete sampling), serial output: ${field}`;

function field(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  from: string,
  scale = 0,
  optional = false,
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, scale, optional, source: line(from), text: { field: from } };
}

export default profile({
  id: "openenergymonitor-emontx3",
  vendor: "OpenEnergyMonitor",
  model: "emonTx V3, discrete sampling, serial",
  link: "text",
  source: "OpenEnergyMonitor emonTx V3 firmware V3.0 and its printed lines",
  // It prints powers and pulses; what a pulse is worth, only the meter says whose light it counts.
  work: READINGS,
  measurements: [
    ...[1, 2, 3, 4].map((n) => field(`power_${n}`, "W", [-30_000, 30_000], `ct${n}`)),
    field("voltage", "V", [0, 300], "vrms", -2),
    {
      name: "pulses",
      unit: "count",
      kind: "counter",
      bounds: [0, 4_294_967_295],
      source: line("pulse"),
      text: { field: "pulse" },
    },
    ...[1, 2, 3, 4, 5, 6].map((n) => field(`temperature_${n}`, "Cel", [-55, 125], `t${n - 1}`, -1, true)),
  ],
});
