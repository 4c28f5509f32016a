import { evseStates } from "../../../../protocols/rapi/index.ts";
import { profile } from "../../../profile.ts";
import { energy, gauge, state } from "../../message-measurements.ts";

const doc = (part: string) => `OpenEVSE ESP32 firmware, ${part}`;
const status = doc("docs/mqtt.md; models/Status.yaml");
const value = (name: string) => ({ topic: `{topic}/${name}` });

export default profile({
  id: "openevse-wifi",
  vendor: "OpenEVSE",
  model: "OpenEVSE with Wi-Fi module (firmware 4 and later)",
  link: "mqtt",
  source: "OpenEVSE ESP32 firmware: docs/mqtt.md, models/Status.yaml, models/Properties.yaml",
  work: "energy_import",
  // A station without a vehicle, and without a voltmeter, shows the same numbers for days.
  stuckAfter: 0,
  mqtt: {
    // All values every 30 s.
    slowest: 30_000,
    silence: 120_000,
    controls: [
      {
        key: "current_limit",
        topic: "{topic}/claim/set",
        payload: '{"charge_current":{value}}',
        range: [6, 80],
        confirm: { topic: "{topic}/claim", path: "charge_current" },
        source: doc("docs/mqtt.md: claim"),
      },
      {
        key: "enabled",
        topic: "{topic}/claim/set",
        payload: { true: '{"state":"active"}', false: '{"state":"disabled"}' },
        confirm: { topic: "{topic}/claim", path: "state", words: { active: true, disabled: false } },
        source: doc("docs/mqtt.md: claim"),
      },
    ],
  },
  measurements: [
    gauge("current", "A", [0, 80], value("amp"), status, { scale: -3 }),
    gauge("voltage", "V", [0, 300], value("voltage"), status),
    gauge("current_limit", "A", [0, 80], value("pilot"), status),
    // Tenths of a degree; false where no sensor is fitted.
    gauge("temperature", "Cel", [-40, 120], value("temp"), status, { scale: -1, optional: true }),
    gauge("session_energy", "Wh", [0, 500_000], value("session_energy"), status, { optional: true }),
    // 80 A at 240 V are 5.3 Wh a second.
    energy("energy_import", 6, value("total_energy"), status, { scale: 3 }),
    state("charging_state", { ...value("state"), words: evseStates }, status),
    state("vehicle_connected", { ...value("vehicle"), words: { 1: true, 0: false } }, status),
  ],
});
