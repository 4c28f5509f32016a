import { FieldsealError } from "../../protocols/bytes/index.ts";
import type { DriverCounters, DriverOptions } from "./driver.ts";

/** Tells when a board begins to answer and when it stops, once for each reason. */
export class Presence {
  readonly #driver: Pick<DriverOptions, "name" | "onState">;
  #online: boolean | undefined;
  #code: string | undefined;

  constructor(driver: Pick<DriverOptions, "name" | "onState">) {
    this.#driver = driver;
  }

  /** Undefined until the board has answered, or failed to, for the first time. */
  get online(): boolean | undefined {
    return this.#online;
  }

  up(): void {
    if (this.#online === true) return;
    this.#online = true;
    this.#code = undefined;
    const { name, onState } = this.#driver;
    onState({ device: name, state: "online" });
  }

  /** @throws `error` itself where it is none of ours: a bug, not a board's doing. */
  down(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    if (this.#online === false && this.#code === error.code) return;
    this.#online = false;
    this.#code = error.code;
    const { name, onState } = this.#driver;
    onState({ device: name, state: "offline", why: error.message, code: error.code });
  }
}

/** Counters of a driver that has seen nothing yet. */
export const noCounters = (): DriverCounters => ({
  readings: 0,
  timeouts: 0,
  refusals: 0,
  late: 0,
  discardedBytes: 0,
  missed: 0,
  reconnects: 0,
});
