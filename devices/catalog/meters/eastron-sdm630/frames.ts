import type { RecordedFrame } from "../../../profile.ts";

/**
 *   01 04 00 34 00 02 30 05         read two input registers from 0x0034, total system power
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 04 45 8B F3 8B 9A 35      0x458bf38b is the 32-bit float 4478.443 (W)
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
    source: "recorded from python3-pymodbus 3.0.0 with the SDM630's registers",
    request: "0104003400023005",
    answer: "010404458bf38b9a35",
    expect: { power: "4478.443" },
  },
  {
    what: "imported energy",
    source: "recorded from python3-pymodbus 3.0.0 with the SDM630's registers",
    request: "010400480002f1dd",
    answer: "010404449a523a7228",
    expect: { energy_import: "1234569.6" },
  },
];
