import { FieldsealError, TimeoutError, UsageError } from "../../protocols/bytes/index.ts";
import { ConfigError } from "../config/error.ts";

/** Exit codes, the same for every verb. */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  notVerified: 3,
  device: 4,
  timeout: 5,
  upstream: 69,
  configuration: 78,
} as const;

/** The first that fits counts. */
const BY_PREFIX: readonly [prefix: string, exit: number][] = [
  ["FS-CONFIG", Exit.configuration],
  ["FS-KEY", Exit.configuration],
  ["FS-PORT", Exit.device],
  ["FS-DEVICE", Exit.device],
  ["FS-MQTT", Exit.upstream],
  ["FS-GATEWAY-DOWN", Exit.upstream],
  ["FS-RPC", Exit.upstream],
  ["FS-CHAIN-REVERT", Exit.failed],
  ["FS-CHAIN-FUNDS", Exit.failed],
  ["FS-CHAIN-FEE", Exit.failed],
  ["FS-CHAIN-NONCE", Exit.failed],
  ["FS-CHAIN-ACCOUNT-BUSY", Exit.failed],
  ["FS-CHAIN-ID", Exit.configuration],
  ["FS-CHAIN-URL", Exit.configuration],
  ["FS-CHAIN-NO-CONTRACT", Exit.configuration],
  ["FS-CHAIN-REGISTRY", Exit.configuration],
  ["FS-DEPLOYMENT", Exit.configuration],
  ["FS-CHAIN", Exit.upstream],
];

/** The exit code that tells a script what kind of failure this is. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return Exit.configuration;
  if (error instanceof TimeoutError) return Exit.timeout;
  if (error instanceof FieldsealError) {
    const known = BY_PREFIX.find(([prefix]) => error.code.startsWith(prefix));
    if (known) return known[1];
  }
  return error instanceof UsageError ? Exit.usage : Exit.failed;
}
