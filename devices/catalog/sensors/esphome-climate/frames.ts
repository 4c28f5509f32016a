import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round of a node with a BME280",
    source: "composed from the topics of the ESPHome documentation, MQTT Client Component",
    answer: [
      "{topic}/sensor/temperature/state 21.4",
      "{topic}/sensor/humidity/state 48.2",
      "{topic}/sensor/pressure/state 1013.2",
    ].join("\n"),
    expect: {
      temperature: "21.4",
      humidity: "48.2",
      pressure: "101320",
    },
  },
];
