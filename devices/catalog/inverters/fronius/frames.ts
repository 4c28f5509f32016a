import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
    what: "three-phase inverter, floating point",
    source: "SunSpec model 113 (Alliance, 2023): registers in the order of the definition, values made up",
    answer: [
      "0071003c411800004050000040400000405000007fc000007fc000007fc0000043668000436740004365c0004508b800",
      "424800004508e000c2a10000c2c700004b05bff87fc000007fc00000450ca400421a00007fc000007fc000007fc00000",
      "0004ffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ].join(""),
    expect: {
      power_produced: "2187.5",
      energy_produced: "8765432",
      pv_power: "2250.25",
      voltage_l2: "231.25",
      power_factor: "-0.995",
      inverter_state: "MPPT",
    },
  },
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
