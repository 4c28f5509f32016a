import type { RecordedFrame } from "../../../profile.ts";

const SOURCE = "values of our own in the layout of: ABB B23/B24 user manual 2CMC485003M0201, Modbus mapping tables";

/**
 *   01 03 50 00 00 08 55 0C   read 8 registers from 20480
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 03 10 …   byte count 16, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "active import and export; export not available",
    source: `${SOURCE}, 5000 to 5007: 1021148 hundredths of a kWh, then all bits set`,
    request: "010350000008550c",
    answer: "01031000000000000f94dcffffffffffffffff1aa4",
    expect: { energy_import: "10211480" },
  },
  {
    what: "power of all phases",
    source: `${SOURCE}, 5B14 to 5B1B: -183420, -61140, -61140 and -61140 hundredths of a watt`,
    request: "01035b140008172c",
    answer: "010310fffd3384ffff112cffff112cffff112c3d68",
    expect: { power: "-1834.20", power_l1: "-611.40", power_l2: "-611.40", power_l3: "-611.40" },
  },
  {
    what: "frequency",
    source: `${SOURCE}, 5B2C: 5001 hundredths of a hertz`,
    request: "01035b2c000156e7",
    answer: "010302138974d2",
    expect: { frequency: "50.01" },
  },
];
