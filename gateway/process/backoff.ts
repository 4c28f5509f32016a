/** Waits between restarts, in ms: quick at first, then every 10 s for ever. */
export function* restartDelays(): Generator<number, never> {
  yield* [100, 250, 500, 1000, 2000, 5000];
  for (;;) yield 10_000;
}

/** A part that ran this long was healthy: its next restart starts with the shortest wait again. */
export const HEALTHY_AFTER_MS = 30_000;
