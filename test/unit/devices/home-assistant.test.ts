import { describe, expect, it } from "vitest";
import { catalog, homeAssistantClass, vocabulary } from "../../../devices/index.ts";

type StateClass = "measurement" | "total" | "total_increasing";
const measured: readonly StateClass[] = ["measurement"];
const amount: readonly StateClass[] = ["total", "total_increasing"];
const any: readonly StateClass[] = ["measurement", "total", "total_increasing"];

/**
 * Sensor device classes with the units and state classes they go with: Home Assistant developer documentation, "Sensor
 * entity", tables "Available device classes" and "Available state classes". What does not fit is refused or warned of there.
 */
const CLASSES: Readonly<
  Record<string, readonly [units: readonly (string | undefined)[], states: readonly StateClass[]]>
> = {
  apparent_power: [["mVA", "VA", "kVA"], measured],
  battery: [["%"], measured],
  carbon_dioxide: [["ppm"], measured],
  current: [["A", "mA"], measured],
  distance: [["km", "m", "cm", "mm"], any],
  duration: [["d", "h", "min", "s", "ms"], any],
  energy: [["J", "kJ", "MJ", "GJ", "mWh", "Wh", "kWh", "MWh", "GWh", "TWh"], amount],
  frequency: [["Hz", "kHz", "MHz", "GHz"], measured],
  gas: [["m³", "L"], amount],
  humidity: [["%"], measured],
  illuminance: [["lx"], measured],
  moisture: [["%"], measured],
  power: [["mW", "W", "kW", "MW"], measured],
  power_factor: [[undefined, "%"], measured],
  pressure: [["Pa", "hPa", "kPa", "mbar", "bar"], measured],
  reactive_energy: [["varh", "kvarh"], amount],
  reactive_power: [["mvar", "var", "kvar"], measured],
  speed: [["m/s", "km/h", "mm/s"], measured],
  temperature: [["°C", "K"], measured],
  voltage: [["V", "mV", "kV"], measured],
  volume: [["L", "m³"], amount],
  volume_flow_rate: [["m³/h", "m³/min", "m³/s", "L/h", "L/min", "L/s"], measured],
  water: [["m³", "L"], amount],
  weight: [["g", "kg"], measured],
};

/** Units that say what is measured, and the classes that Home Assistant has for it. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  W: ["power"],
  VA: ["apparent_power"],
  var: ["reactive_power"],
  Wh: ["energy"],
  J: ["energy"],
  varh: ["reactive_energy"],
  V: ["voltage"],
  A: ["current"],
  Hz: ["frequency"],
  Cel: ["temperature"],
  "%RH": ["humidity", "moisture"],
  "%EL": ["battery"],
  Pa: ["pressure"],
  lx: ["illuminance"],
  m: ["distance"],
  "m/s": ["speed"],
  "km/h": ["speed"],
  m3: ["volume", "gas", "water"],
  "m3/s": ["volume_flow_rate"],
};

describe("Home Assistant's classes", () => {
  it.each([...vocabulary.keys()])("fit %s", (name) => {
    const { deviceClass, unit, stateClass } = homeAssistantClass(name);
    const term = vocabulary.get(name)!;
    expect(stateClass === undefined).toBe(term.kind === "state");
    if (deviceClass === undefined) return;
    const known = CLASSES[deviceClass];
    expect(known, deviceClass).toBeDefined();
    const [units, states] = known!;
    expect(units).toContain(unit);
    expect(states).toContain(stateClass);
  });

  it("are there for every measurement of the catalog that Home Assistant has one for", () => {
    for (const { id, measurements } of catalog) {
      for (const { name, unit } of measurements) {
        const { deviceClass, unit: shown } = homeAssistantClass(name);
        const expected = EXPECTED[unit];
        if (!expected) continue;
        expect(expected, `${id} ${name}`).toContain(deviceClass);
        expect(shown, `${id} ${name}`).toBeDefined();
      }
    }
  });

  it("tell the unit of the value as the MQTT tree shows it", () => {
    expect(homeAssistantClass("energy_import")).toEqual({
      deviceClass: "energy",
      unit: "kWh",
      stateClass: "total_increasing",
    });
    expect(homeAssistantClass("odometer")).toMatchObject({ deviceClass: "distance", unit: "km" });
    expect(homeAssistantClass("volume_flow")).toMatchObject({ unit: "L/s" });
    expect(homeAssistantClass("heat_quantity")).toMatchObject({ deviceClass: "energy", unit: "GJ" });
    expect(homeAssistantClass("gas_volume")).toMatchObject({ deviceClass: "gas", unit: "m³" });
    expect(homeAssistantClass("session_energy")).toMatchObject({ deviceClass: "energy", stateClass: "total" });
    expect(homeAssistantClass("hdop")).toEqual({ stateClass: "measurement" });
    expect(homeAssistantClass("x_ph")).toEqual({});
  });
});
