import { profile, READINGS } from "../../../profile.ts";
import { storageMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "sunspec-storage",
  vendor: "any",
  model: "SunSpec storage",
  link: "sunspec",
  source: "SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: READINGS,
  // A full battery says the same for hours.
  stuckAfter: 0,
  measurements: storageMeasurements,
});
