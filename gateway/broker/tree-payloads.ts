import type { PresenceTopic } from "./broker.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** What a device's topic shows. */
export interface DeviceReading {
  /** Measurements under the names people read: `power_w`, `energy_import_kwh`. */
  readonly values: Readonly<Record<string, number | string | boolean>>;
  /** `good`, or what is doubtful. */
  readonly quality: string;
  /** When it was measured, by the device's clock; ms since 1970. */
  readonly measuredAt: number;
  /** When it reached the gateway; ms since 1970. */
  readonly lastSeen: number;
  readonly clock: "unsynced" | "synced" | "disciplined";
  readonly seq: bigint;
  /** `fs:9f2c41ab` */
  readonly key: string;
  readonly signer: string;
  /** Number of the checkpoint that covers it, or null while there is none. */
  readonly checkpoint: number | null;
}

export interface CheckpointNotice {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Entries since the checkpoint before. */
  readonly count: number;
  readonly state: string;
  /** Transaction hash, once there is one. */
  readonly tx?: string;
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly namespace: string;
  readonly message: string;
}

/** Present on every device topic; a measurement cannot take these names. */
const RESERVED: ReadonlySet<string> = new Set([
  "quality",
  "measured_at",
  "last_seen",
  "clock",
  "seq",
  "key",
  "signer",
  "checkpoint",
]);

export const stateJson = (state: "online" | "offline"): string => JSON.stringify({ state });

/** The gateway's own presence: birth and will of its connection. */
export function bridgePresence(base: string): PresenceTopic {
  return { topic: `${base}/bridge/state`, online: stateJson("online"), offline: stateJson("offline") };
}

/** A 64-bit number as JSON: a number while every reader gets it exactly (RFC 8259 §6), then text. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

/**
 * `{"power_w":1834.2,"quality":"good","measured_at":"…Z","last_seen":"…Z","clock":"synced","seq":48211,"key":"fs:9f2c41ab",
 * "signer":"gateway","checkpoint":null}`
 */
export function readingJson(reading: DeviceReading): string {
  const { values, quality, measuredAt, lastSeen, clock, seq, key, signer, checkpoint } = reading;
  const shown = Object.entries(values).filter(([name]) => !RESERVED.has(name));
  return JSON.stringify({
    ...Object.fromEntries(shown),
    quality,
    measured_at: isoTime(measuredAt),
    last_seen: isoTime(lastSeen),
    clock,
    seq: jsonInteger(seq),
    key,
    signer,
    checkpoint,
  });
}

/** A device's clock can say anything; what is no date is shown as null. */
export function isoTime(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
