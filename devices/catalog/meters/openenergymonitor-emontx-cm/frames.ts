import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "three clamps, one exporting",
    source: "OpenEnergyMonitor emonTx continuous sampling: layout of its lines; numbers of our own",
    answer: "MSG:4711,Vrms:239.87,P1:512,P2:-1834,P3:0,E1:20317,E2:0,E3:12,pulse:3",
    expect: { power_1: "512", power_2: "-1834", voltage: "239.87", energy_1: "20317", energy_3: "12", pulses: "3" },
  },
];
