import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "the data sheet's example of the compensation",
    source:
      "Bosch BST-BMP280-DS001 §3.12 (temperature, pressure); humidity by BST-BME280-DS001 §4.2.3; its floating-point formula (§8.1) gives 47.535",
    answer:
      "f077760050016000f7f0777600080170006b004300670018007c017d000e014300560150010b0027000b000c01000079017f" +
      "010c013c007801460170001700f7f077760021014b00f7f077760061017200010000001300290003001e00f7f07776007701" +
      "65005a0040017e006d0100006f003c00f7",
    expect: { temperature: "25.08", pressure: "100653.25", humidity: "47.53" },
  },
];
