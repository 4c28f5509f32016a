import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "bh1750",
  vendor: "Rohm",
  model: "BH1750 on I2C (Firmata)",
  link: "firmata",
  source: "Rohm BH1750FVI data sheet 2010.04 rev. C",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "illuminance",
      unit: "lx",
      kind: "gauge",
      bounds: [0, 54613],
      source:
        "Rohm BH1750FVI data sheet 2010.04 rev. C, Electrical Characteristics: 65535 counts at 1.2 counts per lux",
      firmata: { chip: "bh1750", quantity: "illuminance" },
    },
  ],
});
