import type { Port } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError, TimeoutError } from "../../../protocols/bytes/index.ts";
import type { RapiFrame } from "../../../protocols/rapi/index.ts";
import type { Profile } from "../../profile.ts";
import { backoff } from "../backoff.ts";
import type { DeviceCommand, DeviceReading, Driver, DriverCounters, DriverOptions } from "../driver.ts";
import { Presence } from "../presence.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { Waiter } from "../waiter.ts";
import { checkAnswer, ordersOf } from "./control.ts";
import { DeliveredEnergy } from "./delivered.ts";
import { polledValues, pollStation } from "./poll.ts";
import { RapiLine } from "./rapi-line.ts";

export interface RapiDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  port: Port;
}

/** Rounds in a row that fail before the station counts as offline, and before the port is opened anew. */
const PATIENCE = 2;
const REOPEN_AFTER = 5;
/** A controller starts with the port: opening it may reset the board (DTR), and its boot loader and self-test take a while. */
const FIRST_BACKOFF = 1000;
const MOST_BACKOFF = 30_000;
/** Orders that may wait at once. */
const MAX_ORDERS = 8;

/** An OpenEVSE on its own port: asked on a grid of times, and at once when it says that its state has changed. */
export class RapiDriver implements Driver {
  readonly name: string;
  readonly set?: (command: DeviceCommand) => Promise<DeviceCommand>;
  readonly #options: DriverOptions;
  readonly #profile: Profile;
  readonly #port: Port;
  readonly #every: number;
  readonly #line: RapiLine;
  readonly #maker: ReadingMaker;
  readonly #waiter: Waiter;
  readonly #delivered = new DeliveredEnergy();
  /** Questions that this station has refused. */
  readonly #unknown = new Set<string>();
  #counts = { readings: 0, refusals: 0, missed: 0, reconnects: 0 };
  #running: Promise<void> | undefined;
  #stopped = false;
  #lost: string | undefined;
  #open = false;
  #orders = 0;
  #due = 0;
  readonly #presence: Presence;

  constructor({ driver, profile, port }: RapiDriverOptions) {
    const { name, clock, config, last } = driver;
    this.name = name;
    this.#options = driver;
    this.#presence = new Presence(driver);
    this.#profile = profile;
    this.#port = port;
    this.#every = config.every ?? profile.rapi!.every;
    this.#waiter = new Waiter(clock);
    this.#maker = new ReadingMaker({ device: name, profile, clock, every: this.#every, last });
    this.#line = new RapiLine({
      port,
      clock,
      timeout: config.timeout ?? profile.rapi!.timeout,
      onNotice: (frame) => this.#notice(frame),
    });
    if (config.control) this.set = (command) => this.#set(command);
  }

  start(): void {
    this.#stopped = false;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.wake();
    await this.#port.close();
    this.#line.fail("the device was stopped");
    await this.#running;
    this.#running = undefined;
  }

  counters(): DriverCounters {
    return { ...this.#counts, ...this.#line.counters };
  }

  async #run(): Promise<void> {
    let waits = backoff(FIRST_BACKOFF, MOST_BACKOFF);
    this.#port.onBytes = (bytes) => this.#line.receive(bytes);
    this.#port.onClose = (reason) => {
      this.#lost = reason.kind === "lost" ? reason.why : "closed";
      this.#open = false;
      this.#line.fail(`was lost: ${this.#lost}`);
      this.#waiter.wake();
    };
    while (!this.#stopped) {
      try {
        this.#lost = undefined;
        this.#line.reset();
        await this.#port.open();
        this.#open = true;
        if (await this.#serve()) waits = backoff(FIRST_BACKOFF, MOST_BACKOFF);
      } catch (error) {
        if (this.#stopped) break;
        this.#presence.down(error);
      }
      this.#open = false;
      await this.#port.close();
      if (this.#stopped) break;
      this.#counts.reconnects++;
      await this.#waiter.wait(waits.next().value);
    }
  }

  /** Reads the station until the port is lost, or the station does not answer any more. Whether it ever did. */
  async #serve(): Promise<boolean> {
    const { clock } = this.#options;
    let failures = 0;
    let answered = false;
    let probed = false;
    this.#due = clock.monotonic();
    while (!this.#stopped && this.#lost === undefined) {
      const left = this.#due - clock.monotonic();
      if (left > 0) {
        await this.#waiter.wait(left);
        continue;
      }
      const scheduled = this.#due;
      try {
        if (!probed) {
          // Versions, for whoever looks at the line; that it answers is what counts.
          await this.#ask("GV");
          await this.#line.probe();
          probed = true;
        }
        await this.#read();
        failures = 0;
        answered = true;
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        if (this.#stopped || this.#lost !== undefined) break;
        failures++;
        const silent = error instanceof TimeoutError;
        if (failures >= PATIENCE || this.#presence.online === undefined || !silent) this.#presence.down(error);
        if (failures >= REOPEN_AFTER && silent) return answered;
      }
      const passed = Math.floor((clock.monotonic() - scheduled) / this.#every);
      this.#counts.missed += passed;
      this.#due = scheduled + (passed + 1) * this.#every;
    }
    if (!this.#stopped) {
      const why = `${this.#port.name} was lost: ${this.#lost}`;
      this.#presence.down(new EnvironmentError("FS-PORT-LOST", why, { fix: "it is opened again by itself" }));
    }
    return answered;
  }

  async #read(): Promise<void> {
    const questions = pollStation(this.#delivered);
    let step = questions.next();
    while (!step.done) step = questions.next(await this.#ask(step.value));
    const values = polledValues(this.#profile, step.value);
    const malformed = this.#profile.measurements.some(({ name, optional }) => !optional && !values.has(name));
    const reading: DeviceReading = this.#maker.make(values, malformed);
    if (this.#stopped) return;
    this.#counts.readings++;
    this.#presence.up();
    this.#options.onReading(reading);
  }

  /** Asks up to twice: a line can be disturbed once. Undefined for what the station does not know. */
  async #ask(name: string): Promise<readonly string[] | undefined> {
    if (this.#unknown.has(name)) return undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#line.ask(name);
        if (answer.name === "OK") return answer.parameters;
        this.#counts.refusals++;
        if (attempt < 2) continue;
        this.#unknown.add(name);
        return undefined;
      } catch (error) {
        if (!(error instanceof TimeoutError) || attempt >= 2) throw error;
      }
    }
  }

  /** `$AT`: the state changed. `$AB`: the station has restarted, and may be another version. */
  #notice({ name }: RapiFrame): void {
    if (name === "AB") this.#unknown.clear();
    if (name !== "AT" && name !== "AB") return;
    // At most one reading a second, however often a station says so.
    const soon = this.#options.clock.monotonic() + 1000;
    if (this.#due <= soon) return;
    this.#due = soon;
    this.#waiter.wake();
  }

  async #set(command: DeviceCommand): Promise<DeviceCommand> {
    const orders = ordersOf(this.name, command);
    if (!this.#open) {
      throw new EnvironmentError("FS-DEVICE-OFFLINE", `${this.name} is not connected`, {
        fix: "send the command again when it is online",
      });
    }
    if (this.#orders >= MAX_ORDERS) {
      throw new EnvironmentError("FS-DEVICE-BUSY", `${this.name}: too many commands wait already`, {
        fix: "wait for the answer to one command before the next",
      });
    }
    this.#orders++;
    try {
      for (const order of orders) {
        checkAnswer(this.name, order, await this.#line.ask(order.name, order.parameters));
      }
    } finally {
      this.#orders--;
    }
    return command;
  }
}
