import type { Clock } from "../../firmware-bridge/port/index.ts";
import type { Reading } from "../../protocols/reading/index.ts";

/** A reading of one configured device. */
export interface DeviceReading {
  /** Configured name. */
  device: string;
  reading: Reading;
  /** Work register in Wh after this reading. Never below that of an earlier one. */
  work: bigint;
}

/** Whether a device answers. Sent when it changes, and with another `why` while offline. */
export interface DeviceState {
  device: string;
  state: "online" | "offline";
  why?: string;
  /** Stable code of the error that took it offline. */
  code?: string;
}

/** A device's section in the configuration, as far as drivers read it. Absent values come from the profile. */
export interface DeviceConfig {
  /** `/dev/…`, `COM3`, `tcp://host:port` (Modbus TCP, a P1 reader), `rtu+tcp://host:port` (RTU frames over TCP). */
  port?: string | undefined;
  /** Modbus unit. */
  unit?: number | undefined;
  baud?: number | undefined;
  parity?: "none" | "even" | "odd" | undefined;
  stopBits?: 1 | 2 | undefined;
  /** How often to read, in ms; for boards that push, the shortest distance of two readings kept. */
  every?: number | undefined;
  /** How long the board may take to answer, in ms. */
  timeout?: number | undefined;
  /** MQTT topic of the board, in place of the one its profile expects. */
  topic?: string | undefined;
  /** Secondary address of an M-Bus meter: the eight digits printed on it. In place of `unit`. */
  address?: string | undefined;
  /** Pulses for one kWh of a meter whose pulses are counted, as printed on it. */
  pulsesPerKwh?: number | undefined;
  /** OCPP identity of a charging station. */
  station?: string | undefined;
  /** Keys of a meter that encrypts what it pushes, 32 hex digits each. Secret: never in messages. */
  encryptionKey?: string | undefined;
  authenticationKey?: string | undefined;
  /** Whether the board may be controlled. Default: it is only read. */
  control?: boolean | undefined;
}

/** What is known of a device from before a restart. */
export interface LastKnown {
  work: bigint;
  /** Of its newest reading, ms since 1970. */
  time: number;
  /** What the work register is above the whole part of its counter; default 0. `unknown`: what was counted since is not paid. */
  base?: bigint | "unknown";
}

export interface DriverOptions {
  /** Configured name of the device. */
  name: string;
  /** Engine and profile: `modbus/eastron-sdm630`. */
  driver: string;
  config: DeviceConfig;
  clock: Clock;
  /** Must not throw: what the caller cannot take is the caller's to count. */
  onReading(reading: DeviceReading): void;
  onState(state: DeviceState): void;
  /** After a restart. */
  last?: LastKnown;
}

/** What a board that can be controlled is asked to do; absent keys stay as they are. */
export type DeviceCommand = Readonly<Record<string, number | string | boolean>>;

/** What a driver has seen, for health and metrics. Counts never fall while it runs. */
export interface DriverCounters {
  readings: number;
  /** Requests without an answer in time; telegrams that never came. */
  timeouts: number;
  /** Answers that were a refusal. */
  refusals: number;
  /** Well-formed answers that came too late for their request. */
  late: number;
  /** Bytes that belonged to no good frame. On a shared line: of the whole line. */
  discardedBytes: number;
  /** Readings not taken because the one before had not ended. */
  missed: number;
  reconnects: number;
}

export interface Driver {
  readonly name: string;
  start(): void;
  /** Resolves when nothing of this device is under way any more. */
  stop(): Promise<void>;
  counters(): DriverCounters;
  /**
   * Controls the board, where its profile and its configuration allow it. Resolves with what the board acknowledged.
   * @throws UsageError FS-DEVICE-CONTROL (not allowed, unknown key, out of range); EnvironmentError, TimeoutError when the
   * board did not acknowledge it.
   */
  set?(command: DeviceCommand): Promise<DeviceCommand>;
}
