import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { retryDelays } from "./status.ts";

export interface PeriodicOptions {
  clock: Clock;
  /** Between two steps that end well, ms. */
  everyMs: number;
  step(): Promise<void>;
  onFailure(error: FieldsealError): void;
}

/** Takes one step after the other until it is stopped; after a failure it tries again with growing pauses. */
export class Periodic {
  readonly #o: PeriodicOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;
  #delays = retryDelays();

  constructor(options: PeriodicOptions) {
    this.#o = options;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#run();
  }

  #run(): void {
    this.#running = this.#step().then((wait) => {
      this.#running = undefined;
      if (!this.#stopped) this.#timer = this.#o.clock.after(wait, () => this.#run());
    });
  }

  async #step(): Promise<number> {
    try {
      await this.#o.step();
      this.#delays = retryDelays();
      return this.#o.everyMs;
    } catch (error) {
      const known = error instanceof FieldsealError;
      const fault = known ? error : new InternalError("FS-COORDINATOR-BUG", "a step failed", { cause: error });
      if (!this.#stopped) this.#o.onFailure(fault);
      return Math.min(this.#delays.next().value, Math.max(this.#o.everyMs, 500));
    }
  }

  /** Ends after the step under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }
}
