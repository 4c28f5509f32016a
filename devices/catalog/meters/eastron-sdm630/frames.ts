import type { RecordedFrame } from "../../../profile.ts";

/**
 *   01 04 00 34 00 02 30 05         read two input registers from 0x0034, total system power
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 04 44 E5 46 66 4C C9      0x44e54666 is the 32-bit float nearest to 1834.2 (W)
 *   |  |  |  |           |
 *   |  |  |  registers   CRC
 *   |  |  byte count
 *   unit function
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltage of phase 1",
    source: "Eastron SDM630 manual v1.8, read input registers, example of request and response",
    request: "01040000000271cb",
    answer: "010404436633341b38",
    expect: { voltage_l1: "230.20001" },
  },
  {
    what: "total system power",
    source: "recorded from python3-pymodbus 3.0.0 that serves the SDM630's registers (test/support/pymodbus-slave.py)",
    request: "0104003400023005",
    answer: "01040444e546664cc9",
    expect: { power: "1834.2" },
  },
  {
    what: "imported energy",
    source: "recorded from python3-pymodbus 3.0.0 that serves the SDM630's registers (test/support/pymodbus-slave.py)",
    request: "010400480002f1dd",
    answer: "010404461f8dee3a16",
    expect: { energy_import: "10211482" },
  },
];
