import type { RecordedFrame } from "../../../profile.ts";

/**
 *   1-0:1.6.0(230203174500W)(03.215*kW)          time and height of the month's highest quarter of an hour
 *   0-1:24.2.3(230210101000W)(00112.384*m3)      gas, not converted by temperature
 */
const TELEGRAM = [
  "/FLU5\\253000000_A",
  "",
  "0-0:96.1.4(50217)",
  "0-0:96.1.1(31323334353637383930)",
  "0-0:1.0.0(230210101500W)",
  "1-0:1.8.1(000321.123*kWh)",
  "1-0:1.8.2(000456.789*kWh)",
  "1-0:2.8.1(000010.500*kWh)",
  "1-0:2.8.2(000001.250*kWh)",
  "0-0:96.14.0(0001)",
  "1-0:1.4.0(00.412*kW)",
  "1-0:1.6.0(230203174500W)(03.215*kW)",
  "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(230201000000W)(230117184500W)(03.329*kW)",
  "1-0:1.7.0(00.538*kW)",
  "1-0:2.7.0(00.000*kW)",
  "1-0:32.7.0(234.6*V)",
  "1-0:31.7.0(002.31*A)",
  "0-0:96.3.10(1)",
  "0-0:17.0.0(999.9*kW)",
  "1-0:31.4.0(999*A)",
  "0-0:96.13.0()",
  "0-1:24.1.0(003)",
  "0-1:96.1.1(3132333435363738)",
  "0-1:24.4.0(1)",
  "0-1:24.2.3(230210101000W)(00112.384*m3)",
  "0-2:24.1.0(007)",
  "0-2:96.1.1(3132333435363739)",
  "0-2:24.2.1(230210101000W)(00872.234*m3)",
  "!CE3E",
  "",
].join("\r\n");

export const frames: readonly RecordedFrame[] = [
  {
    what: "single-phase meter with gas (not converted) and water",
    source: "e-MUCS P1 1.7.1, list of OBIS codes: formats; numbers of our own",
    answer: TELEGRAM,
    expect: {
      power: "538",
      energy_import: "777912",
      energy_export: "11750",
      power_average: "412",
      power_peak: "3215",
      voltage_l1: "234.6",
      current_l1: "2.31",
      gas_volume: "112.384",
      water_volume: "872.234",
    },
  },
];
