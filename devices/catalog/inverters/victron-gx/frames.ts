import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: Victron CCGX Modbus TCP register list 3.00, com.victronenergy.system";

/**
 *   64 03 03 28 00 06 4C 71   read 6 registers from 808
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   64 03 0C …   byte count 12, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "AC-coupled PV; the phases that are not there are not available",
    source: `${SOURCE}, 808 to 813: 1200, 0xFFFF, 0xFFFF, 830, 0xFFFF, 0xFFFF`,
    request: "6403032800064c71",
    answer: "64030c04b0ffffffff033effffffff8938",
    expect: { pv_power_ac: "2030" },
  },
  {
    what: "grid",
    source: `${SOURCE}, 820 to 822: -400, 120 and 0 W`,
    request: "6403033400034db4",
    answer: "640306fe7000780000622b",
    expect: { power: "-280" },
  },
  {
    what: "battery",
    source: `${SOURCE}, 840 to 844: 52.4 V, -12.6 A, -660 W, 81 %, discharging`,
    request: "6403034800050c6e",
    answer: "64030a020cff82fd6c00510002e521",
    expect: {
      battery_voltage: "52.4",
      battery_current: "-12.6",
      battery_power: "-660",
      soc: "81",
      battery_state: "discharging",
    },
  },
];
