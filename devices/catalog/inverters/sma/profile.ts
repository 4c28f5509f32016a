import { profile } from "../../../profile.ts";
import { inverterMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "sma",
  vendor: "SMA",
  model: "Sunny Boy, Sunny Tripower (SunSpec)",
  link: "sunspec",
  source:
    "SMA SunSpec Modbus interface, technical information 1.5; SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: "energy_produced",
  // It stands still all night.
  stuckAfter: 0,
  sunspec: { unit: 126 },
  measurements: inverterMeasurements,
});
