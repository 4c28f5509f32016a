export { type CryptoBackend, nobleBackend, nodeBackend, selectBackend } from "./attest/backends/index.ts";
export {
  type KeyInfo,
  type KeyPurpose,
  Keystore,
  listKeys,
  readPassphrase,
  resolvePassphrase,
} from "./attest/index.ts";
export { Batcher, LogStore, nodeLogFiles } from "./batch/index.ts";
export { type Broker, MqttTree, mqttBroker } from "./broker/index.ts";
export { type Config, ConfigError, configJsonSchema, type LoadedConfig, loadConfig } from "./config/index.ts";
export { coordinatorAt, httpChain, Submitter } from "./coordinator/index.ts";
export type { GatewayEvent } from "./events.ts";
export { Gateway, type GatewayOptions } from "./gateway.ts";
export { Journal, NodeDisk } from "./journal/index.ts";
export { Supervisor, type SupervisorOptions } from "./process/supervisor.ts";
export { ProofExporter } from "./proofs/export.ts";
export { type Report, type Step, type VerifyOptions, verifyProof } from "./verify/index.ts";
export { VERSION } from "./version.ts";
