import { type Duplex, duplexPair } from "node:stream";

/** Two ends of a channel in memory. Like a socket's and unlike a bare pair's, the end of one is the end of the other. */
export function memoryChannel(): { ours: Duplex; theirs: Duplex } {
  const [ours, theirs] = duplexPair();
  for (const [end, other] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    end.once("close", () => other.destroy());
  }
  return { ours, theirs };
}
