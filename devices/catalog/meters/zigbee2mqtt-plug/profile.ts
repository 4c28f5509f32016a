import { profile } from "../../../profile.ts";
import { energy, gauge, state } from "../../message-measurements.ts";

const doc = "Zigbee2MQTT documentation: MQTT topics and messages; Exposes";
const field = (path: string) => ({ topic: "{topic}", path });
const switched = { words: { ON: true, OFF: false } };

export default profile({
  id: "zigbee2mqtt-plug",
  vendor: "Zigbee2MQTT",
  model: "plug with power monitoring",
  link: "mqtt",
  source: "Zigbee2MQTT documentation: MQTT topics and messages, Exposes, Device availability",
  work: "energy_import",
  stuckAfter: 0,
  mqtt: {
    availability: { topic: "{topic}/availability", path: "state", online: "online", offline: "offline" },
    // Plugs report changes; the slowest of them repeat themselves within the hour.
    slowest: 3_600_000,
    silence: 7_200_000,
    keep: 7_200_000,
    controls: [
      {
        key: "relay",
        topic: "{topic}/set",
        payload: { true: '{"state":"ON"}', false: '{"state":"OFF"}' },
        confirm: { ...field("state"), ...switched },
        source: doc,
      },
    ],
  },
  measurements: [
    gauge("power", "W", [-20, 4500], field("power"), doc),
    gauge("voltage", "V", [0, 300], field("voltage"), doc, { optional: true }),
    gauge("current", "A", [0, 20], field("current"), doc, { optional: true }),
    energy("energy_import", 2, field("energy"), doc, { scale: 3 }),
    gauge("link_quality", "", [0, 255], field("linkquality"), doc, { optional: true }),
    state("relay", { ...field("state"), ...switched }, doc),
  ],
});
