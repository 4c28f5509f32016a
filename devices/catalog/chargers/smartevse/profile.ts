import { profile } from "../../../profile.ts";
import { energy, gauge, state } from "../../message-measurements.ts";

const doc = "SmartEVSE v3, docs/MQTT_API.md";
const value = (name: string) => ({ topic: `{topic}/${name}` });

export default profile({
  id: "smartevse",
  vendor: "SmartEVSE",
  model: "SmartEVSE 3 with EV meter",
  link: "mqtt",
  source: "SmartEVSE v3: docs/MQTT_API.md",
  work: "energy_import",
  stuckAfter: 0,
  mqtt: {
    availability: { topic: "{topic}/connected", online: "online", offline: "offline" },
    slowest: 30_000,
    silence: 120_000,
  },
  measurements: [
    gauge("power", "W", [0, 24_000], value("EVChargePower"), doc),
    gauge("session_energy", "Wh", [0, 500_000], value("EVEnergyCharged"), doc, { optional: true }),
    // 22 kW are 6.2 Wh a second.
    energy("energy_import", 7, { ...value("EVTotalEnergyCharged"), or: [value("EVImportActiveEnergy")] }, doc),
    state("charging_state", value("State"), doc),
    state("vehicle_connected", { ...value("EVPlugState"), words: { Connected: true, Disconnected: false } }, doc),
  ],
});
