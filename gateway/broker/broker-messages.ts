import type { EmbeddedCounters } from "./embedded-broker.ts";
import type { EmbeddedBrokerOptions } from "./embedded-options.ts";

/**
 * What the parent tells the broker process. Descriptor 3 is the durable channel unless `start` says `channel: false`;
 * beside the message `channel` travels a socket that replaces it.
 */
export type ToBroker =
  | { type: "start"; options: EmbeddedBrokerOptions; channel?: boolean }
  | { type: "channel" }
  | { type: "counters" }
  | { type: "stop" };

/** What the broker process tells its parent. */
export type FromBroker =
  | { type: "ready"; port: number; pid: number }
  | { type: "error"; code: string; message: string; fix?: string }
  | { type: "counters"; counters: EmbeddedCounters; rss: number }
  | { type: "stopped" };
