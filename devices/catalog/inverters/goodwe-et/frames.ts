import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: GoodWe Modbus protocol for hybrid inverters (ET, EH, BT, BH), running data";

/**
 *   F7 03 89 1F 00 10 4B 0A   read 16 registers from 35103
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   F7 03 20 …   byte count 32, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "PV power of two strings, the others not fitted",
    source: `${SOURCE}, 35103 to 35118: 3985, 72, 2869 W; 4012, 31, 1243 W; all bits set`,
    request: "f703891f00104b0a",
    answer: "f703200f91004800000b350fac001f000004dbffffffffffffffffffffffffffffffff7469",
    expect: { pv_voltage_1: "398.5", pv_power_2: "1243", pv_power: "4112" },
  },
  {
    what: "power at the meter, 1520 W fed in",
    source: `${SOURCE}, 35138 to 35140: 3100, 0, 1520`,
    request: "f703894200039b15",
    answer: "f703060c1c000005f0dccb",
    expect: { power_produced: "3100", power: "-1520" },
  },
  {
    what: "energies",
    source: `${SOURCE}, 35191 to 35196: 60853, 123 and 40211 tenths of a kWh`,
    request: "f703897700064b18",
    answer: "f7030c0000edb50000007b00009d13b75a",
    expect: { energy_produced: "6085300", energy_export: "4021100" },
  },
];
