import { profile } from "../../../profile.ts";
import { inverterMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "sunspec-inverter",
  vendor: "any",
  model: "SunSpec inverter",
  link: "sunspec",
  source: "SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: "energy_produced",
  // It stands still all night.
  stuckAfter: 0,
  measurements: inverterMeasurements,
});
