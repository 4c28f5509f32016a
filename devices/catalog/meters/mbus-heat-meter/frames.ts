import type { RecordedFrame } from "../../../profile.ts";

/**
 *   68 2F 2F 68 08 01 72                     long frame, RSP_UD, address 1, variable data
 *   78563412 2D2C 01 04 2A 00 0000           12345678, KAM, version 1, heat, access 42
 *   04 06 39300000                           energy 12345 kWh
 *   04 13 88D61200                           volume 1234.568 m3
 *   02 2D 2A00                               power 42 times 100 W
 *   02 3B D204                               flow 1.234 m3/h, which is 0.000342777… m3/s
 *   02 59 6B1A, 02 5D 8C0F, 02 61 DF0A       67.63 and 39.80 degrees, 27.83 K between them
 *   .. 16                                    sum of all from C on, stop
 */
const ANSWER =
  "682f2f68080172785634122d2c01042a000000040639300000041388d61200022d2a00023bd20402596b1a025d8c0f0261df0aa316";

export const frames: readonly RecordedFrame[] = [
  {
    what: "answer to REQ_UD2 in one telegram",
    source: "EN 13757-3 §6: records by hand; numbers of our own",
    request: "105b015c16",
    answer: ANSWER,
    expect: {
      heat_energy: "12345000",
      heat_volume: "1234.568",
      heat_power: "4200",
      volume_flow: "0.000342777",
      flow_temperature: "67.63",
      return_temperature: "39.80",
      temperature_difference: "27.83",
    },
  },
];
