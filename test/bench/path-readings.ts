import type { Reading } from "../../protocols/reading/index.ts";

const START = 1_795_000_000_000;

/** What a meter with a power and an energy register says, once a second. */
export function meterReading(i: number): Reading {
  return {
    time: START + i * 1_000,
    measurements: [
      { name: "power", unit: "W", value: 1834.5 + (i % 100) },
      { name: "energy", unit: "Wh", sum: 10_211_482 + i },
    ],
    quality: 0,
  };
}
