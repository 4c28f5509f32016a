import { profile } from "../../../profile.ts";
import { meterMeasurements } from "../../inverters/sunspec-measurements.ts";

export default profile({
  id: "fronius-smart-meter",
  vendor: "Fronius",
  model: "Smart Meter (SunSpec)",
  link: "sunspec",
  source:
    "Fronius Datamanager Modbus TCP and RTU operating instructions 42,0410,2049; SunSpec Device Information Model Specification V1.1; SunSpec Modbus models (2023)",
  work: "energy_import",
  sunspec: { unit: 240 },
  measurements: meterMeasurements,
});
