import { profile, READINGS } from "../../../profile.ts";
import { gauge } from "../../message-measurements.ts";

const doc = "OpenEnergyMonitor guide: MQTT; emonHub configuration of the emonPi (nodes 5)";
const value = (name: string) => ({ topic: `{topic}/${name}` });
const watts = [-25_000, 25_000] as const;

export default profile({
  id: "emonpi-mqtt",
  vendor: "OpenEnergyMonitor",
  model: "emonPi over MQTT (emonHub)",
  link: "mqtt",
  source: "OpenEnergyMonitor guide: MQTT; emonHub default configuration of the emonPi",
  // The emonPi measures power and counts pulses of a meter of unknown constant: no register in Wh.
  work: READINGS,
  stuckAfter: 86_400_000,
  mqtt: { topic: "emon/emonpi" },
  measurements: [
    // Last of a round.
    {
      name: "pulses",
      unit: "count",
      kind: "counter",
      bounds: [0, 4_294_967_295],
      message: value("pulsecount"),
      source: doc,
    },
    gauge("power_1", "W", watts, value("power1"), doc),
    gauge("power_2", "W", watts, value("power2"), doc),
    gauge("power", "W", [-50_000, 50_000], value("power1pluspower2"), doc),
    gauge("voltage", "V", [0, 300], value("vrms"), doc),
    ...[1, 2, 3, 4, 5, 6].map((n) =>
      gauge(`temperature_${n}`, "Cel", [-55, 125], value(`t${n}`), doc, { optional: true }),
    ),
  ],
});
