import type { RecordedFrame } from "../../../profile.ts";

/**
 *   7E8 06 41 A6 00 01 E2 40        odometer of control unit 7E8: 0x0001E240 tenths of a kilometre
 *   |   |  |  |  |
 *   |   |  |  |  12,345.6 km
 *   |   |  |  identifier
 *   |   |  service 01 + 40
 *   |   bytes (ISO 15765-2 single frame)
 *   CAN identifier
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "odometer",
    source: "SAE J1979-DA, PID A6: 32 bits of 0.1 km",
    request: "01A6",
    answer: "7E80641A60001E240\r\r",
    expect: { odometer: "12345600" },
  },
  {
    what: "engine speed",
    source: "SAE J1979-DA, PID 0C: 16 bits of a quarter of a turn a minute",
    request: "010C",
    answer: "7E8 04 41 0C 1A F8 \r\r",
    expect: { engine_speed: "1726" },
  },
  {
    what: "vehicle identification number",
    source: "SAE J1979 §6.9.2 and ISO 15765-2: three frames, with a number made up after ISO 3779",
    request: "0902",
    answer: "7E81014490201314434\r7E82147503030523535\r7E82242313233343536\r\r",
    expect: { vin: "1D4GP00R55B123456" },
  },
];
