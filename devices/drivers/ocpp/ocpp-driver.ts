import type { Timer } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError, InternalError, UsageError } from "../../../protocols/bytes/index.ts";
import type { OcmfPublicKey } from "../../../protocols/ocmf/index.ts";
import type { OcppPayload, OcppVersion, StationCommand, StationEvent } from "../../../protocols/ocpp/index.ts";
import type { Profile } from "../../profile.ts";
import type { OcppSection } from "../../sections/ocpp.ts";
import type { DeviceCommand, Driver, DriverCounters, DriverOptions } from "../driver.ts";
import { noCounters, Presence } from "../presence.ts";
import { ReadingMaker } from "../reading-maker.ts";
import type { StationHandler } from "./central-system.ts";
import type { OcppConnection } from "./connection.ts";
import { controlCommands } from "./control.ts";
import type { SavedStation } from "./ledger.ts";
import { type StationChange, StationModel } from "./station.ts";

/** The central system as one station's driver sees it. */
export interface StationHost {
  attach(station: string, handler: StationHandler): void;
  /** Does nothing when the station belongs to another handler. */
  detach(station: string, handler: StationHandler): void;
  /** Opens the server for the first driver. @throws EnvironmentError FS-OCPP-LISTEN; UsageError FS-OCPP-TLS. */
  acquire(): Promise<void>;
  release(): Promise<void>;
  send(station: string, command: StationCommand): Promise<OcppPayload>;
  nextTransactionId(): number;
  seenTransactionId(id: number): void;
  load(station: string): SavedStation | undefined;
  save(station: string, state: SavedStation): void;
  readonly idTagKey: Uint8Array | undefined;
}

export interface OcppDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  station: string;
  host: StationHost;
  meterKey: OcmfPublicKey | undefined;
}

/** Time a configured station has to dial in before it is told to be missing. */
const ARRIVAL = 60_000;
/** After it dialled in, its queue comes first: what it was asleep for is no news of now. */
const SETTLE = 10_000;
const STATUS_APART = 1000;
const RETRY_LISTEN = 5000;
/** Readings may come this much before the next is due and still be it. */
const EARLY = 0.1;

/** A charging station that dials in. It reports when it likes; of what comes between two readings only gauges are lost. */
export class OcppDriver implements Driver, StationHandler {
  readonly name: string;
  readonly #options: OcppDriverOptions;
  readonly #section: OcppSection;
  readonly #every: number;
  readonly #counters: DriverCounters = noCounters();
  readonly #maker: ReadingMaker;
  readonly #model: StationModel;
  #connection: OcppConnection | undefined;
  #timer: Timer | undefined;
  #started: Promise<void> | undefined;
  #acquired = false;
  #running = false;
  readonly #presence: Presence;
  /** Monotonic ms of the next reading of its kind: news of values must not wait for a heartbeat's turn. */
  #due = { values: Number.NEGATIVE_INFINITY, alive: Number.NEGATIVE_INFINITY, status: Number.NEGATIVE_INFINITY };
  #connectedAt = 0;

