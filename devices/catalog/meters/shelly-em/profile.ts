import { profile } from "../../../profile.ts";
import { energy, gauge } from "../../message-measurements.ts";

const doc = "Shelly Gen1 API reference, Shelly EM: MQTT";
const emeter = (name: string) => ({ topic: `{topic}/emeter/{channel}/${name}` });

export default profile({
  id: "shelly-em",
  vendor: "Shelly",
  model: "EM (first generation), one channel",
  link: "mqtt",
  source: "Shelly Gen1 API reference: Shelly EM",
  work: "energy_import",
  stuckAfter: 86_400_000,
  mqtt: { availability: { topic: "{topic}/online", online: "true", offline: "false" } },
  measurements: [
    gauge("power", "W", [-30_000, 30_000], emeter("power"), doc),
    gauge("voltage", "V", [0, 300], emeter("voltage"), doc),
    gauge("reactive_power", "var", [-30_000, 30_000], emeter("reactive_power"), doc, { optional: true }),
    gauge("power_factor", "/", [-1, 1], emeter("pf"), doc, { optional: true }),
    // The largest clamp: 120 A at 253 V, 8.4 Wh a second.
    energy("energy_import", 9, emeter("total"), doc),
    energy("energy_export", 9, emeter("total_returned"), doc),
  ],
});
