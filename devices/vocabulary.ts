import { numberOf, type Reading } from "../protocols/reading/index.ts";
import { shifted } from "./numbers.ts";

/** gauge: a number that may go either way. counter: a register that grows. state: a text or a boolean. */
export type MeasurementKind = "gauge" | "counter" | "state";

export interface Term {
  /** SenML unit of the signed value. */
  unit: string;
  kind: MeasurementKind;
  /** Name in the MQTT tree, with the unit people expect there. */
  key: string;
  /** The MQTT value is the signed one times ten to this power. */
  scale: number;
  label: string;
}

const terms = new Map<string, Term>();

function term(name: string, unit: string, kind: MeasurementKind, suffix: string, label: string, scale = 0): void {
  terms.set(name, { unit, kind, key: suffix === "" ? name : `${name}_${suffix}`, scale, label });
}

function perPhase(name: string, unit: string, suffix: string, label: string): void {
  term(name, unit, "gauge", suffix, label);
  for (const phase of ["l1", "l2", "l3"]) {
    term(`${name}_${phase}`, unit, "gauge", suffix, `${label} ${phase.toUpperCase()}`);
  }
}

function energy(name: string, label: string): void {
  term(name, "Wh", "counter", "kwh", label, -3);
}

// Import is what flows from the grid to the consumer; a power without direction is import less export.
perPhase("power", "W", "w", "Power");
perPhase("power_import", "W", "w", "Power taken from the grid");
perPhase("power_export", "W", "w", "Power fed into the grid");
perPhase("apparent_power", "VA", "va", "Apparent power");
perPhase("reactive_power", "var", "var", "Reactive power");
perPhase("power_factor", "/", "", "Power factor");
perPhase("voltage", "V", "v", "Voltage");
perPhase("current", "A", "a", "Current");
term("frequency", "Hz", "gauge", "hz", "Frequency");
energy("energy_import", "Energy taken from the grid");
energy("energy_export", "Energy fed into the grid");
energy("energy_total", "Energy, import plus export");
for (const tariff of ["t1", "t2"]) {
  energy(`energy_import_${tariff}`, `Energy taken from the grid, tariff ${tariff.slice(1)}`);
  energy(`energy_export_${tariff}`, `Energy fed into the grid, tariff ${tariff.slice(1)}`);
}
term("reactive_energy_import", "varh", "counter", "kvarh", "Reactive energy, import", -3);
term("reactive_energy_export", "varh", "counter", "kvarh", "Reactive energy, export", -3);
term("tariff", "", "gauge", "", "Tariff in force");
term("power_failures", "count", "counter", "", "Power failures");
term("temperature", "Cel", "gauge", "c", "Temperature");
term("humidity", "%RH", "gauge", "percent", "Relative humidity");

