import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: Carlo Gavazzi EM111 communication protocol, instantaneous variables and meters";

/**
 *   01 04 00 00 00 06 70 08   read 6 registers from 0
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 0C …   byte count 12, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltage, current and power",
    source: `${SOURCE}, 0000h to 0005h: 2304, 7962 and 18342`,
    request: "0104000000067008",
    answer: "01040c090000001f1a000047a6000087b1",
    expect: { voltage: "230.4", current: "7.962", power: "1834.2" },
  },
  {
    what: "imported energy",
    source: `${SOURCE}, 0010h to 0013h: 45678 and 123`,
    request: "010400100004f00c",
    answer: "010408b26e0000007b0000517f",
    expect: { energy_import: "4567800", reactive_energy_import: "12300" },
  },
];
