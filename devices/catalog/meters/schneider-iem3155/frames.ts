import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: Schneider Electric iEM3000 series user manual DOCA0005EN, Modbus register list";

/**
 *   01 03 0B ED 00 08 D6 1D   read 8 registers from 3053
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 03 10 …   byte count 16, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "power of phases and in all",
    source: `${SOURCE}, 3054 to 3061: 0.5, 0.75, 0.584 and 1.834 kW as floats`,
    request: "01030bed0008d61d",
    answer: "0103103f0000003f4000003f1581063feac08319e9",
    expect: { power_l1: "500", power_l2: "750", power_l3: "584", power: "1834" },
  },
  {
    what: "energy in both directions",
    source: `${SOURCE}, 3204 to 3211: 10211482 and 2500 Wh as INT64`,
    request: "01030c830008b6b4",
    answer: "01031000000000009bd09a00000000000009c4edb3",
    expect: { energy_import: "10211482", energy_export: "2500" },
  },
];
