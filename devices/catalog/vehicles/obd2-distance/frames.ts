import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "distance since trouble codes were cleared",
    source: "SAE J1979-DA, PID 31: 16 bits of a kilometre",
    request: "0131",
    answer: "SEARCHING...\r7E8 04 41 31 56 F7 \r\r",
    expect: { distance: "22263000" },
  },
  {
    what: "speed",
    source: "SAE J1979-DA, PID 0D: 8 bits of a kilometre an hour",
    request: "010D",
    answer: "7E803410D21\r\r",
    expect: { vehicle_speed: "33" },
  },
];
