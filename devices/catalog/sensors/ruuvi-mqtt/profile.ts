import { profile, READINGS } from "../../../profile.ts";
import { gauge } from "../../message-measurements.ts";

const doc = "Ruuvi documentation: data format 5 (RAWv2); Ruuvi Gateway, MQTT time-stamped data";
const field = (path: string) => ({ topic: "{topic}", path });

export default profile({
  id: "ruuvi-mqtt",
  vendor: "Ruuvi",
  model: "RuuviTag through a Ruuvi Gateway",
  link: "mqtt",
  source: "Ruuvi documentation: data format 5 (RAWv2), Ruuvi Gateway data formats",
  work: READINGS,
  stuckAfter: 86_400_000,
  mqtt: { payload: "ruuvi" },
  measurements: [
    gauge("temperature", "Cel", [-45, 90], field("temperature"), doc, { step: 1 }),
    gauge("humidity", "%RH", [0, 100], field("humidity"), doc, { optional: true }),
    gauge("pressure", "Pa", [50_000, 115_536], field("pressure"), doc, { optional: true }),
    gauge("battery_voltage", "V", [1.6, 3.65], field("voltage"), doc, { optional: true }),
  ],
});