// Sub-meters behind a smart meter, heat meters.
term("power_average", "W", "gauge", "w", "Average power of the running quarter of an hour");
term("power_peak", "W", "gauge", "w", "Highest quarter of an hour of this month");
term("gas_volume", "m3", "counter", "m3", "Gas");
term("water_volume", "m3", "counter", "m3", "Water");
term("hot_water_volume", "m3", "counter", "m3", "Hot water");
term("heat_energy", "Wh", "counter", "kwh", "Heat", -3);
term("heat_quantity", "J", "counter", "gj", "Heat, in joules", -9);
term("heat_power", "W", "gauge", "w", "Heat output");
term("heat_volume", "m3", "counter", "m3", "Heating water through the meter");
term("volume_flow", "m3/s", "gauge", "l_s", "Flow", 3);
term("flow_temperature", "Cel", "gauge", "c", "Flow temperature");
term("return_temperature", "Cel", "gauge", "c", "Return temperature");
term("temperature_difference", "K", "gauge", "k", "Flow less return temperature");
// Inverters and batteries.
term("power_produced", "W", "gauge", "w", "Power produced");
energy("energy_produced", "Energy produced");
term("inverter_state", "", "state", "", "State of the inverter");
term("soh", "/100", "gauge", "percent", "State of health");
// Positions and vehicles.
term("latitude", "lat", "gauge", "", "Latitude");
term("longitude", "lon", "gauge", "", "Longitude");
term("altitude", "m", "gauge", "m", "Altitude above mean sea level");
term("speed", "m/s", "gauge", "m_s", "Speed over ground");
term("course", "deg", "gauge", "deg", "Course over ground");
term("satellites", "count", "gauge", "", "Satellites in use");
term("hdop", "/", "gauge", "", "Horizontal dilution of precision");
term("fix_mode", "", "gauge", "", "Dimensions of the fix");
term("fix_quality", "", "gauge", "", "Quality of the fix");
term("odometer", "m", "counter", "km", "Odometer", -3);
term("distance", "m", "counter", "km", "Distance", -3);
term("vehicle_speed", "km/h", "gauge", "km_h", "Speed");
term("engine_speed", "1/min", "gauge", "rpm", "Engine speed");
term("engine_load", "/100", "gauge", "percent", "Engine load");
term("coolant_temperature", "Cel", "gauge", "c", "Coolant temperature");
term("ambient_temperature", "Cel", "gauge", "c", "Ambient temperature");
term("fuel_level", "/100", "gauge", "percent", "Fuel level");
term("module_voltage", "V", "gauge", "v", "Voltage at the control unit");
term("run_time", "s", "gauge", "s", "Time since engine start");
term("soc", "%EL", "gauge", "percent", "State of charge");
term("vin", "", "state", "", "Vehicle identification number");
// Boards with numbered inputs.
for (let n = 1; n <= 6; n++) {
  term(`power_${n}`, "W", "gauge", "w", `Power, input ${n}`);
  term(`energy_${n}`, "Wh", "counter", "kwh", `Energy, input ${n}`, -3);
  term(`temperature_${n}`, "Cel", "gauge", "c", `Temperature, sensor ${n}`);
}
term("pulses", "count", "counter", "", "Pulses counted");
// Charging stations.
term("session_energy", "Wh", "gauge", "kwh", "Energy of this session", -3);
term("session_time", "s", "gauge", "s", "Charging time of this session");
term("current_limit", "A", "gauge", "a", "Current limit");
term("charging_state", "", "state", "", "State of the station");
term("vehicle_connected", "", "state", "", "Vehicle plugged in");
// Sessions at charging stations.
term("station_error", "", "state", "", "Error of the station");
term("session_id", "", "state", "", "Session");
term("session_connector", "", "state", "", "Connector of the session");
term("session_start", "s", "gauge", "s", "Begin of the session");
term("session_end", "s", "gauge", "s", "End of the session");
term("session_meter_start", "Wh", "gauge", "kwh", "Meter at the begin", -3);
term("session_meter_stop", "Wh", "gauge", "kwh", "Meter at the end", -3);
term("session_stop_reason", "", "state", "", "Why the session ended");
term("session_id_tag_hash", "", "state", "", "Id tag, hashed");
term("session_signature", "", "state", "", "Meter's signature");
term("session_grade", "", "state", "", "Whose word the energy is");
term("session_ocmf_sha256", "", "state", "", "Digest of the signed meter values");
term("session_ocmf", "", "state", "", "Signed meter values");
// Plugs and sensors.
term("relay", "", "state", "", "Relay on");
term("illuminance", "lx", "gauge", "lx", "Illuminance");
term("soil_moisture", "/100", "gauge", "percent", "Soil moisture");
term("door_open", "", "state", "", "Door open");
term("pressure", "Pa", "gauge", "hpa", "Air pressure", -2);
term("battery_voltage", "V", "gauge", "v", "Battery");
term("link_quality", "", "gauge", "", "Radio link quality");
// Inverters, batteries and what surrounds them.
for (const pair of ["l12", "l23", "l31"]) term(`voltage_${pair}`, "V", "gauge", "v", `Voltage ${pair.toUpperCase()}`);
for (const phase of ["l1", "l2", "l3"]) {
  term(`frequency_${phase}`, "Hz", "gauge", "hz", `Frequency ${phase.toUpperCase()}`);
}
term("pv_power", "W", "gauge", "w", "Power of the PV strings");
term("pv_power_ac", "W", "gauge", "w", "Power of the PV inverters");
term("pv_current", "A", "gauge", "a", "Current of the PV strings");
for (let n = 1; n <= 4; n++) {
  term(`pv_voltage_${n}`, "V", "gauge", "v", `Voltage of PV string ${n}`);
  term(`pv_current_${n}`, "A", "gauge", "a", `Current of PV string ${n}`);
  term(`pv_power_${n}`, "W", "gauge", "w", `Power of PV string ${n}`);
}
term("power_input", "W", "gauge", "w", "Power into the inverter");
term("power_load", "W", "gauge", "w", "Power of the loads");
energy("energy_load", "Energy of the loads");
energy("energy_charged", "Energy into the battery");
energy("energy_discharged", "Energy out of the battery");
term("energy_today", "Wh", "gauge", "kwh", "Energy generated today", -3);
term("battery_current", "A", "gauge", "a", "Battery current, charging");
term("battery_power", "W", "gauge", "w", "Battery power, charging");
term("battery_state", "", "state", "", "State of the battery");
term("dc_voltage", "V", "gauge", "v", "DC bus");
term("dc_voltage_half", "V", "gauge", "v", "DC bus, lower half");
term("temperature_heatsink", "Cel", "gauge", "c", "Temperature of the heat sink");
term("operating_time", "s", "counter", "s", "Time in operation");
term("grid_code", "", "state", "", "Grid code");
term("derating", "", "state", "", "Why less is generated");
term("error_code", "", "gauge", "", "Error");
term("warning_code", "", "gauge", "", "Warning");
term("function_bits", "", "gauge", "", "Functions switched on");
term("signal_strength", "", "gauge", "", "Radio signal");
term("phases_allowed", "count", "gauge", "", "Phases to charge with");

/** Names of measurements as they are signed (SenML `n`), and how the MQTT tree shows them. */
export const vocabulary: ReadonlyMap<string, Term> = terms;

/** MQTT name of a measurement; a name outside the vocabulary is its own. */
export function treeKey(name: string): string {
  return vocabulary.get(name)?.key ?? name.replace(/[^A-Za-z0-9]+/g, "_");
}

/**
 * A reading's values as the MQTT tree shows them: `{"power_w":1834.2,"energy_import_kwh":10211.482}`. Decimal fractions become
 * the nearest doubles; bytes and sums are left out.
 */
export function treeValues(reading: Reading): Record<string, number | string | boolean> {
  const out: Record<string, number | string | boolean> = {};
  for (const { name, value } of reading.measurements) {
    if (value === undefined || value instanceof Uint8Array) continue;
    const known = vocabulary.get(name);
    const isNumber = typeof value !== "string" && typeof value !== "boolean";
    out[treeKey(name)] = isNumber ? numberOf(shifted(value, known?.scale ?? 0)) : value;
  }
  return out;
}
