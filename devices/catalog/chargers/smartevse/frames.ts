import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round while a vehicle charges",
    source: "composed from the topics of SmartEVSE v3, docs/MQTT_API.md",
    answer: [
      "{topic}/State Charging",
      "{topic}/EVPlugState Connected",
      "{topic}/EVChargePower 10949",
      "{topic}/EVEnergyCharged 1834",
      "{topic}/EVTotalEnergyCharged 10211482",
    ].join("\n"),
    expect: {
      power: "10949",
      charging_state: "Charging",
      vehicle_connected: "true",
      session_energy: "1834",
      energy_import: "10211482",
    },
  },
];
