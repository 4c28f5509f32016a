import { vocabulary } from "./vocabulary.ts";

/** How Home Assistant files a measurement: sensor device class, unit and state class, in its own words. */
export interface HomeAssistantClass {
  /** Absent where Home Assistant has no class for it. */
  deviceClass?: string;
  /** As Home Assistant spells it, of the value in the MQTT tree (`kWh`, not `Wh`). */
  unit?: string;
  /** Absent for texts and booleans. */
  stateClass?: "measurement" | "total" | "total_increasing";
}

interface UnitClass {
  deviceClass?: string;
  /** By the power of ten between the signed value and the one in the MQTT tree; -3 turns Wh to kWh. */
  units: Readonly<Record<number, string>>;
}

const of = (deviceClass: string | undefined, units: UnitClass["units"]): UnitClass =>
  deviceClass === undefined ? { units } : { deviceClass, units };

/** Home Assistant's sensor device classes and their units, by SenML unit. */
const BY_UNIT: Readonly<Record<string, UnitClass>> = {
  W: of("power", { 0: "W" }),
  VA: of("apparent_power", { 0: "VA" }),
  var: of("reactive_power", { 0: "var" }),
  Wh: of("energy", { 0: "Wh", [-3]: "kWh" }),
  J: of("energy", { 0: "J", [-9]: "GJ" }),
  varh: of("reactive_energy", { 0: "varh", [-3]: "kvarh" }),
  V: of("voltage", { 0: "V" }),
  A: of("current", { 0: "A" }),
  Hz: of("frequency", { 0: "Hz" }),
  Cel: of("temperature", { 0: "°C" }),
  // There is a class for differences since 2025.11; earlier versions refuse what has a class they do not know.
  K: of(undefined, { 0: "K" }),
  "%RH": of("humidity", { 0: "%" }),
  "%EL": of("battery", { 0: "%" }),
  "/100": of(undefined, { 0: "%" }),
  "1/min": of(undefined, { 0: "rpm" }),
  Pa: of("pressure", { 0: "Pa", [-2]: "hPa" }),
  lx: of("illuminance", { 0: "lx" }),
  m: of("distance", { 0: "m", [-3]: "km" }),
  "m/s": of("speed", { 0: "m/s" }),
  "km/h": of("speed", { 0: "km/h" }),
  deg: of(undefined, { 0: "°" }),
  lat: of(undefined, { 0: "°" }),
  lon: of(undefined, { 0: "°" }),
  s: of("duration", { 0: "s" }),
  m3: of("volume", { 0: "m³" }),
  "m3/s": of("volume_flow_rate", { 0: "m³/s", 3: "L/s" }),
  g: of("weight", { 0: "g" }),
  kg: of("weight", { 0: "kg" }),
  ppm: of(undefined, { 0: "ppm" }),
};

/** What the unit alone does not tell. */
const BY_NAME: readonly (readonly [names: RegExp, about: UnitClass])[] = [
  [/^power_factor(?:_|$)/, of("power_factor", {})],
  [/^gas_volume$/, of("gas", { 0: "m³" })],
  [/^(?:hot_)?water_volume$/, of("water", { 0: "m³" })],
  // Points in time, in seconds since 1970: Home Assistant's class for them takes texts.
  [/^session_(?:start|end)$/, of(undefined, {})],
];

/** Classes of amounts that only ever add up: a gauge of one is a total that may begin anew. */
const AMOUNTS = new Set(["energy", "reactive_energy", "gas", "water", "volume"]);

/** How Home Assistant files a measurement of the vocabulary. A name outside it is a text without a class. */
export function homeAssistantClass(name: string): HomeAssistantClass {
  const term = vocabulary.get(name);
  if (!term) return {};
  const { deviceClass, units } =
    BY_NAME.find(([names]) => names.test(name))?.[1] ?? BY_UNIT[term.unit] ?? of(undefined, {});
  const unit = units[term.scale];
  const gauge = AMOUNTS.has(deviceClass ?? "") ? "total" : "measurement";
  return {
    ...(deviceClass === undefined ? {} : { deviceClass }),
    ...(unit === undefined ? {} : { unit }),
    ...(term.kind === "state" ? {} : { stateClass: term.kind === "counter" ? "total_increasing" : gauge }),
  };
}
