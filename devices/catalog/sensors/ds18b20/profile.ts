import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "ds18b20",
  vendor: "Maxim",
  model: "DS18B20 on 1-Wire (Firmata)",
  link: "firmata",
  source: "Maxim DS18B20 data sheet 19-7487 rev 6",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "temperature",
      unit: "Cel",
      kind: "gauge",
      bounds: [-55, 125],
      step: 5,
      source: "Maxim DS18B20 data sheet 19-7487 rev 6, Electrical Characteristics",
      firmata: { oneWire: 2 },
    },
  ],
});
