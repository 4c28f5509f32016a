import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "keys of a charger with a vehicle on three phases",
    source: "composed from the keys of the go-e Charger API v2",
    answer: [
      "{topic}/nrg [231,230,232,1,15.8,15.9,15.7,3650,3657,3642,0,10949,100,100,100,0]",
      "{topic}/amp 16",
      "{topic}/car 2",
      "{topic}/wh 1834.214966",
      "{topic}/eto 10211482",
    ].join("\n"),
    expect: {
      power: "10949",
      voltage_l3: "232",
      current_l2: "15.9",
      power_l1: "3650",
      current_limit: "16",
      charging_state: "charging",
      session_energy: "1834.214966",
      energy_import: "10211482",
    },
  },
];
