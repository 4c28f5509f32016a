import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "house with solar, exporting, two temperature sensors",
    source: "emonTx V3 firmware V3.0: layout of its lines; numbers of our own",
    answer: "ct1:-851,ct2:3120,ct3:950,ct4:0,vrms:24061,pulse:17,t0:217,t1:-32",
    expect: {
      power_1: "-851",
      power_2: "3120",
      voltage: "240.61",
      pulses: "17",
      temperature_1: "21.7",
      temperature_2: "-3.2",
    },
  },
];
