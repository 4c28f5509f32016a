import type { RecordedFrame } from "../../../profile.ts";

const SOURCE = "values of our own in the layout of: Victron CCGX Modbus TCP register list 3.00, com.victronenergy.grid";

/**
 *   1E 03 0A 28 00 03 84 74   read 3 registers from 2600
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   1E 03 06 …   byte count 6, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "power of three phases, one fed in",
    source: `${SOURCE}, 2600 to 2602: 611, 934 and -289 W`,
    request: "1e030a2800038474",
    answer: "1e0306026303a6fedf8930",
    expect: { power: "1256", power_l1: "611", power_l2: "934", power_l3: "-289" },
  },
  {
    what: "energy in both directions",
    source: `${SOURCE}, 2634 to 2637: 1021148 and 2500 hundredths of a kWh`,
    request: "1e030a4a00046468",
    answer: "1e0308000f94dc000009c4c4c7",
    expect: { energy_import: "10211480", energy_export: "25000" },
  },
];
