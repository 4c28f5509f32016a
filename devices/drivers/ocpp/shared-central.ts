import type { Clock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import type { OcppPayload, StationCommand } from "../../../protocols/ocpp/index.ts";
import { CentralSystem, type StationHandler } from "./central-system.ts";
import type { SavedStation } from "./ledger.ts";
import { parseSavedStation, type StationHost } from "./ocpp-driver.ts";
import type { Adoption, OcppOptions, PendingStation } from "./options.ts";
import { type ValidatePayload, validatePayload } from "./schemas.ts";
import { listenForStations, type WebListener } from "./web-listener.ts";

export interface SharedCentralOptions extends OcppOptions {
  clock: Clock;
  /** Opens the way in; a test leaves it out and hands sockets to `central` itself. */
  open?: (central: CentralSystem) => Promise<WebListener>;
  validate?: ValidatePayload;
}

/** The one central system of a gateway: open while a driver, or the gateway itself, needs it. */
export class SharedCentral implements StationHost {
  readonly central: CentralSystem;
  readonly #options: SharedCentralOptions;
  readonly #owners = new Map<string, string>();
  #users = 0;
  #listener: Promise<WebListener> | undefined;
  #port: number | undefined;

  constructor(options: SharedCentralOptions) {
    this.#options = options;
    this.central = new CentralSystem({ validate: validatePayload, ...options });
  }

  /** TCP port that stations dial, once open. */
  get port(): number | undefined {
    return this.#port;
  }

  get idTagKey(): Uint8Array | undefined {
    return this.#options.idTagKey;
  }

  pending(): PendingStation[] {
    return this.central.pending();
  }

  /** @throws UsageError FS-OCPP-STATION. */
  adopt(station: string, name: string): Adoption {
    return this.central.adopt(station, name);
  }

  attach(station: string, handler: StationHandler): void {
    this.central.attach(station, handler);
  }

  detach(station: string, handler: StationHandler): void {
    this.central.detach(station, handler);
  }

  /**
   * Keeps a station for one device.
   * @throws UsageError FS-DEVICE-TAKEN when another device has it.
   */
  claim(station: string, device: string): void {
    const owner = this.#owners.get(station) ?? device;
    if (owner !== device) {
      throw new UsageError("FS-DEVICE-TAKEN", `${device}: station ${station} already belongs to ${owner}`, {
        fix: "give each of them a station of its own",
      });
    }
    this.#owners.set(station, device);
  }

  /** Asks a connected station for something: `CentralSystem.send`. */
  send(station: string, command: StationCommand): Promise<OcppPayload> {
    return this.central.send(station, command);
  }

  nextTransactionId(): number {
    return this.central.nextTransactionId();
  }

  seenTransactionId(id: number): void {
    this.central.seenTransactionId(id);
  }

  load(station: string): SavedStation | undefined {
    return parseSavedStation(station, this.#options.state?.load(station));
  }

  save(station: string, state: SavedStation): void {
    try {
      this.#options.state?.save(station, JSON.stringify(state));
    } catch (cause) {
      throw new EnvironmentError("FS-OCPP-SAVE", `the state of station ${station} could not be kept`, {
        fix: "see that the data folder can be written and has space left",
        cause,
      });
    }
  }

  async acquire(): Promise<void> {
    const open = this.#options.open ?? ((central: CentralSystem) => listenForStations(central, this.#options));
    this.#listener ??= open(this.central);
    try {
      this.#port = (await this.#listener).port;
    } catch (error) {
      this.#listener = undefined;
      throw error;
    }
    this.#users++;
  }

  async release(): Promise<void> {
    this.#users--;
    const listener = this.#listener;
    if (this.#users > 0 || !listener) return;
    this.#listener = undefined;
    this.#port = undefined;
    await (await listener).stop();
  }
}
