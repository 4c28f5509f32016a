import { profile } from "../../../profile.ts";
import { meterMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "sunspec-meter",
  vendor: "any",
  model: "SunSpec meter",
  link: "sunspec",
  source: "SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: "energy_import",
  measurements: meterMeasurements,
});
