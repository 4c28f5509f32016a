import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "11.98 V, 10 A",
    source: "TI SBOS656C §8.6.1: 11.98 V are 0x2570, 10 A 0x1F40, 119.8 W 0x2ECC",
    answer: "f07740007e0154004900f7f077400001001f004000f7f0774000020025007000f7f077400003002e004c01f7",
    expect: { voltage: "11.98", current: "10", power: "119.8" },
  },
  {
    what: "-1.25 mA",
    source: "TI SBOS656C §8.6.1.2: 0xFFFF",
    answer: "f07740007e0154004900f7f077400001007f017f01f7f0774000020025007000f7f0774000030000000100f7",
    expect: { current: "-0.00125", power: "-0.01" },
  },
];
