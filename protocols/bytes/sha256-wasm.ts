import { expand4, messages4, nodes4, rounds4, start4, transpose } from "./sha256-lanes.ts";
import { compress } from "./sha256-scalar.ts";
import { encodeWasm } from "./wasm-emitter.ts";

/** The module's bytes: it exports `nodes4`, `messages4`, `compress` and its `memory`. */
export function sha256Module(memoryPages: number): Uint8Array<ArrayBuffer> {
  return encodeWasm({
    memoryPages,
    inner: [transpose(), start4(), expand4(), rounds4()],
    exported: { nodes4: nodes4(), messages4: messages4(), compress: compress() },
  });
}
