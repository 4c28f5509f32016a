import { profile, READINGS } from "../../../profile.ts";

export default profile({
  id: "dht22",
  vendor: "Aosong",
  model: "DHT22 (AM2302) (Firmata)",
  link: "firmata",
  source: "Aosong AM2302/DHT22 data sheet",
  work: READINGS,
  stuckAfter: 0,
  measurements: [
    {
      name: "temperature",
      unit: "Cel",
      kind: "gauge",
      bounds: [-40, 80],
      step: 2,
      source: "Aosong AM2302/DHT22 data sheet §5 table 3",
      firmata: { dht: 2, model: 22, quantity: "temperature" },
    },
    {
      name: "humidity",
      unit: "%RH",
      kind: "gauge",
      bounds: [0, 100],
      source: "Aosong AM2302/DHT22 data sheet §5 table 3",
      firmata: { dht: 2, model: 22, quantity: "humidity" },
    },
  ],
});