  constructor(options: OcppDriverOptions) {
    const { driver, profile, station, host, meterKey } = options;
    this.name = driver.name;
    this.#options = options;
    this.#presence = new Presence(driver);
    this.#section = profile.ocpp!;
    this.#every = driver.config.every ?? this.#section.every;
    const { name, clock, last } = driver;
    const every = Math.max(this.#every, this.#section.heartbeat);
    this.#maker = new ReadingMaker({ device: name, profile, clock, every, last });
    const saved = host.load(station);
    for (const { transaction } of saved?.open ?? []) host.seenTransactionId(Number(transaction));
    for (const [transaction] of saved?.closed ?? []) host.seenTransactionId(Number(transaction));
    this.#model = new StationModel({
      profile,
      station,
      now: () => clock.now(),
      work: last?.work,
      saved,
      meterKey,
      idTagKey: host.idTagKey,
      nextTransactionId: () => host.nextTransactionId(),
    });
  }

  get versions(): readonly OcppVersion[] {
    return this.#section.versions;
  }

  get heartbeat(): number {
    return Math.max(1, Math.round(this.#section.heartbeat / 1000));
  }

  get timeout(): number {
    return this.#options.driver.config.timeout ?? this.#section.timeout;
  }

  get security(): number {
    return this.#model.ledger.security;
  }

  /** Sessions that run. */
  get sessions(): readonly { transaction: string; connector: string }[] {
    return this.#model.ledger.sessions.map(({ transaction, connector }) => ({ transaction, connector }));
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#started = this.#open();
  }

  async #open(): Promise<void> {
    const { host, station, driver } = this.#options;
    try {
      if (!this.#acquired) await host.acquire();
      this.#acquired = true;
      if (!this.#running) return;
      host.attach(station, this);
      this.#expect(ARRIVAL);
    } catch (error) {
      this.#presence.down(error);
      if (!this.#running) return;
      this.#timer = driver.clock.after(RETRY_LISTEN, () => {
        this.#started = this.#open();
      });
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    await this.#started;
    this.#timer?.cancel();
    const { host, station } = this.#options;
    if (!this.#acquired) return;
    this.#acquired = false;
    host.detach(station, this);
    this.#connection = undefined;
    await host.release();
  }

  counters(): DriverCounters {
    const now = this.#connection?.counters;
    const { timeouts, refusals, late, ...rest } = this.#counters;
    return { ...rest, timeouts: timeouts + (now?.timeouts ?? 0), refusals, late: late + (now?.late ?? 0) };
  }

  /** What OCPP adds to a driver's counters. */
  get ledgerCounters() {
    return this.#model.ledger.counters;
  }

  connected(connection: OcppConnection, security: number): void {
    this.#timer?.cancel();
    this.#connection = connection;
    this.#connectedAt = this.#options.driver.clock.monotonic();
    if (this.#model.ledger.security >= security) return;
    this.#model.ledger.security = security;
    this.#save();
  }

  disconnected(code: number): void {
    const gone = this.#connection?.counters;
    this.#counters.timeouts += gone?.timeouts ?? 0;
    this.#counters.late += gone?.late ?? 0;
    this.#counters.reconnects++;
    this.#connection = undefined;
    if (!this.#running) return;
    const { station } = this.#options;
    this.#presence.down(
      new EnvironmentError("FS-OCPP-LOST", `station ${station} went away (${code})`, {
        fix: "it dials again by itself",
      }),
    );
    this.#expect(ARRIVAL);
  }

  /** Says that the station is missing when it has not come by then. */
  #expect(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.driver.clock.after(ms, () => {
      if (this.#connection) return;
      const { station } = this.#options;
      this.#presence.down(
        new EnvironmentError("FS-OCPP-ABSENT", `station ${station} has not dialled in`, {
          fix: `set the gateway's address and the identity ${station} in the station`,
        }),
      );
    });
  }

  handle(event: StationEvent): { authorized: boolean; transactionId?: number } {
    const change = this.#model.take(event);
    // Before the answer: what is acknowledged is never asked for again. What could not be kept is told all the same, and the
    // station asked to report it once more.
    const unsaved = change.durable ? this.#save() : undefined;
    this.#tell(change);
    if (unsaved) throw unsaved;
    // Who may charge is the operator's business; the gateway measures.
    return { authorized: true, ...(change.transactionId === undefined ? {} : { transactionId: change.transactionId }) };
  }

  #tell(change: StationChange): void {
    if (!this.#running || change.kind === "none") {
      if (this.#running) this.#presence.up();
      return;
    }
    const { clock, onReading } = this.#options.driver;
    const now = clock.monotonic();
    this.#presence.up();
    if (change.kind === "values" || change.kind === "alive" || change.kind === "status") {
      if (change.kind !== "values" && now < this.#connectedAt + SETTLE) return;
      if (now < this.#due[change.kind] - EARLY * this.#every) return;
    }
    let reading: Parameters<typeof onReading>[0];
    try {
      reading = this.#maker.make(this.#model.values(change), change.malformed);
    } catch (error) {
      this.#presence.down(error);
      return;
    }
    if (!change.durable) this.#save();
    this.#due.alive = now + this.#every;
    // A loose plug may change its mind many times a second.
    this.#due.status = now + EARLY * this.#every + STATUS_APART;
    if (change.kind === "values") this.#due.values = now + this.#every;
    this.#counters.readings++;
    onReading(reading);
  }

  #save(): FieldsealError | undefined {
    try {
      this.#options.host.save(this.#options.station, this.#model.ledger.save());
      return undefined;
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      return error;
    }
  }

  /**
   * `current_limit` (A, the whole station), `enabled`, `start` and `stop` (a connector), `reset` (`soft`, `hard`).
   * @throws UsageError FS-DEVICE-CONTROL; EnvironmentError FS-OCPP-ABSENT, FS-OCPP-REFUSED, FS-OCPP-CLOSED; TimeoutError
   * FS-OCPP-TIMEOUT.
   */
  async set(command: DeviceCommand): Promise<DeviceCommand> {
    if (this.#options.driver.config.control !== true) {
      throw new UsageError("FS-DEVICE-CONTROL", `${this.name} may not be controlled`, {
        fix: `add control: true to ${this.name}`,
      });
    }
    const { host, station } = this.#options;
    for (const one of controlCommands(this.name, command, this.#section, this.sessions)) {
      try {
        await host.send(station, one);
      } catch (error) {
        if (error instanceof FieldsealError && error.code === "FS-OCPP-REFUSED") this.#counters.refusals++;
        throw error;
      }
    }
    return command;
  }
}

/** A saved state that is none is our own bug or a damaged file: it is not guessed at. */
export function parseSavedStation(station: string, text: string | undefined): SavedStation | undefined {
  if (text === undefined) return undefined;
  try {
    const { total, registers, open, closed, ...rest } = JSON.parse(text) as SavedStation;
    BigInt(total);
    return { total, registers: { ...registers }, open: [...open], closed: [...closed], ...rest };
  } catch (cause) {
    throw new InternalError("FS-OCPP-STATE", `the saved state of station ${station} cannot be read`, {
      fix: "remove it: registers begin anew where they are, and open sessions end without their begin",
      cause,
    });
  }
}
