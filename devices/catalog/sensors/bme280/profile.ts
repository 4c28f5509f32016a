import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "bme280",
  vendor: "Bosch",
  model: "BME280 on I2C (Firmata)",
  link: "firmata",
  source: "Bosch BST-BME280-DS001 v1.24",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "temperature",
      unit: "Cel",
      kind: "gauge",
      bounds: [-40, 85],
      step: 1,
      source: "Bosch BST-BME280-DS001 v1.24 §1.2 table 2",
      firmata: { chip: "bme280", quantity: "temperature" },
    },
    {
      name: "humidity",
      unit: "%RH",
      kind: "gauge",
      bounds: [0, 100],
      source: "Bosch BST-BME280-DS001 v1.24 §1.2 table 2",
      firmata: { chip: "bme280", quantity: "humidity" },
    },
    {
      name: "pressure",
      unit: "Pa",
      kind: "gauge",
      bounds: [30000, 110000],
      source: "Bosch BST-BME280-DS001 v1.24 §1.3 table 3",
      firmata: { chip: "bme280", quantity: "pressure" },
    },
  ],
});
