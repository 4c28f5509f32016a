import type { Clock } from "../../firmware-bridge/port/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import { findDriver } from "../catalog/index.ts";
import type { Profile } from "../profile.ts";
import type { Driver, DriverOptions } from "./driver.ts";
import { ModbusBus } from "./modbus/bus.ts";
import { ModbusLine } from "./modbus/line.ts";
import { planBlocks } from "./modbus/plan.ts";
import { ModbusUnit } from "./modbus/unit.ts";
import { P1Driver } from "./p1/p1-driver.ts";
import { type PortFactory, type PortSpec, parsePort, realPort } from "./port-spec.ts";
import { ReadingMaker } from "./reading-maker.ts";

export interface DriverHostOptions {
  clock: Clock;
  /** Default: serialport and TCP. */
  openPort?: PortFactory;
}

interface SharedBus {
  bus: ModbusBus;
  settings: string;
}

/** Makes drivers, and lets those on one port share it. */
export class DriverHost {
  readonly #clock: Clock;
  readonly #openPort: PortFactory;
  readonly #buses = new Map<string, SharedBus>();
  readonly #taken = new Map<string, string>();

  constructor({ clock, openPort = realPort }: DriverHostOptions) {
    this.#clock = clock;
    this.#openPort = openPort;
  }

  /**
   * @throws UsageError FS-DEVICE-DRIVER, FS-DEVICE-PORT, FS-DEVICE-BUS (settings that contradict another device's on
   * the same port), FS-DEVICE-TAKEN (a port that only one device can have).
   */
  create(options: DriverOptions): Driver {
    const profile = findDriver(options.driver);
    const { port } = options.config;
    if (port === undefined) {
      throw new UsageError("FS-DEVICE-PORT", `${options.name} has no port`, { fix: "add port: to the device" });
    }
    return profile.link === "modbus" ? this.#modbus(options, profile, port) : this.#p1(options, profile, port);
  }

  #modbus(options: DriverOptions, profile: Profile, port: string): Driver {
    const { name, config, clock, last } = options;
    const defaults = profile.modbus!;
    const every = config.every ?? defaults.every;
    const shared = this.#bus(options, profile, port);
    const unit = new ModbusUnit({
      driver: options,
      unit: config.unit ?? defaults.unit,
      every,
      timeout: config.timeout ?? defaults.timeout,
      plan: () => planBlocks(profile),
      maker: new ReadingMaker({ device: name, profile, clock, every, last }),
    });
    const { bus } = shared;
    return {
      name,
      start() {
        unit.due = clock.monotonic();
        bus.add(unit);
      },
      stop: () => bus.remove(unit),
      counters: () => ({
        ...unit.counters,
        late: bus.line.counters.late,
        discardedBytes: bus.line.counters.discardedBytes,
        reconnects: bus.reconnects,
      }),
    };
  }

  #bus({ name, config }: DriverOptions, profile: Profile, port: string): SharedBus {
    const spec = parsePort(port, 502);
    const defaults = profile.modbus!;
    const settings = {
      baudRate: config.baud ?? defaults.baudRate,
      parity: config.parity ?? defaults.parity,
      stopBits: config.stopBits ?? defaults.stopBits,
    };
    const text = spec.kind === "serial" ? JSON.stringify(settings) : "";
    const key = keyOf(spec);
    this.#refuseTaken(name, key, "modbus");
    const known = this.#buses.get(key);
    if (known) {
      if (known.settings === text) return known;
      throw new UsageError(
        "FS-DEVICE-BUS",
        `${name}: ${port} is already used with other settings (${known.settings})`,
        {
          fix: "give all devices on one line the same baud, parity and stopBits",
        },
      );
    }
    const line = new ModbusLine({
      port: this.#openPort(spec, settings, port),
      clock: this.#clock,
      framing: spec.kind === "tcp" ? "tcp" : "rtu",
      // 3.5 characters of 11 bits; above 19200 baud the specification fixes 1.75 ms.
      pause: spec.kind === "serial" ? Math.max(2, Math.ceil(38_500 / settings.baudRate)) : 0,
    });
    const shared = { bus: new ModbusBus({ line, clock: this.#clock }), settings: text };
    this.#buses.set(key, shared);
    return shared;
  }

  #p1(options: DriverOptions, profile: Profile, port: string): Driver {
    const spec = parsePort(port);
    if (spec.kind === "rtu+tcp") {
      throw new UsageError("FS-DEVICE-PORT", `${options.name}: a P1 meter has no RTU frames`, {
        fix: "write tcp://host:port",
      });
    }
    const defaults = profile.p1!;
    const baudRate = options.config.baud ?? defaults.baudRate;
    // DSMR 2 and 3: 9600 7E1 (P1 Companion Standard 3.0 §5).
    const old = baudRate === 9600;
    const settings = {
      baudRate,
      dataBits: old ? (7 as const) : defaults.dataBits,
      parity: options.config.parity ?? (old ? ("even" as const) : defaults.parity),
      stopBits: defaults.stopBits,
    };
    this.#refuseTaken(options.name, keyOf(spec), options.name);
    return new P1Driver({ driver: options, profile, port: this.#openPort(spec, settings, port) });
  }

  /** A line has one owner: a bus, or one pushing device. */
  #refuseTaken(name: string, key: string, owner: string): void {
    const taken = this.#taken.get(key);
    if (taken !== undefined && taken !== owner) {
      throw new UsageError("FS-DEVICE-TAKEN", `${name}: ${key} already belongs to ${taken}`, {
        fix: "give each of them a port of its own",
      });
    }
    this.#taken.set(key, owner);
  }
}

function keyOf(spec: PortSpec): string {
  return spec.kind === "serial" ? spec.path : `${spec.kind}://${spec.host}:${spec.port}`;
}

/** A driver on a host; without one, on a host of its own, which shares its port with nobody. */
export function createDriver(options: DriverOptions & { host?: DriverHost }): Driver {
  const { host = new DriverHost({ clock: options.clock }), ...rest } = options;
  return host.create(rest);
}
