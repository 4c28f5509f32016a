import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "11.98 V, 20 mV across the shunt",
    source: "TI SBOS448G §8.5.1, table 8: programming example",
    answer: "f0774000010007005001f7f077400002005d001801f7",
    expect: { voltage: "11.98", current: "0.2", power: "2.396" },
  },
  {
    what: "-320 mV across the shunt",
    source: "TI SBOS448G table 7",
    answer: "f0774000010003010000f7f077400002005d001801f7",
    expect: { current: "-3.2" },
  },
];
