import type { RecordedFrame } from "../../../profile.ts";

/**
 *   1B1B1B1B 01010101                                       escape, begin
 *   76 05 00000001 6200 6200 72 63 0101 76 … 63 ….  00      open response
 *   76 05 00000002 6200 6200 72 63 0701 77 … 63 ….  00      list
 *   |  77 07 0100010800FF 64 010180 01 621E 52FF 59 0000000001A2B3C4 01
 *   |  |  |               |            |    |    |
 *   |  |  1-0:1.8.0*255   status       Wh   10⁻¹ 2744826.0 Wh
 *   |  77 07 0100100700FF 01 01 621B 52FF 53 F1C8 01        1-0:16.7.0: -364.0 W, fed into the grid
 *   1B1B1B1B 1A 02 ….                                       escape, end, fill bytes, CRC-16/X-25
 */
const FILE =
  "1b1b1b1b01010101760500000001620062007263010176010105000000010b0a0146534c000000000101016375d70076050000000262006200726307" +
  "0177010b0a0146534c0000000001070100620affff7262016500001234767707010060320101010101010446534c0177070100010800ff6401018001" +
  "621e52ff590000000001a2b3c40177070100020800ff0101621e52ff55000123450177070100100700ff0101621b52ff53f1c80177070100200700ff" +
  "0101622352ff6308fd01770701000e0700ff0101622c52ff6301f4010101637a8d007605000000036200620072630201710163a8e60000001b1b1b1b" +
  "1a024c76";

export const frames: readonly RecordedFrame[] = [
  {
    what: "list of a meter that feeds into the grid",
    source: "SML 1.04 §5 to §8: encoding by hand; numbers of our own",
    answer: FILE,
    expect: {
      power: "-364.0",
      energy_import: "2744006.8",
      energy_export: "7456.5",
      voltage_l1: "230.1",
      frequency: "50.0",
    },
  },
];
