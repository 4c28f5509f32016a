import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "28067 lx",
    source: "Rohm BH1750FVI data sheet 2010.04 rev. C, Measurement sequence example: 10000011 10010000",
    answer: "f0772300000003011001f7",
    expect: { illuminance: "28066.7" },
  },
];
