export { type Capability, capabilitiesOf, type EnergyMeter } from "./capabilities.ts";
export { type CatalogEntry, catalog, DRIVERS, driverId, findDriver } from "./catalog/index.ts";
export type {
  DeviceConfig,
  DeviceReading,
  DeviceState,
  Driver,
  DriverCounters,
  DriverOptions,
} from "./drivers/driver.ts";
export { createDriver, DriverHost, type DriverHostOptions } from "./drivers/driver-host.ts";
export { type PortFactory, type PortSpec, parsePort, realPort } from "./drivers/port-spec.ts";
export { nearest } from "./nearest.ts";
export {
  type MeasurementProfile,
  type ModbusDefaults,
  type ObisSource,
  type P1Defaults,
  type Profile,
  type ProfileInput,
  profile,
  type RecordedFrame,
  type RegisterSource,
} from "./profile.ts";
export { lintProfile, type ProfileProblem } from "./profile-lint.ts";
export { type Assessment, assess, initialQuality, type QualityState, type RawReading } from "./quality.ts";
export { type Fault, SimulatedBoard } from "./simulate/board.ts";
export { MeterModel, type MeterModelOptions } from "./simulate/meter-model.ts";
export {
  type SimulatedBoardOptions,
  type SimulateOptions,
  type Simulator,
  simulate,
} from "./simulate/simulate.ts";
export { type MeasurementKind, type Term, treeKey, treeValues, vocabulary } from "./vocabulary.ts";
