import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "25.0625 degrees",
    source: "Maxim DS18B20 data sheet 19-7487 rev 6 table 1: 0x0191",
    answer: "f07343020100440c3049513f7f19400007f7",
    expect: { temperature: "25.0625" },
  },
  {
    what: "-10.125 degrees",
    source: "Maxim DS18B20 data sheet 19-7487 rev 6 table 1: 0xFF5E",
    answer: "f07343020200787a3f49513f7f19405006f7",
    expect: { temperature: "-10.125" },
  },
];
