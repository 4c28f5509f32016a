import type { RecordedFrame } from "../../../profile.ts";

/**
 *   7E A09A 01 0201 10 AAA5            HDLC header and its check
 *   E6E700 0F 40000000 0C 07E8…        LLC, data notification with its time
 *   02 12 0907 4B464D5F303031          structure of 18 without references: version, meter, type
 *   06 00001328 06 00000000            1-0:1.7.0: 4904 W, 1-0:2.7.0: 0 W
 *   06 000038EB                        1-0:31.7.0: 14.571 A
 *   06 00000891                        1-0:32.7.0: 219.3 V
 *   06 04BE7658                        1-0:1.8.0: 79591000 Wh
 */
const LIST_3 =
  "7ea09a01020110aaa5e6e7000f400000000c07e80101010d000a00800000021209074b464d5f30303109103030303030303030303030303030303309" +
  "084d41333034483345060000132806000000000600000000060000017906000038eb0600003d1b060000253506000008910600000000060000089d09" +
  "0c07e80101010d0000000000000604be7658060000000006000d922d060030feb403b37e";

export const frames: readonly RecordedFrame[] = [
  {
    what: "hourly list of a three-phase meter without neutral",
    source: "Kaifa HAN interface, OBIS list 3: layout and types; numbers of our own",
    answer: LIST_3,
    expect: {
      power: "4904",
      reactive_power: "-377",
      current_l1: "14.571",
      voltage_l1: "219.3",
      voltage_l2: "0",
      energy_import: "79591000",
      reactive_energy_export: "3210932",
    },
  },
];
