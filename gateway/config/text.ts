import { UsageError } from "../../protocols/bytes/index.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration as people write it: `500ms`, `10s`, `5m`, `1h`, `7d`.
 * @throws UsageError FS-CONFIG-DURATION.
 */
export function parseDuration(text: string): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  if (!match) {
    throw new UsageError("FS-CONFIG-DURATION", `"${text}" is not a duration`, {
      fix: "write a number and a unit: 500ms, 10s, 5m, 1h, 7d",
    });
  }
  return Math.round(Number(match[1]) * UNITS[match[2]!]!);
}

export interface HostPort {
  host: string;
  port: number;
}

/**
 * Host and port of `127.0.0.1:1883`, `[::1]:1883`, `:1883` (loopback) or `1883`.
 * @throws UsageError FS-CONFIG-ADDRESS.
 */
export function parseListen(text: string): HostPort {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(text);
  const port = match ? Number(match[2]) : Number.NaN;
  if (!match || port > 65_535) {
    throw new UsageError("FS-CONFIG-ADDRESS", `"${text}" is not an address to listen on`, {
      fix: "write host:port, for example 127.0.0.1:1883",
    });
  }
  const host = (match[1] ?? "").replace(/^\[|\]$/g, "");
  return { host: host === "" ? "127.0.0.1" : host, port };
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
