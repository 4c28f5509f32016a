import type { RecordedFrame } from "../../../profile.ts";

/**
 *   0067 0032 0584 01D7 01D6 01D7 FFFE …     model 103, 50 registers
 *   |    |    |                   |
 *   |    |    A, AphA…AphC        scale factor of all four: 10^-2
 *   |    length
 *   model number
 */
export const frames: readonly RecordedFrame[] = [
  {
    what: "three-phase inverter, integers with scale factors",
    source: "SunSpec model 103 (Alliance, 2023): registers in the order of the definition, values made up",
    answer: [
      "00670032058401d701d601d7fffeffffffffffff0901090708faffff0cb600001389fffe0cbe0000ff880000fc1affff",
      "00bc614e00000227fffe17e8ffff0d2b0000019c800080008000ffff0004ffffffffffffffffffffffffffffffffffff",
      "ffffffffffffffff",
    ].join(""),
    expect: {
      power_produced: "3254",
      energy_produced: "12345678",
      pv_power: "3371",
      voltage_l1: "230.5",
      voltage_l2: "231.1",
      voltage_l3: "229.8",
      current: "14.12",
      frequency: "50.01",
      reactive_power: "-120",
      power_factor: "-0.998",
      temperature: "41.2",
      inverter_state: "MPPT",
    },
  },
];
