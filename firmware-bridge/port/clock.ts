/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/** The seam for time. Everything that waits or stamps takes one, so that tests decide when time passes. */
export interface Clock {
  /** Wall clock: milliseconds since 1970-01-01 UTC. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonic(): number;
  /** Runs `task` once after `ms` milliseconds of monotonic time. */
  after(ms: number, task: () => void): Timer;
}

/** The system's clock. Timers do not keep the process alive when `background` is set. */
export function systemClock(options: { background?: boolean } = {}): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, task) {
      const timer = setTimeout(task, ms);
      if (options.background) timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** Resolves after `ms` of the clock's time. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
