import type { Clock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError } from "../../../protocols/bytes/index.ts";
import { backoff } from "../backoff.ts";
import { Waiter } from "../waiter.ts";
import type { MbusLine } from "./line.ts";
import type { MbusMeter } from "./meter.ts";

/** All meters behind one port, asked one after the other. The port is opened while there are meters, and again when it is lost. */
export class MbusBus {
  readonly line: MbusLine;
  readonly #clock: Clock;
  readonly #waiter: Waiter;
  readonly #meters = new Set<MbusMeter>();
  #running: Promise<void> | undefined;
  #lost = false;
  reconnects = 0;

  constructor(line: MbusLine, clock: Clock) {
    this.line = line;
    this.#clock = clock;
    this.#waiter = new Waiter(clock);
    line.onLost = () => {
      this.#lost = true;
      this.#waiter.wake();
    };
  }

  add(meter: MbusMeter): void {
    meter.retired = false;
    this.#meters.add(meter);
    this.#waiter.wake();
    this.#running ??= this.#run();
  }

  /** Resolves when the meter is not being asked any more; the last one closes the port. */
  async remove(meter: MbusMeter): Promise<void> {
    meter.retired = true;
    this.#meters.delete(meter);
    this.#waiter.wake();
    if (this.#meters.size > 0) return;
    await this.line.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let waits = backoff(250, 30_000);
    let opened = 0;
    while (this.#meters.size > 0) {
      try {
        this.#lost = false;
        await this.line.open();
        if (opened++ > 0) this.reconnects++;
      } catch (error) {
        this.#tell(error);
        if (this.#meters.size > 0) await this.#waiter.wait(waits.next().value);
        continue;
      }
      const since = this.#clock.monotonic();
      await this.#serve();
      await this.line.close();
      // A port that opens and is lost at once is not hammered.
      if (this.#clock.monotonic() - since > 10_000) waits = backoff(250, 30_000);
      if (this.#meters.size === 0) break;
      this.#tell(new EnvironmentError("FS-PORT-LOST", "the port was lost", { fix: "it is opened again by itself" }));
      await this.#waiter.wait(waits.next().value);
    }
    this.#running = undefined;
    // A meter added while the port was closing.
    if (this.#meters.size > 0) this.#running = this.#run();
  }

  async #serve(): Promise<void> {
    while (!this.#lost && this.#meters.size > 0) {
      const next = [...this.#meters].reduce((first, meter) => (meter.due < first.due ? meter : first));
      const wait = next.due - this.#clock.monotonic();
      if (wait > 0) await this.#waiter.wait(wait);
      else await next.poll(this.line);
    }
  }

  #tell(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    for (const meter of this.#meters) meter.lineLost(error);
  }
}
