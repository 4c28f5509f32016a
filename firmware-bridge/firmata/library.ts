import type { EventEmitter } from "node:events";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { FirmataTransport } from "./transport.ts";

/** What we use of a `Firmata` object of firmata-io 2.3 (its readme, "Board API"). */
export interface FirmataIo extends EventEmitter {
  readonly isReady: boolean;
  readonly firmware: { name?: string; version?: { major: number; minor: number } };
  readonly version: { major?: number; minor?: number };
  readonly pins: readonly { supportedModes: readonly number[]; mode?: number | undefined; analogChannel: number }[];
  /** Pin by analog channel. */
  readonly analogPins: readonly number[];
  readonly reportVersionTimeoutId: NodeJS.Timeout;
  pinMode(pin: number, mode: number): void;
  reportAnalogPin(channel: number, on: 0 | 1): void;
  reportDigitalPin(pin: number, on: 0 | 1): void;
  queryPinState(pin: number, done: () => void): void;
  reportVersion(done: () => void): void;
  queryFirmware(done: () => void): void;
  setSamplingInterval(ms: number): void;
  sysexCommand(bytes: readonly number[]): void;
}

/** The library's constructor. */
export type FirmataClass = new (transport: FirmataTransport, options: Readonly<Record<string, unknown>>) => FirmataIo;

/** How the library is found; tests put another in its place. */
export type FirmataLoader = () => Promise<unknown>;

// Not a literal: the package is optional, and has no types.
const PACKAGE: string = "firmata-io";

const installed: FirmataLoader = () => import(PACKAGE);

const loadedBy = new WeakMap<FirmataLoader, FirmataClass>();

/**
 * firmata-io, loaded when the first Firmata board is opened.
 * @throws EnvironmentError FS-FIRMATA-MISSING when the optional package is not installed.
 */
export async function loadFirmata(load: FirmataLoader = installed): Promise<FirmataClass> {
  const known = loadedBy.get(load);
  if (known) return known;
  let cause: unknown;
  try {
    // CommonJS: what it exports is the default, a function that carries the class.
    const loaded = (await load()) as { default?: { Firmata?: unknown } };
    const found = loaded.default?.Firmata;
    if (typeof found === "function") {
      loadedBy.set(load, found as FirmataClass);
      return found as FirmataClass;
    }
  } catch (error) {
    cause = error;
  }
  throw new EnvironmentError("FS-FIRMATA-MISSING", "the optional package firmata-io is not installed", {
    fix: "npm install firmata-io@2.3.0",
    cause,
  });
}
