import { profile } from "../../../profile.ts";
import { energy, gauge } from "../../message-measurements.ts";

const doc = "ESPHome documentation, MQTT Client Component: state topics";
const sensor = (id: string) => ({ topic: `{topic}/sensor/${id}/state` });

export default profile({
  id: "esphome-meter",
  vendor: "ESPHome",
  model: "energy meter node",
  link: "mqtt",
  source: "ESPHome documentation: MQTT Client Component, Sensor Component",
  work: "energy_import",
  stuckAfter: 86_400_000,
  mqtt: { availability: { topic: "{topic}/status", online: "online", offline: "offline" } },
  measurements: [
    gauge("power", "W", [-91_000, 91_000], sensor("power"), doc),
    gauge("voltage", "V", [0, 300], sensor("voltage"), doc, { optional: true }),
    gauge("current", "A", [0, 400], sensor("current"), doc, { optional: true }),
    gauge("frequency", "Hz", [40, 70], sensor("frequency"), doc, { optional: true }),
    gauge("power_factor", "/", [-1, 1], sensor("power_factor"), doc, { optional: true }),
    energy("energy_import", 26, sensor("energy"), doc, { scale: 3 }),
  ],
});
