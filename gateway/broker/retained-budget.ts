/** Bounds what clients can make the broker keep: an open broker is no storage service. */
export class RetainedBudget {
  readonly #topics = new Map<string, number>();
  readonly #limits: { retained: number; retainedBytes: number };
  #bytes = 0;

  constructor(limits: { retained: number; retainedBytes: number }) {
    this.#limits = limits;
  }

  /**
   * Notes that a topic will hold `size` bytes (0 clears it).
   * @param counted false for the gateway, whose own limit holds instead.
   * @returns false when there is no room; then nothing has changed.
   */
  take(topic: string, size: number, counted: boolean): boolean {
    const before = this.#topics.get(topic);
    const held = before ?? 0;
    if (size === 0 || !counted) {
      this.#topics.delete(topic);
      this.#bytes -= held;
      return true;
    }
    const cost = size + topic.length;
    const bytes = this.#bytes - held + cost;
    const isNew = before === undefined;
    if (bytes > this.#limits.retainedBytes || (isNew && this.#topics.size >= this.#limits.retained)) return false;
    this.#topics.set(topic, cost);
    this.#bytes = bytes;
    return true;
  }
}
