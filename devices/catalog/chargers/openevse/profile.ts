import { type MeasurementProfile, profile } from "../../../profile.ts";
import type { RapiValue } from "../../../sections/rapi.ts";

const doc = (command: string) => `OpenEVSE firmware, rapi_proc.h: $${command}`;

function gauge(
  name: string,
  unit: string,
  bounds: readonly [number, number],
  rapi: RapiValue,
  command: string,
  optional: boolean,
): MeasurementProfile {
  return { name, unit, kind: "gauge", bounds, rapi, source: doc(command), ...(optional && { optional }) };
}

const state = (name: string, rapi: RapiValue): MeasurementProfile => ({
  name,
  unit: "",
  kind: "state",
  bounds: [0, 1],
  rapi,
  source: doc("GS"),
  optional: true,
});

export default profile({
  id: "openevse",
  vendor: "OpenEVSE",
  model: "OpenEVSE controller, RAPI over serial",
  link: "rapi",
  source: "OpenEVSE firmware, rapi_proc.h: RAPI protocol (1.0.3 to 5)",
  work: "energy_import",
  // A station without a vehicle shows the same numbers for days.
  stuckAfter: 0,
  measurements: [
    // Amperes times volts, as the firmware reckons its energy.
    gauge("power", "W", [0, 24_000], "power", "GG", true),
    gauge("current", "A", [0, 100], "current", "GG", true),
    gauge("voltage", "V", [0, 300], "voltage", "GG", true),
    gauge("current_limit", "A", [0, 80], "limit", "GC, $GE", true),
    gauge("temperature", "Cel", [-40, 120], "temperature", "GP", true),
    gauge("session_energy", "Wh", [0, 500_000], "session", "GU", false),
    gauge("session_time", "s", [0, 10_000_000], "elapsed", "GS", false),
    // 80 A at 240 V are 5.3 Wh a second.
    {
      name: "energy_import",
      unit: "Wh",
      kind: "counter",
      bounds: [0, 2_000_000_000],
      step: 6,
      rapi: "energy",
      source: doc("GU"),
    },
    state("charging_state", "state"),
    state("vehicle_connected", "vehicle"),
  ],
});
