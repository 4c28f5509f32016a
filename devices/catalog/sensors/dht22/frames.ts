import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "35.1 degrees, 65.2 %",
    source: "Aosong AM2302 data sheet §7, example",
    answer: "f07400025f020c05f7",
    expect: { temperature: "35.1", humidity: "65.2" },
  },
  {
    what: "below zero",
    source: "Aosong AM2302 data sheet §7: -10.1 degrees",
    answer: "f07400021b7f0c05f7",
    expect: { temperature: "-10.1" },
  },
];
