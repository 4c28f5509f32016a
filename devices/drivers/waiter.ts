import type { Clock } from "../../firmware-bridge/port/index.ts";

/** Waits of one loop: at most one at a time, ended by the clock or by `wake()`. */
export class Waiter {
  readonly #clock: Clock;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or never without one, or as soon as `wake()` is called. */
  wait(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer?.cancel();
        if (this.#end === end) this.#end = undefined;
        resolve();
      };
      const timer = ms === undefined ? undefined : this.#clock.after(ms, end);
      this.#end = end;
    });
  }

  wake(): void {
    this.#end?.();
  }
}
