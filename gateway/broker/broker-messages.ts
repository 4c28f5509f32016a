import type { EmbeddedCounters } from "./embedded-broker.ts";
import type { EmbeddedBrokerOptions } from "./embedded-options.ts";

/** What the parent tells the broker process. Beside `channel` travels a socket that replaces descriptor 3. */
export type ToBroker =
  | { type: "start"; options: EmbeddedBrokerOptions }
  | { type: "channel" }
  | { type: "counters" }
  | { type: "stop" };

/** What the broker process tells its parent. */
export type FromBroker =
  | { type: "ready"; port: number; pid: number }
  | { type: "error"; code: string; message: string; fix?: string }
  | { type: "counters"; counters: EmbeddedCounters; rss: number }
  | { type: "stopped" };
