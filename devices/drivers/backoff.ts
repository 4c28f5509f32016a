/** Durations between attempts: `first`, then twice as long each time, never above `most`. Endless. */
export function* backoff(first: number, most: number): Generator<number, never> {
  for (let wait = first; ; wait = Math.min(most, wait * 2)) yield Math.min(wait, most);
}
