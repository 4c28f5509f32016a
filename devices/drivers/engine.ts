import type { Clock, Port, PortSettings } from "../../firmware-bridge/port/index.ts";
import type { SenmlNumber } from "../../protocols/reading/index.ts";
import type { LinkKind, Profile, RecordedFrame } from "../profile.ts";
import type { Driver, DriverOptions } from "./driver.ts";
import type { MessageSource } from "./messages.ts";
import type { OcppOptions } from "./ocpp/options.ts";
import type { PortSpec } from "./port-spec.ts";

/** A value as a board gives it, in the profile's unit. */
export type DeviceValue = SenmlNumber | string | boolean;

/** Tells what is wrong with a profile: where (`modbus.unit`), and what. */
export type LintReport = (path: string, message: string) => void;

/** What the engines share: ports, buses, and the gateway's other ways in. */
export interface EngineHost {
  readonly clock: Clock;
  /** Boards that speak MQTT; absent where there is no broker. */
  readonly messages?: MessageSource | undefined;
  /** Where charging stations dial in, and what the central system is given. */
  readonly ocpp?: OcppOptions | undefined;
  /** A port, not opened yet. */
  openPort(spec: PortSpec, settings: PortSettings, text: string): Port;
  /** Hears the time that a receiver disciplined by satellites tells. */
  readonly onTime?: ((tick: { device: string; time: number }) => void) | undefined;
  /**
   * Takes a line for `owner`: a bus, or one device.
   * @throws UsageError FS-DEVICE-TAKEN when another owner has it.
   */
  claim(device: string, spec: PortSpec, owner: string): void;
  /** The one thing of that key, made by whoever asks first: a bus, an MQTT subscription, a server. */
  shared<T>(key: string, make: () => T): T;
}

/** One protocol: what its profiles must say, how a board's bytes become values, and the driver. */
export interface Engine {
  readonly link: LinkKind;
  /** Checks the profile's section and its measurements' sources. */
  lint(profile: Profile, problem: LintReport): void;
  /** A recorded frame by the way the driver takes. */
  decodeFrame(profile: Profile, frame: RecordedFrame): ReadonlyMap<string, DeviceValue>;
  /** @throws UsageError FS-DEVICE-PORT, FS-DEVICE-BUS, FS-DEVICE-TAKEN. */
  create(host: EngineHost, options: DriverOptions, profile: Profile): Driver;
}
