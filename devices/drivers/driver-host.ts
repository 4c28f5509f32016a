import type { Clock, Port, PortSettings } from "../../firmware-bridge/port/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { builtIn } from "../catalog/index.ts";
import type { Driver, DriverOptions } from "./driver.ts";
import type { EngineHost } from "./engine.ts";
import { engines } from "./engines.ts";
import type { MessageSource } from "./messages.ts";
import type { OcppOptions } from "./ocpp/options.ts";
import { keyOf, type PortFactory, type PortSpec, realPort } from "./port-spec.ts";

export interface DriverHostOptions {
  clock: Clock;
  /** Default: serialport and TCP. */
  openPort?: PortFactory;
  /** Default: the profiles that ship. */
  catalog?: Catalog;
  /** Hears the time (ms since 1970) that a GNSS receiver tells, when it tells it. */
  onTime?: ((tick: { device: string; time: number }) => void) | undefined;
  /** The central system for charging stations. Default: 127.0.0.1:9220, security profile 0, nothing kept. */
  ocpp?: OcppOptions | undefined;
  /** Where boards that speak MQTT are heard. Default: nowhere, such boards are refused. */
  messages?: MessageSource | undefined;
}

/** Makes drivers, and lets those on one line share it. */
export class DriverHost implements EngineHost {
  readonly clock: Clock;
  readonly catalog: Catalog;
  readonly messages: MessageSource | undefined;
  readonly onTime: DriverHostOptions["onTime"];
  readonly ocpp: OcppOptions | undefined;
  readonly #openPort: PortFactory;
  readonly #shared = new Map<string, unknown>();
  readonly #taken = new Map<string, string>();

  constructor({ clock, openPort = realPort, catalog = builtIn, messages, onTime, ocpp }: DriverHostOptions) {
    this.clock = clock;
    this.catalog = catalog;
    this.messages = messages;
    this.onTime = onTime;
    this.ocpp = ocpp;
    this.#openPort = openPort;
  }

  /**
   * @throws UsageError FS-DEVICE-DRIVER, FS-DEVICE-PORT, FS-DEVICE-BUS (settings that contradict another device's on
   * the same port), FS-DEVICE-TAKEN (a port that only one device can have).
   */
  create(options: DriverOptions): Driver {
    const profile = this.catalog.find(options.driver);
    return engines[profile.link].create(this, options, profile);
  }

  openPort(spec: PortSpec, settings: PortSettings, text: string): Port {
    return this.#openPort(spec, settings, text);
  }

  claim(device: string, spec: PortSpec, owner: string): void {
    const key = keyOf(spec);
    const taken = this.#taken.get(key);
    if (taken !== undefined && taken !== owner) {
      throw new UsageError("FS-DEVICE-TAKEN", `${device}: ${key} already belongs to ${taken}`, {
        fix: "give each of them a port of its own",
      });
    }
    this.#taken.set(key, owner);
  }

  shared<T>(key: string, make: () => T): T {
    if (!this.#shared.has(key)) this.#shared.set(key, make());
    return this.#shared.get(key) as T;
  }
}

/** A driver on a host; without one, on a host of its own, which shares its port with nobody. */
export function createDriver(options: DriverOptions & { host?: DriverHost }): Driver {
  const { host = new DriverHost({ clock: options.clock }), ...rest } = options;
  return host.create(rest);
}
