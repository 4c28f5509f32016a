import { FirmataBoard, type FirmataLoader } from "../../../firmware-bridge/firmata/index.ts";
import type { Port } from "../../../firmware-bridge/port/index.ts";
import { FieldsealError, TimeoutError } from "../../../protocols/bytes/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";
import type { Profile } from "../../profile.ts";
import { backoff } from "../backoff.ts";
import type { DeviceReading, Driver, DriverCounters, DriverOptions, LastKnown } from "../driver.ts";
import { noCounters, Presence } from "../presence.ts";
import { ReadingMaker } from "../reading-maker.ts";
import { Waiter } from "../waiter.ts";
import { BoardImage } from "./image.ts";
import { FirmataSession } from "./session.ts";

export interface FirmataDriverOptions {
  driver: DriverOptions;
  profile: Profile;
  port: Port;
  /** Default: the installed package. */
  load?: FirmataLoader | undefined;
}

/** Readings in a row that fail before the board is opened anew. */
const PATIENCE = 3;

/** A board with Firmata, and the sensors on its pins. Pulses are counted here; what it counts survives the board. */
export class FirmataDriver implements Driver {
  readonly name: string;
  readonly #options: FirmataDriverOptions;
  readonly #board: FirmataBoard;
  readonly #image: BoardImage;
  readonly #session: FirmataSession;
  readonly #waiter: Waiter;
  readonly #maker: ReadingMaker;
  readonly #every: number;
  /** Pulses may have been missed since the last reading. */
  #unseen: boolean;
  #running: Promise<void> | undefined;
  #stopped = false;
  #lost: FieldsealError | undefined;
  #reset = false;
  readonly #presence: Presence;
  readonly #counters: DriverCounters = noCounters();

  constructor(options: FirmataDriverOptions) {
    const { driver, profile, port, load } = options;
    const { name, clock, config, last } = driver;
    const section = profile.firmata!;
    this.name = name;
    this.#options = options;
    this.#presence = new Presence(options.driver);
    this.#every = config.every ?? section.every;
    this.#waiter = new Waiter(clock);
    this.#image = new BoardImage(profile, startsOf(profile, last));
    this.#unseen = last !== undefined && this.#image.counters.size > 0;
    this.#board = new FirmataBoard({ port, clock, timeout: config.timeout ?? section.timeout, load });
    this.#board.onMessage = (message) => this.#image.take(message, clock.monotonic());
    this.#board.onReset = () => {
      this.#reset = true;
      this.#image.lose();
      this.#waiter.wake();
    };
    this.#board.onLost = (error) => {
      this.#lost = error;
      this.#waiter.wake();
    };
    this.#session = new FirmataSession({ board: this.#board, profile, image: this.#image, waiter: this.#waiter });
    this.#maker = new ReadingMaker({ device: name, profile, clock, every: this.#every, last });
  }

  start(): void {
    this.#stopped = false;
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiter.wake();
    await this.#board.close();
    await this.#running;
    this.#running = undefined;
  }

  counters(): DriverCounters {
    return { ...this.#counters, discardedBytes: this.#board.discardedBytes };
  }

  async #run(): Promise<void> {
    const waits = () => backoff(500, 30_000);
    let next = waits();
    while (!this.#stopped) {
      const readings = this.#counters.readings;
      try {
        this.#lost = undefined;
        await this.#board.open();
        await this.#serve();
      } catch (error) {
        if (!this.#stopped) this.#presence.down(error);
      }
      await this.#board.close();
      this.#unseen ||= this.#image.counters.size > 0 && this.#counters.readings > 0;
      if (this.#stopped) break;
      if (this.#counters.readings > readings) next = waits();
      this.#counters.reconnects++;
      await this.#waiter.wait(next.next().value);
    }
  }

  #begin(): void {
    this.#reset = false;
    this.#session.begin();
    this.#unseen ||= this.#image.counters.size > 0 && this.#counters.readings > 0;
  }

  /** Reads until the port or the board is gone. */
  async #serve(): Promise<void> {
    const { clock } = this.#options.driver;
    this.#begin();
    let due = clock.monotonic();
    for (let failures = 0; !this.#stopped && !this.#lost; ) {
      if (this.#reset) this.#begin();
      const wait = due - clock.monotonic();
      if (wait > 0) {
        await this.#waiter.wait(wait);
        continue;
      }
      const passed = Math.floor(-wait / this.#every);
      this.#counters.missed += passed;
      due += (passed + 1) * this.#every;
      try {
        await this.#read();
        failures = 0;
      } catch (error) {
        if (this.#stopped) return;
        if (!(error instanceof FieldsealError) || this.#lost) throw error;
        this.#count(error);
        // What a board that has just started again left unanswered is no failure of it.
        if (this.#reset) continue;
        if (error.code === "FS-FIRMATA-RESET") this.#reset = true;
        else if (++failures >= PATIENCE) throw error;
      }
    }
    if (this.#lost) throw this.#lost;
  }

  async #read(): Promise<void> {
    const { driver } = this.#options;
    const { values, errors } = await this.#session.read();
    // A reading across a restart would mix values of before and after.
    if (this.#stopped || this.#reset || this.#lost) return;
    for (const error of errors) this.#count(error);
    const made = this.#maker.make(values, errors.length > 0);
    const reading = this.#unseen ? withGap(made) : made;
    this.#unseen = false;
    this.#counters.readings++;
    this.#presence.up();
    driver.onReading(reading);
  }

  #count(error: FieldsealError): void {
    if (error instanceof TimeoutError) this.#counters.timeouts++;
    else this.#counters.refusals++;
  }
}

const withGap = (made: DeviceReading): DeviceReading => ({
  ...made,
  reading: { ...made.reading, quality: made.reading.quality | Quality.GapBefore },
});

/** The counter goes on from what was paid: the board keeps none. Less than one unit of it is lost by a restart. */
function startsOf(profile: Profile, last: LastKnown | undefined): ReadonlyMap<string, number> {
  if (!last) return new Map();
  const base = last.base === "unknown" ? 0n : (last.base ?? 0n);
  return new Map([[profile.work, Number(last.work - base)]]);
}
