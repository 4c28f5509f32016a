import type { RecordedFrame } from "../profile.ts";

/**
 * At least one exchange from the manual or from the board itself, with a ruler that shows where each byte belongs.
 *
 *   01 03 00 00 00 03 05 CB                     read three holding registers from 0x0000
 *
 *   01 03 06 FF FF E8 90 08 FC 13 62            -600.0 W, 230.0 V
 *   |  |  |  |           |     |
 *   |  |  |  power       |     CRC-16/MODBUS, low byte first
 *   |  |  byte count     voltage
 *   unit function
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "power and voltage",
    source: "Example EM1 manual v1.0, §4.2",
    request: "01030000000305cb",
    answer: "010306ffffe89008fc1362",
    // Exact decimal text: the digits the board has, no more and no fewer.
    expect: { power: "-600.0", voltage: "230.0" },
  },
];
