import { type MbusSource, type MeasurementProfile, profile } from "../../../profile.ts";

const en = (quantity: string) => `EN 13757-3 §6.4, table 10, primary VIF: ${quantity}`;

function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  quantity: string,
  sent: MbusSource["sent"],
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, optional: true, source: en(quantity), mbus: { quantity, sent } };
}

export default profile({
  id: "mbus-heat-meter",
  vendor: "any",
  model: "heat meter on a wired M-Bus: Kamstrup, Landis+Gyr, Engelmann, Sensus, Itron",
  link: "mbus",
  source: "EN 13757-2 (link layer) and EN 13757-3 (application layer)",
  work: "heat_energy",
  // In summer nothing of a heating moves for months.
  stuckAfter: 0,
  measurements: [
    {
      name: "heat_energy",
      unit: "Wh",
      kind: "counter",
      bounds: [0, 1e12],
      // A house connection of 100 kW counts 28 Wh a second; many meters count whole kWh, large ones 0.1 MWh.
      step: 28,
      resolution: 100_000,
      source: en("0000 0nnn energy in Wh, 0000 1nnn in J"),
      mbus: { quantity: "energy", sent: { unit: "Wh", exponent: 3 } },
    },
    {
      name: "heat_volume",
      unit: "m3",
      kind: "counter",
      bounds: [0, 1e9],
      optional: true,
      source: en("0001 0nnn volume in m3"),
      mbus: { quantity: "volume", sent: { unit: "m3", exponent: -3 } },
    },
    gauge("heat_power", "W", [-1e6, 1e7], "power", { unit: "W", exponent: 2 }),
    gauge("volume_flow", "m3/s", [-1, 1], "volumeFlow", { unit: "m3/h", exponent: -3 }),
    gauge("flow_temperature", "Cel", [-20, 200], "flowTemperature", { unit: "Cel", exponent: -2 }),
    gauge("return_temperature", "Cel", [-20, 200], "returnTemperature", { unit: "Cel", exponent: -2 }),
    gauge("temperature_difference", "K", [-150, 200], "temperatureDifference", { unit: "K", exponent: -2 }),
  ],
});
