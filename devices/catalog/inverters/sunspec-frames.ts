import type { RecordedFrame } from "../../profile.ts";

/** Whole models as hex, values made up: what any SunSpec device sends that has them. */

/**
 *   0067 0032 0584 01D7 01D6 01D7 FFFE …     model 103, 50 registers
 *   |    |    |                   |
 *   |    |    A, AphA…AphC        scale factor of all four: 10^-2
 *   |    length
 *   model number
 */
export const integerInverter: RecordedFrame = {
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
};

export const floatInverter: RecordedFrame = {
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
};

export const integerMeter: RecordedFrame = {
  what: "three-phase wye meter, integers with scale factors",
  source: "SunSpec model 203 (Alliance, 2023): registers in the order of the definition, values made up",
  answer: [
    "00cb0069003e001f0012000dffff800008fe08fb09068000800080008000ffff1386fffefa71fd44fe59fed400000596",
    "800080008000000000588000800080000000ff9d80008000800000000052e3240000000000000000000000000096b43f",
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000008000",
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "000000000000000000000000000000008000ffffffff",
  ].join(""),
  expect: {
    power: "-1423",
    power_l1: "-700",
    energy_import: "9876543",
    energy_export: "5432100",
    voltage_l3: "231.0",
    current_l2: "1.8",
    frequency: "49.98",
    power_factor: "-0.99",
  },
};

export const floatMeter: RecordedFrame = {
  what: "three-phase wye meter, floating point",
  source: "SunSpec model 213 (Alliance, 2023): registers in the order of the definition, values made up",
  answer: [
    "00d5007c40c8000040400000400000003fa000007fc000004366400043658000436700007fc000007fc000007fc00000",
    "7fc000004248000044b1f000442f200043d380004396000044b2c0007fc000007fc000007fc0000042b000007fc00000",
    "7fc000007fc000003f7d70a47fc000007fc000007fc0000045a9c0007fc000007fc000007fc000004b16b43f7fc00000",
    "7fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc00000",
    "7fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc000007fc00000",
    "7fc000007fc00000ffffffff",
  ].join(""),
  expect: { power: "1423.5", power_l2: "423", energy_import: "9876543", energy_export: "5432", voltage_l3: "231" },
};
