import { PIDS, type PidName } from "../../../protocols/obd/index.ts";
import type { MeasurementProfile } from "../../profile.ts";

const standard = (row: string) => `SAE J1979-DA (ISO 15031-5:2015 §6.3): ${row}`;
const gauge = (name: string, pid: PidName, bounds: readonly [number, number], row: string): MeasurementProfile => {
  const { unit, pid: number, ...format } = PIDS[pid];
  const obd = { service: 0x01, pid: number, ...format } as const;
  return { name, unit, kind: "gauge", bounds, optional: true, source: standard(row), obd };
};

/** The work register of a car: a distance that it counts itself. */
export function distanceCounter(name: "odometer" | "distance", row: string): MeasurementProfile {
  const { unit, ...format } = PIDS[name];
  return {
    name,
    unit,
    kind: "counter",
    bounds: [0, 4_000_000_000],
    // 400 km/h.
    step: 112,
    source: standard(row),
    obd: { service: 0x01, ...format },
  };
}

/** What cars tell beside it; one that a car does not have is left out. */
export const carMeasurements: readonly MeasurementProfile[] = [
  gauge("vehicle_speed", "speed", [0, 255], "PID 0D vehicle speed"),
  gauge("engine_speed", "engine_speed", [0, 16_384], "PID 0C engine speed"),
  gauge("engine_load", "engine_load", [0, 100], "PID 04 calculated load"),
  gauge("coolant_temperature", "coolant_temperature", [-40, 215], "PID 05 engine coolant temperature"),
  gauge("ambient_temperature", "ambient_temperature", [-40, 215], "PID 46 ambient air temperature"),
  gauge("fuel_level", "fuel_level", [0, 100], "PID 2F fuel tank level input"),
  gauge("soc", "battery_soc", [0, 100], "PID 5B hybrid or electric vehicle battery pack remaining charge"),
  gauge("module_voltage", "module_voltage", [0, 66], "PID 42 control module voltage"),
  gauge("run_time", "run_time", [0, 65_535], "PID 1F time since engine start"),
  {
    name: "vin",
    unit: "",
    kind: "state",
    bounds: [0, 1],
    optional: true,
    source: "SAE J1979 §6.9.2: service 09, information type 02",
  },
];
