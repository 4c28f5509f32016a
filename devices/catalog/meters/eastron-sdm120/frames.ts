import type { RecordedFrame } from "../../../profile.ts";

/**
 *   01 04 00 00 00 02 71 CB         read two input registers from 0x0000
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 04 43 66 33 34 1B 38      0x43663334 is the 32-bit float that the manual prints as 230.2 V
 *   |  |  |  |           |
 *   |  |  |  registers   CRC
 *   |  |  byte count
 *   unit function
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltage",
    source: "Eastron SDM120 manual v2.3, read input registers, example of request and response",
    request: "01040000000271cb",
    answer: "010404436633341b38",
    expect: { voltage: "230.20001" },
  },
];
