import { portableEngine, type Sha256Engine } from "./sha256-engine.ts";
import { wasmEngine } from "./sha256-simd.ts";

let chosen: Sha256Engine | undefined;

/** The engine in use: WebAssembly with SIMD where there is, chosen at the first hash. */
export function sha256Engine(): Sha256Engine {
  chosen ??= wasmEngine() ?? portableEngine;
  return chosen;
}

/** SHA-256 (FIPS 180-4) of the bytes: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return (chosen ?? sha256Engine()).hash(bytes);
}
