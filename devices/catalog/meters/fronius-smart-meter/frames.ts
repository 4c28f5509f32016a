import type { RecordedFrame } from "../../../profile.ts";

export const frames: readonly RecordedFrame[] = [
  {
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
  },
  {
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
  },
];
