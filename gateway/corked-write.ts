import type { Duplex } from "node:stream";

/** Writes so that everything written in one turn of the event loop leaves in one system call. */
export function writeCorked(stream: Duplex, bytes: Uint8Array): void {
  if (stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  stream.write(bytes);
}
