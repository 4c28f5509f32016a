import { profile } from "../../../profile.ts";
import { energy, gauge, state } from "../../message-measurements.ts";

const doc = "go-e Charger API v2: apikeys, mqtt";
const key = (name: string) => ({ topic: `{topic}/${name}` });
const nrg = (index: number) => ({ topic: "{topic}/nrg", path: String(index) });
const phases = (name: string, unit: string, bounds: readonly [number, number], first: number) =>
  [0, 1, 2].map((phase) => gauge(`${name}_l${phase + 1}`, unit, bounds, nrg(first + phase), `${doc}: nrg`));
const CAR = { 0: "unknown", 1: "not connected", 2: "charging", 3: "connected", 4: "finished", 5: "fault" };

function control(name: string, topic: string) {
  return {
    key: name,
    topic: `{topic}/${topic}/set`,
    // Since firmware 051.5; before, the charger is silent.
    confirm: { topic: `{topic}/${topic}/result`, accepted: "success" },
    source: "go-e Charger API v2: mqtt, setting values",
  };
}

export default profile({
  id: "go-e",
  vendor: "go-e",
  model: "Charger HOME+, HOMEfix (V3), Gemini: API v2 over MQTT",
  link: "mqtt",
  source: "go-e Charger API v2: apikeys-en.md, mqtt-en.md",
  work: "energy_import",
  stuckAfter: 0,
  mqtt: {
    availability: { topic: "{topic}/mcc", online: "true", offline: "false" },
    // Every key is a kept topic of its own, published when it changes.
    trigger: "any",
    retained: true,
    keep: 0,
    controls: [
      { ...control("current_limit", "amp"), payload: "{value}", range: [6, 32] },
      // Neutral: the charger's own logic decides, as before it was told to stop.
      { ...control("enabled", "frc"), payload: { true: "0", false: "1" } },
    ],
  },
  measurements: [
    gauge("power", "W", [0, 24_000], nrg(11), `${doc}: nrg`),
    ...phases("voltage", "V", [0, 300], 0),
    ...phases("current", "A", [0, 40], 4),
    ...phases("power", "W", [0, 8000], 7),
    gauge("current_limit", "A", [0, 32], key("amp"), `${doc}: amp`),
    gauge("session_energy", "Wh", [0, 500_000], key("wh"), `${doc}: wh`, { optional: true }),
    // 22 kW are 6.2 Wh a second.
    energy("energy_import", 7, key("eto"), `${doc}: eto`),
    state("charging_state", { ...key("car"), words: CAR }, `${doc}: car`),
  ],
});
