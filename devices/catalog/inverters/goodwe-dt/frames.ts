import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: GoodWe Modbus protocol for DT, SDT, MS, MT and D-NS inverters, running data";

/**
 *   7F 03 75 AF 00 06 E5 FB   read 6 registers from 30127
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   7F 03 0C …   byte count 12, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "output of an inverter at noon",
    source: `${SOURCE}, 30127 to 30132: 8123 W, normal, no error, no warning`,
    request: "7f0375af0006e5fb",
    answer: "7f030c00001fbb00010000000000000ac2",
    expect: { power_produced: "8123", inverter_state: "normal", error_code: "0", warning_code: "0" },
  },
  {
    what: "energy of the day and in all, hours",
    source: `${SOURCE}, 30144 to 30148: 718 and 34334 tenths of a kWh, 971 h`,
    request: "7f0375c0000595e7",
    answer: "7f030a02ce0000861e000003cbc664",
    expect: { energy_today: "71800", energy_produced: "3433400", operating_time: "3495600" },
  },
  {
    what: "strings, the second not fitted",
    source: `${SOURCE}, 30103 to 30106: 398.5 V, 7.2 A, all bits set`,
    request: "7f0375970004e5f7",
    answer: "7f03080f910048ffffffff2aed",
    expect: { pv_voltage_1: "398.5", pv_current_1: "7.2" },
  },
];
