export interface PulseCounterOptions {
  /** A pulse counts when the pin was passive for this long before it, in ms. */
  debounce: number;
}

/**
 * Pulses of an S0 output (EN 62053-31: at least 30 ms long, 30 ms apart) or of a contact, by the times at which the levels
 * arrive. A contact bounces when it closes and when it opens; neither counts. Where levels are late and arrive together, pulses
 * may be missed, never added.
 */
export class PulseCounter {
  readonly #debounce: number;
  #active: boolean | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;
  /** Since the beginning. */
  pulses = 0;
  /** Changes that were no pulse. */
  bounces = 0;

  constructor({ debounce }: PulseCounterOptions) {
    this.#debounce = debounce;
  }

  /** @param at monotonic ms. */
  take(active: boolean, at: number): void {
    const before = this.#active;
    if (active === before) return;
    this.#active = active;
    const passiveFor = at - this.#changedAt;
    this.#changedAt = at;
    // Nobody saw the beginning of a pulse that is under way when one starts to look.
    if (before === undefined || !active) return;
    if (passiveFor >= this.#debounce) this.pulses++;
    else this.bounces++;
  }

  /** The pin was out of sight: what it did meanwhile is not known. */
  lose(): void {
    this.#active = undefined;
    this.#changedAt = Number.NEGATIVE_INFINITY;
  }
}
