/**
 * Remembers the newest `limit` values by key: the oldest used goes first. A `Map` keeps insertion order, so a value is
 * moved to the end by taking it out and putting it back.
 */
export class KeyCache<T> {
  readonly #limit: number;
  readonly #values = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string, make: () => T): T {
    const found = this.#values.get(key);
    if (found !== undefined) {
      // Moving on every hit costs more than it saves while nothing has to go.
      if (this.#values.size >= this.#limit) {
        this.#values.delete(key);
        this.#values.set(key, found);
      }
      return found;
    }
    const made = make();
    if (this.#values.size >= this.#limit) {
      for (const oldest of this.#values.keys()) {
        this.#values.delete(oldest);
        break;
      }
    }
    this.#values.set(key, made);
    return made;
  }
}
