import type { RecordedFrame } from "../../../profile.ts";

/**
 *   OK 5 | 234 5 | 210 252 | 188 2 | 3 91 | 233 0 | … | 1 0 0 0 | (-0)
 *        | 1514  | -814    | 700   | 23299| 233   |   | 1
 *        | W     | W       | W sum | cV   | 0.1 C |   | pulses
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "one clamp exporting, one temperature sensor",
    source: "emonPi firmware V2.5: layout of its packets; numbers of our own",
    answer: "OK 5 234 5 210 252 188 2 3 91 233 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 (-0)",
    expect: {
      power_1: "1514",
      power_2: "-814",
      power: "700",
      voltage: "232.99",
      temperature_1: "23.3",
      pulses: "1",
    },
  },
];
