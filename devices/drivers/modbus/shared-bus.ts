import { UsageError } from "../../../protocols/bytes/index.ts";
import type { DriverOptions } from "../driver.ts";
import type { EngineHost } from "../engine.ts";
import { PolledLine } from "../polled-line.ts";
import { keyOf, parsePort, portOf } from "../port-spec.ts";
import { ModbusLine } from "./line.ts";
import type { ModbusUnit } from "./unit.ts";

/** All units behind one port. */
export type ModbusBus = PolledLine<ModbusLine, ModbusUnit>;

/** How a line is set where the configuration does not say it. */
export interface LineDefaults {
  baudRate: number;
  parity: "none" | "even" | "odd";
  stopBits: 1 | 2;
}

interface SharedBus {
  bus: ModbusBus;
  settings: string;
}

/**
 * The bus that a device is on, with all others on the same line; the first one opens it.
 * @throws UsageError FS-DEVICE-PORT, FS-DEVICE-TAKEN, FS-DEVICE-BUS (settings that contradict another device's).
 */
export function sharedBus(host: EngineHost, options: DriverOptions, defaults: LineDefaults): ModbusBus {
  const { name, config } = options;
  const port = portOf(options);
  const spec = parsePort(port, 502);
  const settings = {
    baudRate: config.baud ?? defaults.baudRate,
    parity: config.parity ?? defaults.parity,
    stopBits: config.stopBits ?? defaults.stopBits,
  };
  const text = spec.kind === "serial" ? JSON.stringify(settings) : "";
  host.claim(name, spec, "modbus");
  const shared = host.shared(`modbus ${keyOf(spec)}`, (): SharedBus => {
    const line = new ModbusLine({
      port: host.openPort(spec, settings, port),
      clock: host.clock,
      framing: spec.kind === "tcp" ? "tcp" : "rtu",
      // 3.5 characters of 11 bits; above 19200 baud the specification fixes 1.75 ms.
      pause: spec.kind === "serial" ? Math.max(2, Math.ceil(38_500 / settings.baudRate)) : 0,
    });
    return {
      bus: new PolledLine<ModbusLine, ModbusUnit>({ line, clock: host.clock, busy: "FS-MODBUS-BUSY" }),
      settings: text,
    };
  });
  if (shared.settings === text) return shared.bus;
  throw new UsageError("FS-DEVICE-BUS", `${name}: ${port} is already used with other settings (${shared.settings})`, {
    fix: "give all devices on one line the same baud, parity and stopBits",
  });
}
