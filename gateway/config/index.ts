export { addDevice, removeDevice } from "./edit.ts";
export { ConfigError, type ConfigProblem, describeProblem } from "./error.ts";
export { type LoadedConfig, type LoadOptions, loadConfig, type Origin } from "./load.ts";
export {
  type BrokenProfile,
  describeBroken,
  type LoadedProfiles,
  loadProfiles,
  placed,
  type ReadProfile,
  readProfile,
} from "./profiles.ts";
export { type Config, configJsonSchema, configSchema, DEVICE_NAME, type DeviceConfig } from "./schema.ts";
export { type HostPort, isLoopback, parseDuration, parseListen } from "./text.ts";
