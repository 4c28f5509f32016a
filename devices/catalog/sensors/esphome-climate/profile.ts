import { profile, READINGS } from "../../../profile.ts";
import { gauge } from "../../message-measurements.ts";

const doc = "ESPHome documentation, MQTT Client Component: state topics";
const sensor = (id: string) => ({ topic: `{topic}/sensor/${id}/state` });

export default profile({
  id: "esphome-climate",
  vendor: "ESPHome",
  model: "temperature and humidity node",
  link: "mqtt",
  source: "ESPHome documentation: MQTT Client Component, BME280 and DHT sensors",
  work: READINGS,
  stuckAfter: 86_400_000,
  mqtt: { availability: { topic: "{topic}/status", online: "online", offline: "offline" } },
  measurements: [
    gauge("temperature", "Cel", [-50, 100], sensor("temperature"), doc, { step: 1 }),
    gauge("humidity", "%RH", [0, 100], sensor("humidity"), doc, { optional: true }),
    // hPa on the wire.
    gauge("pressure", "Pa", [30_000, 120_000], sensor("pressure"), doc, { scale: 2, optional: true }),
  ],
});
