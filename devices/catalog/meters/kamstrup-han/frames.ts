import type { RecordedFrame } from "../../../profile.ts";

/**
 *   7E A0F6 2B 21 13 6E2B              HDLC header and its check
 *   E6E700 0F 00000000 0C 07E8…        LLC, data notification with its time
 *   02 1F 0A0E 4B616D73…               structure of 31: version, then references and values
 *   0906 0101010700FF 06 000002BC      1-1:1.7.0: 700 W
 *   0906 01011F0700FF 06 00000065      1-1:31.7.0: 1.01 A
 *   0906 0101010800FF 06 0012D687      1-1:1.8.0: 1234567 times 10 Wh
 */
const LIST_2 =
  "7ea0f62b21136e2be6e7000f000000000c07e80101010d0005008000ff021f0a0e4b616d73747275705f563030303109060101010700ff06000002bc" +
  "09060101020700ff060000000009060101030700ff060000003209060101040700ff060000003c090601011f0700ff060000006509060101330700ff" +
  "06000000ca09060101470700ff060000002109060101200700ff1200e709060101340700ff1200e809060101480700ff1200e909060001010000ff09" +
  "0c07e80101010d00000000000009060101010800ff060012d68709060101020800ff060000000009060101030800ff06000010e109060101040800ff" +
  "06000181cd19987e";

export const frames: readonly RecordedFrame[] = [
  {
    what: "hourly list of a three-phase meter",
    source: "Kamstrup HAN-NVE interface description, list 2: layout and types; numbers of our own",
    answer: LIST_2,
    expect: {
      power: "700",
      reactive_power: "-10",
      current_l1: "1.01",
      current_l3: "0.33",
      voltage_l2: "232",
      energy_import: "12345670",
      reactive_energy_import: "43210",
    },
  },
];
