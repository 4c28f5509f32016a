import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round of channel 0",
    source: "composed from the topics of the Shelly Gen1 API reference, Shelly EM: MQTT",
    answer: [
      "{topic}/emeter/0/power 1834.21",
      "{topic}/emeter/0/reactive_power -210.50",
      "{topic}/emeter/0/voltage 231.44",
      "{topic}/emeter/0/total 10211482.3",
      "{topic}/emeter/0/total_returned 0.0",
    ].join("\n"),
    expect: {
      power: "1834.21",
      reactive_power: "-210.50",
      voltage: "231.44",
      energy_import: "10211482.3",
      energy_export: "0",
    },
  },
];
