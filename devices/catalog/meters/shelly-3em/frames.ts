import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round of three phases, one of them feeding in",
    source: "composed from the topics of the Shelly Gen1 API reference, Shelly 3EM: MQTT",
    answer: [
      "{topic}/emeter/0/power 601.12",
      "{topic}/emeter/0/pf 0.95",
      "{topic}/emeter/0/current 2.75",
      "{topic}/emeter/0/voltage 231.10",
      "{topic}/emeter/0/total 3403827.4",
      "{topic}/emeter/0/total_returned 0.0",
      "{topic}/emeter/1/power -45.30",
      "{topic}/emeter/1/pf -0.48",
      "{topic}/emeter/1/current 0.41",
      "{topic}/emeter/1/voltage 230.90",
      "{topic}/emeter/1/total 3403827.5",
      "{topic}/emeter/1/total_returned 11.2",
      "{topic}/emeter/2/power 1278.40",
      "{topic}/emeter/2/pf 0.98",
      "{topic}/emeter/2/current 5.61",
      "{topic}/emeter/2/voltage 231.70",
      "{topic}/emeter/2/total 3403827.4",
      "{topic}/emeter/2/total_returned 0.3",
    ].join("\n"),
    expect: {
      power: "1834.22",
      power_l2: "-45.30",
      voltage_l3: "231.70",
      current_l1: "2.75",
      power_factor_l2: "-0.48",
      energy_import: "10211482.3",
      energy_export: "11.5",
    },
  },
];
