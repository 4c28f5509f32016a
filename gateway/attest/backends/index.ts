export type { BackendName, CryptoBackend, RandomSource, SigningKey } from "./backend.ts";
export { nobleBackend } from "./noble-backend.ts";
export { type NodeBackendOptions, nodeBackend } from "./node-backend.ts";
export { drawPrivate, hasHighS, toLowS } from "./scalar.ts";
export { type SelectedBackend, selectBackend } from "./select.ts";
export { selfTest } from "./self-test.ts";
