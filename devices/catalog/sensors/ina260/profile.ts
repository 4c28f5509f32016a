import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "ina260",
  vendor: "Texas Instruments",
  model: "INA260 on I2C (Firmata)",
  link: "firmata",
  source: "TI SBOS656C",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "voltage",
      unit: "V",
      kind: "gauge",
      bounds: [0, 36],
      source: "TI SBOS656C §8.6.1.3: 1.25 mV a step",
      firmata: { chip: "ina260", quantity: "voltage" },
    },
    {
      name: "current",
      unit: "A",
      kind: "gauge",
      bounds: [-15, 15],
      source: "TI SBOS656C §8.6.1.2: 1.25 mA a step",
      firmata: { chip: "ina260", quantity: "current" },
    },
    {
      name: "power",
      unit: "W",
      kind: "gauge",
      bounds: [-540, 540],
      source: "TI SBOS656C §8.6.1.4: 10 mW a step, without sign",
      firmata: { chip: "ina260", quantity: "power" },
    },
  ],
});
