import type { Profile } from "./profile.ts";

/** Of capabilities: every value is the name of a measurement, but where something else is said. */

/** Energy that flows through a point of the grid. */
export interface EnergyMeter {
  kind: "energy-meter";
  /** Absent where pulses are counted. */
  power?: string;
  energyImport: string;
  energyExport?: string;
  /** Phases it measures separately; 1 where it does not. */
  phases: 1 | 2 | 3;
}

/** What makes electricity. */
export interface Inverter {
  kind: "inverter";
  power: string;
  energy: string;
  state?: string;
}

/** A battery that is charged and discharged. */
export interface Storage {
  kind: "storage";
  soc: string;
  /** Into the battery; negative out of it. */
  power?: string;
  energyCharged?: string;
  energyDischarged?: string;
}

/** Where vehicles are charged. */
export interface ChargingStation {
  kind: "charging-station";
  state: string;
  energy?: string;
  power?: string;
  sessionEnergy?: string;
  vehicleConnected?: string;
  currentLimit?: string;
  /** Keys of the commands it takes, where the configuration allows it. */
  commands: readonly string[];
}

/** What knows where it is. */
export interface Positioned {
  kind: "positioned";
  latitude: string;
  longitude: string;
  altitude?: string;
  speed?: string;
}

export interface Vehicle {
  kind: "vehicle";
  /** Metres driven. */
  distance: string;
  speed?: string;
  /** Of its battery. */
  soc?: string;
  vin?: string;
}

export interface HeatMeter {
  kind: "heat-meter";
  energy: string;
  power?: string;
  flowTemperature?: string;
  returnTemperature?: string;
}

/** What surrounds it: temperature, humidity, light, … */
export interface Sensor {
  kind: "sensor";
  measures: readonly string[];
}

/** What a device is to a builder, whatever it is called and however it speaks. */
export type Capability = EnergyMeter | Inverter | Storage | ChargingStation | Positioned | Vehicle | HeatMeter | Sensor;

type Has = (name: string) => boolean;

/** `{ role: name }` for the measurements that are there. */
function roles<R extends string>(has: Has, names: Readonly<Record<R, string>>): Partial<Record<R, string>> {
  return Object.fromEntries(Object.entries<string>(names).filter(([, name]) => has(name))) as Partial<
    Record<R, string>
  >;
}

function energyMeter(has: Has): EnergyMeter | undefined {
  // Of boards with numbered inputs the first one is the meter; the meter in a charging station is the station's.
  const energyImport = ["energy_import", "energy_1"].find(has);
  if (energyImport === undefined || has("charging_state")) return undefined;
  const phases = ["voltage_l1", "voltage_l2", "voltage_l3"].filter(has).length;
  return {
    kind: "energy-meter",
    ...roles(has, { power: energyImport === "energy_1" ? "power_1" : "power" }),
    energyImport,
    ...roles(has, { energyExport: "energy_export" }),
    phases: phases === 2 || phases === 3 ? phases : 1,
  };
}

function inverter(has: Has): Inverter | undefined {
  if (!has("power_produced") || !has("energy_produced")) return undefined;
  const state = roles(has, { state: "inverter_state" });
  return { kind: "inverter", power: "power_produced", energy: "energy_produced", ...state };
}

function storage(has: Has): Storage | undefined {
  // A vehicle's battery is the vehicle's, whatever tells its charge.
  if (!has("soc") || !["battery_power", "energy_charged", "battery_current"].some(has)) return undefined;
  const more = { power: "battery_power", energyCharged: "energy_charged", energyDischarged: "energy_discharged" };
  return { kind: "storage", soc: "soc", ...roles(has, more) };
}

function chargingStation(has: Has, profile: Profile): ChargingStation | undefined {
  if (!has("charging_state")) return undefined;
  const more = roles(has, {
    energy: "energy_import",
    power: "power",
    sessionEnergy: "session_energy",
    vehicleConnected: "vehicle_connected",
    currentLimit: "current_limit",
  });
  return { kind: "charging-station", state: "charging_state", ...more, commands: commandsOf(profile) };
}

/** Commands of stations over OCPP and RAPI, as their drivers take them. */
const STATION_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  ocpp: ["current_limit", "enabled", "start", "stop", "reset"],
  rapi: ["current_limit", "enabled", "asleep"],
};

/** Keys of the commands a board of this model takes. */
export function commandsOf({ link, modbus, mqtt }: Profile): readonly string[] {
  if (modbus) return Object.keys(modbus.control);
  if (mqtt) return mqtt.controls.map(({ key }) => key);
  return STATION_COMMANDS[link] ?? [];
}

function positioned(has: Has): Positioned | undefined {
  if (!has("latitude") || !has("longitude")) return undefined;
  const more = roles(has, { altitude: "altitude", speed: "speed" });
  return { kind: "positioned", latitude: "latitude", longitude: "longitude", ...more };
}

function vehicle(has: Has): Vehicle | undefined {
  const distance = ["odometer", "distance"].find(has);
  if (distance === undefined) return undefined;
  return { kind: "vehicle", distance, ...roles(has, { speed: "vehicle_speed", soc: "soc", vin: "vin" }) };
}

function heatMeter(has: Has, { measurements }: Profile): HeatMeter | undefined {
  // One that may stand behind a smart meter makes no heat meter of it.
  if (!measurements.some(({ name, optional }) => name === "heat_energy" && !optional)) return undefined;
  const more = { power: "heat_power", flowTemperature: "flow_temperature", returnTemperature: "return_temperature" };
  return { kind: "heat-meter", energy: "heat_energy", ...roles(has, more) };
}

/** A device that is nothing else, with what it measures: not its states, and not itself (battery, radio). */
function sensor({ measurements }: Profile): Sensor {
  const own = ["battery_voltage", "link_quality", "signal_strength"];
  const measures = measurements.map(({ name }) => name).filter((name) => !own.includes(name));
  return { kind: "sensor", measures };
}

const KNOWN = [energyMeter, inverter, storage, chargingStation, positioned, vehicle, heatMeter];

/** The capabilities that a profile's measurements amount to; at least one. */
export function capabilitiesOf(profile: Profile): Capability[] {
  const names = new Set(profile.measurements.map(({ name }) => name));
  const found = KNOWN.flatMap((kind) => kind((name) => names.has(name), profile) ?? []);
  return found.length > 0 ? found : [sensor(profile)];
}
