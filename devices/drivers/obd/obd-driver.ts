import type { Port } from "../../../firmware-bridge/port/index.ts";
import { FieldsealError } from "../../../protocols/bytes/index.ts";
import type { Profile } from "../../profile.ts";
import { backoff } from "../backoff.ts";
import type { Driver, DriverCounters, DriverOptions } from "../driver.ts";
import { Presence } from "../presence.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { Waiter } from "../waiter.ts";
import { ElmLine } from "./elm-line.ts";
import { ObdSession } from "./session.ts";

export interface ObdDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  port: Port;
}

/** Readings in a row that fail before the car is looked for anew. */
const PATIENCE = 3;
/** A parked car is asked again this often at most, in ms: each time wakes its control units. */
const SLEEP_MS = 60_000;

/** A car behind an ELM327 adapter. */
export class ObdDriver implements Driver {
  readonly name: string;
  readonly #options: ObdDriverOptions;
  readonly #line: ElmLine;
  readonly #waiter: Waiter;
  readonly #maker: ReadingMaker;
  readonly #every: number;
  #running: Promise<void> | undefined;
  #stopped = false;
  #lost: FieldsealError | undefined;
  #readings = 0;
  #missed = 0;
  #reconnects = 0;
  #refusals = 0;
  #discarded = 0;
  readonly #presence: Presence;

  constructor(options: ObdDriverOptions) {
    const { driver, profile, port } = options;
    const { name, clock, config, last } = driver;
    this.name = name;
    this.#options = options;
    this.#presence = new Presence(driver);
    this.#every = config.every ?? profile.obd!.every;
    this.#line = new ElmLine({ port, clock });
    this.#waiter = new Waiter(clock);
    this.#maker = new ReadingMaker({ device: name, profile, clock, every: this.#every, last });
    this.#line.onLost = (error) => {
      this.#lost = error;
      this.#waiter.wake();
    };
  }

  start(): void {
    this.#stopped = false;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.wake();
    await this.#line.close();
    await this.#running;
    this.#running = undefined;
  }

  counters(): DriverCounters {
    const { timeouts, late, discardedBytes } = this.#line.counters;
    return {
      readings: this.#readings,
      timeouts,
      refusals: this.#refusals,
      late,
      discardedBytes: discardedBytes + this.#discarded,
      missed: this.#missed,
      reconnects: this.#reconnects,
    };
  }

  async #run(): Promise<void> {
    let waits = backoff(1_000, SLEEP_MS);
    for (let first = true; !this.#stopped; first = false) {
      if (!first) {
        this.#reconnects++;
        await this.#waiter.wait(waits.next().value);
        if (this.#stopped) break;
      }
      const readings = this.#readings;
      try {
        this.#lost = undefined;
        await this.#line.open();
        await this.#serve();
      } catch (error) {
        if (!this.#stopped) this.#presence.down(error);
      }
      if (this.#readings > readings) waits = backoff(1_000, SLEEP_MS);
      await this.#line.close();
    }
  }

  /** Reads until the port or the car is gone. */
  async #serve(): Promise<void> {
    const { driver, profile } = this.#options;
    const { clock } = driver;
    const session = new ObdSession(this.#line, profile);
    await session.begin();
    let due = clock.monotonic();
    for (let failures = 0; !this.#stopped && !this.#lost; ) {
      const wait = due - clock.monotonic();
      if (wait > 0) {
        await this.#waiter.wait(wait);
        continue;
      }
      const passed = Math.floor(-wait / this.#every);
      this.#missed += passed;
      due += (passed + 1) * this.#every;
      try {
        const { values, malformed } = await session.read();
        if (this.#stopped) return;
        const reading = this.#maker.make(values, malformed);
        failures = 0;
        this.#readings++;
        this.#presence.up();
        driver.onReading(reading);
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof FieldsealError) || ++failures >= PATIENCE || this.#lost) throw error;
        this.#refusals++;
      } finally {
        this.#discarded += session.discarded;
        session.discarded = 0;
      }
    }
    if (this.#lost) throw this.#lost;
  }
}
