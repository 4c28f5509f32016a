export {
  type Capability,
  type ChargingStation,
  capabilitiesOf,
  commandsOf,
  type EnergyMeter,
  type HeatMeter,
  type Inverter,
  type Positioned,
  type Sensor,
  type Storage,
  type Vehicle,
} from "./capabilities.ts";
export { Catalog, driverId } from "./catalog/catalog.ts";
export { builtIn, type CatalogEntry, catalog, DRIVERS, findDriver, folderOf } from "./catalog/index.ts";
export { describeModel, deviceListPage, type ModelDescription } from "./describe.ts";
export type {
  DeviceCommand,
  DeviceConfig,
  DeviceReading,
  DeviceState,
  Driver,
  DriverCounters,
  DriverOptions,
  LastKnown,
} from "./drivers/driver.ts";
export { createDriver, DriverHost, type DriverHostOptions } from "./drivers/driver-host.ts";
export type { DeviceValue, Engine, EngineHost, LintReport } from "./drivers/engine.ts";
export type { BoardMessage, MessageSource, MessageSubscription } from "./drivers/messages.ts";
export { boardTopics, readingTopics } from "./drivers/mqtt/topics.ts";
export { sharedCentral } from "./drivers/ocpp/engine.ts";
export type { Adoption, OcppOptions, PendingStation } from "./drivers/ocpp/options.ts";
export { SharedCentral } from "./drivers/ocpp/shared-central.ts";
export { type PortFactory, type PortSpec, parsePort, realPort } from "./drivers/port-spec.ts";
export { type HomeAssistantClass, homeAssistantClass } from "./home-assistant.ts";
export { nearest } from "./nearest.ts";
export {
  type LinkKind,
  type MeasurementProfile,
  type ObisSource,
  type Profile,
  type ProfileInput,
  profile,
  READINGS,
  type RecordedFrame,
  type RegisterSource,
  type Sections,
  type Sources,
  usualInterval,
  WORK_BASE,
} from "./profile.ts";
export { checkFrames, type FrameResult } from "./profile-frames.ts";
export { lintProfile, type ProfileProblem } from "./profile-lint.ts";
export { fromWritten, profileJsonSchema, profileSchema, type WrittenProfile } from "./profile-schema/index.ts";
export { withPulseConstant } from "./pulse-constant.ts";
export { type Assessment, assess, initialQuality, type QualityState, type RawReading } from "./quality.ts";
export type { CosemSource } from "./sections/cosem.ts";
export type { HanSection } from "./sections/han.ts";
export type { MbusSection, MbusSource } from "./sections/mbus.ts";
export type { ModbusSection } from "./sections/modbus.ts";
export type { MessageControl, MessageField, MessageValue, MqttSection } from "./sections/mqtt.ts";
export type { OcppField, OcppSection, OcppSource } from "./sections/ocpp.ts";
export type { P1Section } from "./sections/p1.ts";
export type { RapiSection, RapiValue } from "./sections/rapi.ts";
export type { SmlSection } from "./sections/sml.ts";
export type { TextSection, TextSource } from "./sections/text.ts";
export { FAULTS, type Fault, SimulatedBoard } from "./simulate/board.ts";
export { type DayProfileOptions, type PowerSeries, parseDayProfile } from "./simulate/day-profile.ts";
export { MessageHub } from "./simulate/message-hub.ts";
export { MeterModel, type MeterModelOptions } from "./simulate/meter-model.ts";
export { type MqttBoard, type MqttBoardOptions, simulateMqttBoard } from "./simulate/mqtt-board.ts";
export { type DialOptions, dialCentral } from "./simulate/ocpp-dial.ts";
export { type MeterSigner, SimulatedStation, type SimulatedStationOptions } from "./simulate/ocpp-station.ts";
export {
  type SimulatedBoardOptions,
  type SimulateOptions,
  type Simulator,
  simulate,
} from "./simulate/simulate.ts";
export { type MeasurementKind, type Term, treeKey, treeValues, vocabulary } from "./vocabulary.ts";
export { DeviceKind, type WorkTerms, workTerms } from "./work-terms.ts";
