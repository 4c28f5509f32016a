import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: Alfen, Implementation of Modbus Slave TCP/IP for NG9xx platform, 2.3 of 30-10-2020";

/**
 *   01 03 01 32 00 06 65 FB   read 6 registers from 306
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 03 0C …   byte count 12, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltages of a single-phase socket",
    source: `${SOURCE}, 306 to 311: 230.5 V, then NaN`,
    request: "01030132000665fb",
    answer: "01030c436680007fc000007fc00000efaa",
    expect: { voltage_l1: "230.5" },
  },
  {
    what: "energy",
    source: `${SOURCE}, 374 to 377: 1021148 Wh as a 64-bit float`,
    request: "010301760004a42f",
    answer: "010308412f29b800000000290b",
    expect: { energy_import: "1021148" },
  },
  {
    what: "state and limit",
    source: `${SOURCE}, 1201 to 1207: C2, 16 A`,
    request: "010304b10007551f",
    answer: "01030e4332000000000000000041800000fef0",
    expect: { charging_state: "C2", current_limit: "16" },
  },
];
