import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { FieldsealError } from "../../protocols/bytes/index.ts";

/** The chain's word that this log is not the one that was committed; anything else is no word about it. */
const STALE: ReadonlySet<string> = new Set(["FS-BATCH-BEHIND", "FS-BATCH-FORKED"]);
/** Until the chain is asked again, ms. An end point that lagged may have caught up. */
const AGAIN_MS = 30_000;

export interface StaleGuardOptions {
  clock: Clock;
  /** Compares the log with the chain; throws what `Batcher.compareWithChain` does. */
  compare(): Promise<void>;
  onStale(error: FieldsealError): void;
}

/**
 * Keeps a gateway from beginning on an old copy of its data directory: its devices would sign other readings under sequence
 * numbers that are spoken for. A chain that does not answer holds nothing up: a gateway works through an outage.
 */
export class StaleGuard {
  readonly #o: StaleGuardOptions;
  #failure: FieldsealError | undefined;
  #timer: Timer | undefined;

  constructor(options: StaleGuardOptions) {
    this.#o = options;
  }

  /** Why nothing may begin; undefined when it may. */
  get failure(): FieldsealError | undefined {
    return this.#failure;
  }

  /** Asks the chain once. @returns whether the gateway may begin. */
  async look(): Promise<boolean> {
    const before = this.#failure;
    try {
      await this.#o.compare();
      this.#failure = undefined;
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      // While it does not answer, what it said last holds.
      if (STALE.has(error.code)) this.#failure = error;
    }
    if (this.#failure && this.#failure.code !== before?.code) this.#o.onStale(this.#failure);
    return this.#failure === undefined;
  }

  /** Runs `begin` once the chain takes its word back; looks again and again until then. */
  wait(begin: () => void): void {
    this.#timer = this.#o.clock.after(AGAIN_MS, async () => {
      if (await this.look()) begin();
      else this.wait(begin);
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
