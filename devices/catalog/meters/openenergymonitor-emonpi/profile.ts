import { type MeasurementProfile, profile, READINGS } from "../../../profile.ts";

const packet = (what: string) => `emonPi firmware V2.5, packet of node 5: ${what}`;

function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  at: number,
  what: string,
  scale = 0,
): MeasurementProfile {
  const optional = name.startsWith("temperature");
  // Sensors that are not plugged in are 0 in V2.5; 3000 tenths of a degree are a sensor's error.
  const absent = optional ? { absent: 0 } : {};
  return {
    name,
    unit,
    kind: "gauge",
    bounds,
    scale,
    optional,
    source: packet(what),
    text: { node: 5, at, type: "i16", ...absent },
  };
}

export default profile({
  id: "openenergymonitor-emonpi",
  vendor: "OpenEnergyMonitor",
  model: "emonPi, ATmega328 serial",
  link: "text",
  source: "OpenEnergyMonitor emonPi firmware V2.5 and its printed packets",
  // Two powers and pulses; what a pulse is worth, only the meter says whose light it counts.
  work: READINGS,
  text: { baudRate: 38_400, interval: 5000, packetBytes: 24 },
  measurements: [
    gauge("power_1", "W", [-30_000, 30_000], 0, "bytes 0 and 1, power 1"),
    gauge("power_2", "W", [-30_000, 30_000], 2, "bytes 2 and 3, power 2"),
    gauge("power", "W", [-60_000, 60_000], 4, "bytes 4 and 5, sum"),
    gauge("voltage", "V", [0, 300], 6, "bytes 6 and 7, hundredths of a volt", -2),
    ...[1, 2, 3, 4, 5, 6].map((n) =>
      gauge(
        `temperature_${n}`,
        "Cel",
        [-55, 125],
        6 + 2 * n,
        `bytes ${6 + 2 * n} and ${7 + 2 * n}, tenths of a degree`,
        -1,
      ),
    ),
    {
      name: "pulses",
      unit: "count",
      kind: "counter",
      bounds: [0, 4_294_967_295],
      source: packet("bytes 20 to 23, pulses"),
      text: { node: 5, at: 20, type: "u32" },
    },
  ],
});
