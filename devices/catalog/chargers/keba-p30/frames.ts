import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: KEBA KeContact P30 Modbus TCP programmers guide V1.04, readable and writable registers";

/**
 *   FF 03 03 E8 00 02 51 A5   read 2 registers from 1000
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   FF 03 04 …   byte count 4, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "charging state",
    source: `${SOURCE}, 1000: 3`,
    request: "ff0303e8000251a5",
    answer: "ff030400000003a5fd",
    expect: { charging_state: "charging" },
  },
  {
    what: "cable state",
    source: `${SOURCE}, 1004: 7, locked at both ends`,
    request: "ff0303ec00021064",
    answer: "ff030400000007a43e",
    expect: { vehicle_connected: "true" },
  },
  {
    what: "power",
    source: `${SOURCE}, 1020: 7360000 mW`,
    request: "ff0303fc000211a1",
    answer: "ff030400704e00d187",
    expect: { power: "7360.000" },
  },
  {
    what: "energy",
    source: `${SOURCE}, 1036: 10211485 tenths of a Wh`,
    request: "ff03040c000210e6",
    answer: "ff0304009bd09d087a",
    expect: { energy_import: "1021148.5" },
  },
];
