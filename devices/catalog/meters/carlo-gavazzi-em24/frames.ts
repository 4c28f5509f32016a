import type { RecordedFrame } from "../../../profile.ts";

const SOURCE =
  "values of our own in the layout of: Carlo Gavazzi EM24-DIN communication protocol, instantaneous variables and meters";

/**
 *   01 04 00 00 00 06 70 08   read 6 registers from 0
 *   |  |  |     |     |
 *   |  |  |     count CRC-16/MODBUS, low byte first
 *   |  |  address
 *   unit function
 *
 *   01 04 0C …   byte count 12, then the registers as the manual lays them out, and the CRC
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "voltages",
    source: `${SOURCE}, 0000h to 0005h: 2301, 2299 and 2310 tenths of a volt, low word first`,
    request: "0104000000067008",
    answer: "01040c08fd000008fb000009060000e433",
    expect: { voltage_l1: "230.1", voltage_l2: "229.9", voltage_l3: "231.0" },
  },
  {
    what: "power of all phases, fed in",
    source: `${SOURCE}, 0028h to 002Dh: -12345 tenths of a watt, 12400, 900`,
    request: "010400280006f000",
    answer: "01040ccfc7ffff3070000003840000262c",
    expect: { power: "-1234.5", apparent_power: "1240.0", reactive_power: "90.0" },
  },
  {
    what: "imported energy above 6553.5 kWh",
    source: `${SOURCE}, 003Eh to 0041h: 102114 and 5001 tenths of a kWh`,
    request: "0104003e00049005",
    answer: "0104088ee20001138900008741",
    expect: { energy_import: "10211400", reactive_energy_import: "500100" },
  },
  {
    what: "power factor and frequency",
    source: `${SOURCE}, 0035h to 0037h: 985 thousandths, phase order, 500 tenths of a hertz`,
    request: "010400350003a005",
    answer: "01040603d9000001f47d64",
    expect: { power_factor: "0.985", frequency: "50.0" },
  },
];
