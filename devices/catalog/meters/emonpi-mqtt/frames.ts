import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one round of an emonPi",
    source: "composed from the names of the emonHub default configuration, node 5",
    answer: [
      "{topic}/power1 4",
      "{topic}/power2 1170",
      "{topic}/power1pluspower2 1174",
      "{topic}/vrms 240.34",
      "{topic}/t1 18.2",
      "{topic}/t2 0",
      "{topic}/pulsecount 1834",
    ].join("\n"),
    expect: {
      power_1: "4",
      power_2: "1170",
      power: "1174",
      voltage: "240.34",
      temperature_1: "18.2",
      pulses: "1834",
    },
  },
];
