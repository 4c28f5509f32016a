import type { Clock } from "./clock.ts";

export interface ManualClock extends Clock {
  /** Lets `ms` pass: due tasks run in order of their time, and promises they settle are given their turn in between. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock without letting monotonic time pass (a jump). */
  setNow(ms: number): void;
  /** Timers that have not run yet. */
  readonly pending: number;
}

interface Waiting {
  at: number;
  order: number;
  task: () => void;
}

/** Lets everything that is ready run: promise callbacks and I/O already completed. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The memory twin of the system clock: time stands still until it is advanced. */
export function manualClock(start = Date.UTC(2026, 10, 22, 14)): ManualClock {
  let wall = start;
  let monotonic = 0;
  let order = 0;
  const waiting = new Set<Waiting>();

  const next = (): Waiting | undefined => {
    let first: Waiting | undefined;
    for (const w of waiting) {
      if (first === undefined || w.at < first.at || (w.at === first.at && w.order < first.order)) first = w;
    }
    return first;
  };

  return {
    now: () => wall,
    monotonic: () => monotonic,
    after(ms, task) {
      const entry = { at: monotonic + Math.max(0, ms), order: order++, task };
      waiting.add(entry);
      return { cancel: () => void waiting.delete(entry) };
    },
    async advance(ms) {
      const end = monotonic + ms;
      await settle();
      for (let due = next(); due !== undefined && due.at <= end; due = next()) {
        waiting.delete(due);
        wall += due.at - monotonic;
        monotonic = due.at;
        due.task();
        await settle();
      }
      wall += end - monotonic;
      monotonic = end;
      await settle();
    },
    setNow(ms) {
      wall = ms;
    },
    get pending() {
      return waiting.size;
    },
  };
}
