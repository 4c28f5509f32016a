import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "storage control",
    source: "SunSpec model 124 (Alliance, 2023): registers in the order of the definition, values made up",
    answer: [
      "007c00181388ffffffff0000ffffffff1cb6ffff0200000480008000ffffffffffffffff0000800080008000fffe8000",
      "ffff8000",
    ].join(""),
    expect: { soc: "73.50", battery_voltage: "51.2", battery_state: "CHARGING" },
  },
  {
    what: "battery",
    source: "SunSpec model 802 (Alliance, 2023): registers in the order of the definition, values made up",
    answer: [
      "0322003effffffffffffffffffffffffffffffffffff02dfffff03d9ffffffff0003ffffffffffffffffffffffffffff",
      "ffffffffffffffffffffffffffffffffffffffff0200ffffffffffffffffffffffffffffffffffffff85fffffffffd8a",
      "ffff8000ffffffff8000800080008000ffff8000ffffffff8000ffff80000000",
    ].join(""),
    expect: {
      soc: "73.5",
      soh: "98.5",
      battery_voltage: "51.2",
      battery_current: "-12.3",
      battery_power: "-630",
      battery_state: "DISCHARGING",
    },
  },
];
