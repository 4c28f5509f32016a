export { Batcher, type BatcherOptions, type CheckpointToSign, type PublishedCheckpoint } from "./batcher.ts";
export { type ChainHead, type ComparedLog, checkAgainstChain } from "./chain-check.ts";
export { DeviceIndex, type PackPlace } from "./device-index.ts";
export type { LogFiles } from "./log-files.ts";
export { type LogEntry, type LogHead, LogStore, type LogStoreOptions } from "./log-store.ts";
export { type MemoryLogFiles, memoryLogFiles } from "./memory-log-files.ts";
export { nodeLogFiles } from "./node-log-files.ts";
