import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "ina219",
  vendor: "Texas Instruments",
  model: "INA219 with a shunt of 100 mΩ, on I2C (Firmata)",
  link: "firmata",
  source: "TI SBOS448G",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "voltage",
      unit: "V",
      kind: "gauge",
      bounds: [0, 32],
      source: "TI SBOS448G §8.6.3.2: 4 mV a step",
      firmata: { chip: "ina219", quantity: "voltage" },
    },
    {
      name: "current",
      unit: "A",
      kind: "gauge",
      bounds: [-3.2, 3.2],
      source: "TI SBOS448G §8.6.3.1: 10 µV a step, on 100 mΩ",
      firmata: { chip: "ina219", quantity: "current" },
    },
    {
      name: "power",
      unit: "W",
      kind: "gauge",
      bounds: [-103, 103],
      source: "TI SBOS448G §8.5.1: voltage times current",
      firmata: { chip: "ina219", quantity: "power" },
    },
  ],
});
