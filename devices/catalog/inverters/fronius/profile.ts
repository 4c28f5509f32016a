import { profile } from "../../../profile.ts";
import { inverterMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "fronius",
  vendor: "Fronius",
  model: "Symo, Primo, GEN24 (SunSpec)",
  link: "sunspec",
  source:
    "Fronius Datamanager Modbus TCP and RTU operating instructions 42,0410,2049; SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: "energy_produced",
  // It stands still all night.
  stuckAfter: 0,
  sunspec: { unit: 1 },
  measurements: inverterMeasurements,
});
