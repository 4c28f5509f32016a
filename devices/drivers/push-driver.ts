import type { Port } from "../../firmware-bridge/port/index.ts";
import { EnvironmentError, type FieldsealError, TimeoutError } from "../../protocols/bytes/index.ts";
import type { Profile } from "../profile.ts";
import { backoff } from "./backoff.ts";
import type { DeviceReading, Driver, DriverCounters, DriverOptions } from "./driver.ts";
import type { DeviceValue } from "./engine.ts";
import { noCounters, Presence } from "./presence.ts";
import { ReadingMaker } from "./reading-maker.ts";
import { Waiter } from "./waiter.ts";

/** What one telegram, list or line says in the profile's terms. */
export interface PushedValues {
  values: ReadonlyMap<string, DeviceValue>;
  /** Whether a value came that is none (a wrong unit, no number). */
  malformed: boolean;
}

/**
 * values: something good; `read` is called only when a reading is due. discarded: bytes that are nothing good. refused: what
 * arrived whole and cannot be read (encrypted, another board's layout); `error` says why.
 */
export type PushEvent =
  | { kind: "values"; read(): PushedValues }
  | { kind: "discarded"; bytes: Uint8Array }
  | { kind: "refused"; bytes: Uint8Array; error: FieldsealError };

/** From what a line delivers to events; one for each connection, so that nothing of a lost one is left over. */
export type PushDecoder = (chunk: Uint8Array) => readonly PushEvent[];

export interface PushDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  port: Port;
  decoder(): PushDecoder;
  /** Shortest distance of two readings, in ms. */
  every: number;
  /** The board counts as lost after this long without anything good, in ms. */
  silence: number;
  /** Longest usual distance of two events, in ms: a gap is told by the longer of this and `every`. */
  slowest: number;
  /**
   * Whether one event carries a part of what the board measures. Parts are then put together until a reading is due, so that
   * an hourly register is not lost between two readings; the latest value of each name counts.
   */
  partial: boolean;
  /** Code and advice of the state of a board that says nothing: `FS-P1-SILENT`. */
  silent: { code: string; what: string; fix: string };
}

/** What is pushed may come this much before the next reading is due and still be it: boards keep time a little differently. */
const EARLY = 0.1;

/**
 * A board that pushes by itself. Of what comes between two readings the gauges are dropped; nothing of the counters is, because
 * they are registers: the next one contains all that was counted.
 */
export class PushDriver implements Driver {
  readonly name: string;
  readonly #options: PushDriverOptions;
  readonly #maker: ReadingMaker;
  readonly #waiter: Waiter;
  readonly #counters: DriverCounters = noCounters();
  #decode: PushDecoder;
  #running: Promise<void> | undefined;
  #stopped = false;
  #lost: string | undefined;
  #due = Number.NEGATIVE_INFINITY;
  #heardAt = 0;
  /** Why what arrived since the last good event could not be read. */
  #refused: FieldsealError | undefined;
  #parts = new Map<string, DeviceValue>();
  #malformed = false;
  readonly #presence: Presence;

  constructor(options: PushDriverOptions) {
    const { driver, profile, every, slowest } = options;
    const { name, clock, last } = driver;
    this.name = name;
    this.#options = options;
    this.#presence = new Presence(driver);
    this.#decode = options.decoder();
    this.#waiter = new Waiter(clock);
    this.#maker = new ReadingMaker({ device: name, profile, clock, every: Math.max(every, slowest), last });
  }

  start(): void {
    this.#stopped = false;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.wake();
    await this.#options.port.close();
    await this.#running;
    this.#running = undefined;
  }

  counters(): DriverCounters {
    return { ...this.#counters };
  }

  async #run(): Promise<void> {
    const { driver, port, decoder, silence } = this.#options;
    const { clock } = driver;
    let waits = backoff(250, 30_000);
    port.onBytes = (bytes) => {
      for (const event of this.#decode(bytes)) this.#take(event);
    };
    port.onClose = (reason) => {
      this.#lost = reason.kind === "lost" ? reason.why : "closed";
      this.#waiter.wake();
    };
    while (!this.#stopped) {
      try {
        this.#lost = undefined;
        this.#decode = decoder();
        this.#clear();
        await port.open();
      } catch (error) {
        if (this.#stopped) break;
        this.#presence.down(error);
        await this.#waiter.wait(waits.next().value);
        continue;
      }
      const opened = clock.monotonic();
      this.#heardAt = opened;
      while (!this.#stopped && this.#lost === undefined) {
        const left = this.#heardAt + silence - clock.monotonic();
        if (left > 0) await this.#waiter.wait(left);
        else {
          this.#counters.timeouts++;
          this.#presence.down(this.#refused ?? this.#silent());
          // A half-open connection looks like silence: try a new one.
          this.#lost = "silent";
        }
      }
      const lost = this.#lost;
      await port.close();
      if (this.#stopped) break;
      if (lost !== "silent") {
        const why = `${port.name} was lost: ${lost}`;
        this.#presence.down(new EnvironmentError("FS-PORT-LOST", why, { fix: "it is opened again by itself" }));
      }
      this.#counters.reconnects++;
      if (this.#heardAt > opened) waits = backoff(250, 30_000);
      await this.#waiter.wait(waits.next().value);
    }
  }

  #clear(): void {
    this.#parts = new Map();
    this.#malformed = false;
  }

  #silent(): TimeoutError {
    const { port, silence, silent } = this.#options;
    const message = `no good ${silent.what} from ${port.name} for ${silence / 1000} s`;
    return new TimeoutError(silent.code, message, { fix: silent.fix });
  }

  #take(event: PushEvent): void {
    if (this.#stopped) return;
    if (event.kind !== "values") {
      this.#counters.discardedBytes += event.bytes.length;
      if (event.kind === "refused") this.#refuse(event.error);
      return;
    }
    const now = this.#options.driver.clock.monotonic();
    this.#heardAt = now;
    this.#refused = undefined;
    const { every, partial } = this.#options;
    const due = now >= this.#due - EARLY * every;
    if (!due && !partial) return;
    let reading: DeviceReading;
    try {
      const { values, malformed } = event.read();
      for (const [name, value] of values) this.#parts.set(name, value);
      this.#malformed ||= malformed;
      // What says nothing that the profile asks for proves that the board is there, and is no reading.
      if (!due || (this.#parts.size === 0 && partial)) return;
      reading = this.#maker.make(this.#parts, this.#malformed);
    } catch (error) {
      this.#clear();
      this.#presence.down(error);
      return;
    }
    this.#clear();
    // The grid stays where it is, unless what was pushed was missing for longer than it is wide.
    this.#due = (now < this.#due + every ? this.#due : now) + every;
    this.#counters.readings++;
    this.#presence.up();
    this.#options.driver.onReading(reading);
  }

  #refuse(error: FieldsealError): void {
    this.#counters.refusals++;
    this.#refused = error;
    // One unreadable telegram among good ones is counted; a board of which nothing can be read says why at once.
    if (this.#presence.online !== true) this.#presence.down(error);
  }
}
