import type { Port, PortSettings } from "../../firmware-bridge/port/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import type { DriverOptions } from "./driver.ts";
import type { EngineHost } from "./engine.ts";
import { parsePort, portOf } from "./port-spec.ts";

/** How a board that pushes is wired, as its section says. */
export interface LineSettings {
  baudRate: number;
  dataBits: 7 | 8;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
}

/**
 * The port of a board that has it alone: a serial line, or one behind a plain TCP connection. What the configuration says goes
 * before the section.
 * @throws UsageError FS-DEVICE-PORT, FS-DEVICE-TAKEN.
 */
export function openOwnPort(host: EngineHost, options: DriverOptions, line: LineSettings): Port {
  const port = portOf(options);
  const spec = parsePort(port);
  if (spec.kind === "rtu+tcp") {
    throw new UsageError("FS-DEVICE-PORT", `${options.name}: only Modbus boards have RTU frames`, {
      fix: "write tcp://host:port",
    });
  }
  const { baud, parity, stopBits } = options.config;
  const settings: PortSettings = {
    baudRate: baud ?? line.baudRate,
    dataBits: line.dataBits,
    parity: parity ?? line.parity,
    stopBits: stopBits ?? line.stopBits,
  };
  host.claim(options.name, spec, options.name);
  return host.openPort(spec, settings, port);
}
