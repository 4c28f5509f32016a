import type { Port } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError, TimeoutError } from "../../../protocols/bytes/index.ts";
import { TelegramDecoder, type TelegramEvent } from "../../../protocols/meter/index.ts";
import type { Profile } from "../../profile.ts";
import { backoff } from "../backoff.ts";
import type { DeviceReading, Driver, DriverCounters, DriverOptions } from "../driver.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { Waiter } from "../waiter.ts";
import { telegramValues } from "./values.ts";

export interface P1DriverOptions {
  driver: DriverOptions;
  profile: Profile;
  port: Port;
}

/** Telegrams may come this much before the next reading is due and still be it: meters keep time a little differently. */
const EARLY = 0.1;
/** Telegrams of DSMR 2 to 4 come every ten seconds, so that is the least a gap can be told by. */
const SLOWEST_INTERVAL = 10_000;

/**
 * A meter that pushes telegrams. Of those between two readings the gauges are dropped; nothing of the counters is, because
 * they are registers: the next telegram contains all that was counted.
 */
export class P1Driver implements Driver {
  readonly name: string;
  readonly #options: DriverOptions;
  readonly #profile: Profile;
  readonly #port: Port;
  readonly #every: number;
  readonly #maker: ReadingMaker;
  readonly #waiter: Waiter;
  readonly #counters: DriverCounters = {
    readings: 0,
    timeouts: 0,
    refusals: 0,
    late: 0,
    discardedBytes: 0,
    missed: 0,
    reconnects: 0,
  };
  #decoder = new TelegramDecoder();
  #running: Promise<void> | undefined;
  #stopped = false;
  #lost: string | undefined;
  #due = Number.NEGATIVE_INFINITY;
  #heardAt = 0;
  #online: boolean | undefined;
  #code: string | undefined;

  constructor({ driver, profile, port }: P1DriverOptions) {
    this.name = driver.name;
    this.#options = driver;
    this.#profile = profile;
    this.#port = port;
    this.#every = driver.config.every ?? profile.p1!.every;
    this.#waiter = new Waiter(driver.clock);
    const { name, clock, last } = driver;
    this.#maker = new ReadingMaker({
      device: name,
      profile,
      clock,
      every: Math.max(this.#every, SLOWEST_INTERVAL),
      last,
    });
  }

  start(): void {
    this.#stopped = false;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.wake();
    await this.#port.close();
    await this.#running;
    this.#running = undefined;
  }

  counters(): DriverCounters {
    return { ...this.#counters };
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const silence = Math.max(this.#profile.p1!.silence, 1000);
    let waits = backoff(250, 30_000);
    this.#port.onBytes = (bytes) => {
      for (const event of this.#decoder.push(bytes)) this.#take(event);
    };
    this.#port.onClose = (reason) => {
      this.#lost = reason.kind === "lost" ? reason.why : "closed";
      this.#waiter.wake();
    };
    while (!this.#stopped) {
      try {
        this.#lost = undefined;
        this.#decoder = new TelegramDecoder();
        await this.#port.open();
      } catch (error) {
        if (this.#stopped) break;
        this.#offline(error);
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
          this.#offline(this.#silent(silence));
          // A half-open connection looks like silence: try a new one.
          this.#lost = "silent";
        }
      }
      const lost = this.#lost;
      await this.#port.close();
      if (this.#stopped) break;
      if (lost !== "silent") {
        const why = `${this.#port.name} was lost: ${lost}`;
        this.#offline(new EnvironmentError("FS-PORT-LOST", why, { fix: "it is opened again by itself" }));
      }
      this.#counters.reconnects++;
      if (this.#heardAt > opened) waits = backoff(250, 30_000);
      await this.#waiter.wait(waits.next().value);
    }
  }

  #silent(ms: number): TimeoutError {
    return new TimeoutError("FS-P1-SILENT", `no good telegram from ${this.#port.name} for ${ms / 1000} s`, {
      fix: "check the cable and the baud rate: 115200 8N1 from DSMR 4 on, 9600 7E1 before",
    });
  }

  #take(event: TelegramEvent): void {
    if (this.#stopped) return;
    if (event.kind === "discarded") {
      this.#counters.discardedBytes += event.bytes.length;
      return;
    }
    const now = this.#options.clock.monotonic();
    this.#heardAt = now;
    if (now < this.#due - EARLY * this.#every) return;
    let reading: DeviceReading;
    try {
      const { values, malformed } = telegramValues(this.#profile, event.telegram);
      reading = this.#maker.make(values, malformed);
    } catch (error) {
      this.#offline(error);
      return;
    }
    // The grid stays where it is, unless telegrams were missing for longer than it is wide.
    this.#due = (now < this.#due + this.#every ? this.#due : now) + this.#every;
    this.#counters.readings++;
    if (this.#online !== true) {
      this.#online = true;
      this.#code = undefined;
      this.#options.onState({ device: this.name, state: "online" });
    }
    this.#options.onReading(reading);
  }

  #offline(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    if (this.#online === false && this.#code === error.code) return;
    this.#online = false;
    this.#code = error.code;
    this.#options.onState({ device: this.name, state: "offline", why: error.message, code: error.code });
  }
}
