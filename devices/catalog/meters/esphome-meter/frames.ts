import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round of a node with a PZEM meter",
    source: "composed from the topics of the ESPHome documentation, MQTT Client Component",
    answer: [
      "{topic}/sensor/power/state 1834.2",
      "{topic}/sensor/voltage/state 231.4",
      "{topic}/sensor/current/state 8.077",
      "{topic}/sensor/frequency/state nan",
      "{topic}/sensor/energy/state 10211.482",
    ].join("\n"),
    expect: {
      power: "1834.2",
      voltage: "231.4",
      current: "8.077",
      energy_import: "10211482",
    },
  },
];
