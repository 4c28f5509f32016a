import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round while a vehicle charges",
    source: "composed from the names and units of the OpenEVSE ESP32 firmware, models/Status.yaml",
    answer: [
      "{topic}/amp 15840",
      "{topic}/voltage 240",
      "{topic}/pilot 16",
      "{topic}/temp 315",
      "{topic}/state 3",
      "{topic}/vehicle 1",
      "{topic}/session_energy 1834.2",
      "{topic}/total_energy 10211.482",
    ].join("\n"),
    expect: {
      current: "15.840",
      voltage: "240",
      current_limit: "16",
      temperature: "31.5",
      charging_state: "charging",
      vehicle_connected: "true",
      session_energy: "1834.2",
      energy_import: "10211482",
    },
  },
];
