import type { RecordedFrame } from "../../../profile.ts";

const SOURCE = "values of our own in the layout of: Eastron SDM72D-M user manual v1.2, Modbus input registers";

/**
 *   01 04 00 34 00 02 30 05   read 2 registers from 52
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 04 …   byte count 4, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "total power",
    source: `${SOURCE}, 30053: 1834.2 W as a float`,
    request: "0104003400023005",
    answer: "01040444e546664cc9",
    expect: { power: "1834.2" },
  },
  {
    what: "imported and exported energy",
    source: `${SOURCE}, 30073 and 30075: 1021.125 and 12.5 kWh as floats`,
    request: "01040048000471df",
    answer: "010408447f48004148000034ab",
    expect: { energy_import: "1021125", energy_export: "12500" },
  },
];
