import { profile } from "../../../profile.ts";
import { energy, gauge, state } from "../../message-measurements.ts";

const doc = (part: string) => `Tasmota documentation, ${part}`;
const sensor = (path: string) => ({ topic: "tele/{topic}/SENSOR", path: `ENERGY.${path}` });
const switched = { words: { ON: true, OFF: false } };

export default profile({
  id: "tasmota-plug",
  vendor: "Tasmota",
  model: "plug with energy monitoring",
  link: "mqtt",
  source: "Tasmota documentation: MQTT, Energy Monitoring, Commands (version 13)",
  work: "energy_import",
  // A plug whose load is off shows the same numbers for days.
  stuckAfter: 0,
  mqtt: {
    availability: { topic: "tele/{topic}/LWT", online: "Online", offline: "Offline" },
    // TelePeriod is 300 s unless it was changed.
    slowest: 300_000,
    silence: 720_000,
    keep: 720_000,
    controls: [
      {
        key: "relay",
        topic: "cmnd/{topic}/POWER",
        payload: { true: "ON", false: "OFF" },
        confirm: { topic: "stat/{topic}/POWER", ...switched },
        source: doc("Commands, Power"),
      },
    ],
  },
  measurements: [
    gauge("power", "W", [-20, 4500], sensor("Power"), doc("Energy Monitoring")),
    gauge("voltage", "V", [0, 300], sensor("Voltage"), doc("Energy Monitoring")),
    gauge("current", "A", [0, 20], sensor("Current"), doc("Energy Monitoring")),
    gauge("apparent_power", "VA", [0, 4500], sensor("ApparentPower"), doc("Energy Monitoring"), { optional: true }),
    gauge("reactive_power", "var", [-4500, 4500], sensor("ReactivePower"), doc("Energy Monitoring"), {
      optional: true,
    }),
    gauge("power_factor", "/", [-1, 1], sensor("Factor"), doc("Energy Monitoring"), { optional: true }),
    // 16 A at 253 V are 1.1 Wh a second.
    energy("energy_import", 2, sensor("Total"), doc("Energy Monitoring"), { scale: 3 }),
    state("relay", { topic: "stat/{topic}/POWER", ...switched }, doc("MQTT, stat topic")),
  ],
});
