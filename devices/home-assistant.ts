import { vocabulary } from "./vocabulary.ts";

/** How Home Assistant files a measurement: sensor device class, unit and state class, in its own words. */
export interface HomeAssistantClass {
  /** Absent where Home Assistant has no class for it. */
  deviceClass?: string;
  /** As Home Assistant spells it, after the vocabulary's scale (`kWh`, not `Wh`). */
  unit?: string;
  /** Absent for texts and booleans. */
  stateClass?: "measurement" | "total_increasing";
}

/** SenML unit → device class and the unit that stands in the MQTT tree. Home Assistant's sensor device classes. */
const BY_UNIT: Readonly<Record<string, readonly [deviceClass: string | undefined, unit: string | undefined]>> = {
  W: ["power", "W"],
  VA: ["apparent_power", "VA"],
  var: ["reactive_power", "var"],
  Wh: ["energy", "kWh"],
  varh: ["reactive_energy", "kvarh"],
  V: ["voltage", "V"],
  A: ["current", "A"],
  Hz: ["frequency", "Hz"],
  "/": ["power_factor", undefined],
  Cel: ["temperature", "°C"],
  "%RH": ["humidity", "%"],
  "%EL": ["battery", "%"],
  "/100": [undefined, "%"],
  "1/min": [undefined, "rpm"],
  Pa: ["pressure", "hPa"],
  lx: ["illuminance", "lx"],
  m: ["distance", "m"],
  "m/s": ["speed", "m/s"],
  "km/h": ["speed", "km/h"],
  deg: [undefined, "°"],
  lat: [undefined, "°"],
  lon: [undefined, "°"],
  s: ["duration", "s"],
  m3: ["volume", "m³"],
  "m3/s": ["volume_flow_rate", "m³/h"],
  g: ["weight", "g"],
  kg: ["weight", "kg"],
  ppm: [undefined, "ppm"],
};

/** How Home Assistant files a measurement of the vocabulary. A name outside it is a text without a class. */
export function homeAssistantClass(name: string): HomeAssistantClass {
  const term = vocabulary.get(name);
  if (!term) return {};
  const [deviceClass, unit] = BY_UNIT[term.unit] ?? [];
  return {
    ...(deviceClass === undefined ? {} : { deviceClass }),
    ...(unit === undefined ? {} : { unit }),
    ...(term.kind === "state" ? {} : { stateClass: term.kind === "counter" ? "total_increasing" : "measurement" }),
  };
}
