import { type Port, type PortSettings, serialPort, tcpPort } from "../../firmware-bridge/port/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import type { DriverOptions } from "./driver.ts";

/** Where a board is and what surrounds its frames there. */
export type PortSpec =
  | { kind: "serial"; path: string }
  | { kind: "tcp"; host: string; port: number }
  | { kind: "rtu+tcp"; host: string; port: number };

const NETWORK = /^(tcp|rtu\+tcp):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/;

/**
 * Reads `/dev/…`, `COM3`, `tcp://host:port`, `rtu+tcp://host:port`.
 * @param defaultPort TCP port when the text names none.
 * @throws UsageError FS-DEVICE-PORT.
 */
export function parsePort(text: string, defaultPort?: number): PortSpec {
  if (text.startsWith("/") || /^COM\d{1,3}$/i.test(text)) return { kind: "serial", path: text };
  const match = NETWORK.exec(text);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (!match || port === undefined || port < 1 || port > 65_535) {
    throw new UsageError("FS-DEVICE-PORT", `"${text.slice(0, 80)}" is not a port`, {
      fix: "write a device path, tcp://host:port or rtu+tcp://host:port",
    });
  }
  return { kind: match[1] as "tcp" | "rtu+tcp", host: match[2]!.replace(/^\[|\]$/g, ""), port };
}

/** One text for each line, however it was written. */
export function keyOf(spec: PortSpec): string {
  return spec.kind === "serial" ? spec.path : `${spec.kind}://${spec.host}:${spec.port}`;
}

/**
 * A device's configured port.
 * @throws UsageError FS-DEVICE-PORT when it has none.
 */
export function portOf({ name, config }: DriverOptions): string {
  if (config.port !== undefined) return config.port;
  throw new UsageError("FS-DEVICE-PORT", `${name} has no port`, { fix: "add port: to the device" });
}

/** Opens ports; tests and simulators put their own in its place. */
export type PortFactory = (spec: PortSpec, settings: PortSettings, text: string) => Port;

/** The real ports. */
export const realPort: PortFactory = (spec, settings) =>
  spec.kind === "serial" ? serialPort({ ...settings, path: spec.path }) : tcpPort(spec);
