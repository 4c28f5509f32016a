import { ClockState } from "../protocols/attestation/index.ts";
import type { FieldsealError } from "../protocols/bytes/index.ts";
import { encodeVkey, noteKey } from "../protocols/log/index.ts";
import type { Hello } from "./attest/index.ts";
import type { Batcher } from "./batch/index.ts";
import type { Config } from "./config/index.ts";
import type { SubmitterStatus } from "./coordinator/index.ts";
import type { GatewayState } from "./ingest/state.ts";
import type { Journal } from "./journal/index.ts";
import { VERSION } from "./version.ts";

/** What `bridge/info` shows: who this gateway is. */
export function bridgeInfo({ gateway: { name }, coordinator }: Config, hello: Hello | undefined) {
  const key = hello?.keys.find(({ purpose }) => purpose === "gateway");
  return {
    version: VERSION,
    name,
    vkey: key ? encodeVkey(noteKey(name, key.publicKey)) : null,
    backend: hello?.backend ?? null,
    coordinator: coordinator ? { chain: coordinator.chain, ledger: coordinator.ledger } : null,
  };
}

export interface HealthParts {
  /** ms */
  uptime: number;
  backend: string | undefined;
  /** A `ClockState`. */
  clock: number;
  devices: { online: number; total: number };
  journal: Journal["metrics"];
  state: GatewayState | undefined;
  batcher: Batcher | undefined;
  /** Why no batch can be signed. */
  refusal: FieldsealError | undefined;
  coordinator: SubmitterStatus | undefined;
  /** What a stake obliges to; undefined without a coordinator. */
  duties: { sealing: string | null; demands: number | null } | undefined;
  /** Whether a coordinator is configured. */
  coordinated: boolean;
}

/** What `bridge/health` shows. */
export function bridgeHealth(parts: HealthParts) {
  const { uptime, backend, clock, devices, journal, state, batcher, refusal, coordinator, duties, coordinated } = parts;
  return {
    uptime_s: Math.round(uptime / 1000),
    rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
    backend: backend ?? "none",
    clock: clock === ClockState.unsynced ? "unsynced" : "synced",
    devices,
    journal: { state: journal.state, pending: journal.pending, bytes: journal.bytes },
    log: {
      size: state?.logSize ?? 0,
      unbatched: batcher?.waiting ?? 0,
      unsigned: state?.pendingReadings ?? 0,
    },
    batch: refusal ? { code: refusal.code, text: refusal.message } : { code: null, text: "ok" },
    coordinator: coordinator
      ? {
          state: coordinator.state,
          text: coordinator.text,
          warning: coordinator.warning ?? null,
          cross_check: coordinator.crossCheck,
          sealing: duties?.sealing ?? null,
          open_demands: duties?.demands ?? null,
        }
      : { state: "none", text: coordinated ? "starting" : "none configured" },
  };
}
