import type { RecordedFrame } from "../../../profile.ts";

/**
 *   1-0:1.8.0(00001234.567*kWh)      energy without tariffs
 *   1-0:4.7.0(0000.450*kVAr)         reactive power fed into the grid
 */
const TELEGRAM = [
  "/XXX5ELMATARE",
  "",
  "0-0:1.0.0(230210101510W)",
  "1-0:1.8.0(00001234.567*kWh)",
  "1-0:2.8.0(00000089.012*kWh)",
  "1-0:3.8.0(00000345.678*kVArh)",
  "1-0:4.8.0(00000012.345*kVArh)",
  "1-0:1.7.0(0001.250*kW)",
  "1-0:2.7.0(0000.000*kW)",
  "1-0:3.7.0(0000.110*kVAr)",
  "1-0:4.7.0(0000.450*kVAr)",
  "1-0:21.7.0(0000.400*kW)",
  "1-0:22.7.0(0000.000*kW)",
  "1-0:41.7.0(0000.500*kW)",
  "1-0:42.7.0(0000.000*kW)",
  "1-0:61.7.0(0000.350*kW)",
  "1-0:62.7.0(0000.000*kW)",
  "1-0:32.7.0(230.1*V)",
  "1-0:52.7.0(231.2*V)",
  "1-0:72.7.0(229.9*V)",
  "1-0:31.7.0(001.8*A)",
  "1-0:51.7.0(002.2*A)",
  "1-0:71.7.0(001.6*A)",
  "!C3CF",
  "",
].join("\r\n");

export const frames: readonly RecordedFrame[] = [
  {
    what: "three-phase meter",
    source: "Branschrekommendation 2.0, OBIS table of appendix A: formats; numbers of our own",
    answer: TELEGRAM,
    expect: {
      power: "1250",
      energy_import: "1234567",
      energy_export: "89012",
      reactive_power: "-340",
      reactive_energy_import: "345678",
      power_import_l2: "500",
      voltage_l2: "231.2",
      current_l3: "1.6",
    },
  },
];
