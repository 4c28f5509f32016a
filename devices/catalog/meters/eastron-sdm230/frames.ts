import type { RecordedFrame } from "../../../profile.ts";

const SOURCE = "values of our own in the layout of: Eastron SDM230-Modbus protocol v1.2, input registers";

/**
 *   01 04 00 00 00 02 71 CB   read 2 registers from 0
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 04 …   byte count 4, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltage",
    source: `${SOURCE}, 30001: 230.2 V as a float, the manual's own example`,
    request: "01040000000271cb",
    answer: "010404436633341b38",
    expect: { voltage: "230.20001" },
  },
  {
    what: "active and reactive energy",
    source: `${SOURCE}, 30073 to 30079: 512.75, 3.5, 40.25 and 1.125`,
    request: "01040048000871da",
    answer: "0104104400300040600000422100003f90000011c3",
    expect: {
      energy_import: "512750",
      energy_export: "3500",
      reactive_energy_import: "40250",
      reactive_energy_export: "1125",
    },
  },
];
