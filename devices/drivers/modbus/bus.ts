import type { Clock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError } from "../../../protocols/bytes/index.ts";
import { backoff } from "../backoff.ts";
import { Waiter } from "../waiter.ts";
import type { ModbusLine } from "./line.ts";
import type { ModbusUnit } from "./unit.ts";

export interface ModbusBusOptions {
  line: ModbusLine;
  clock: Clock;
}

/**
 * All units behind one port, asked one after the other: whoever has been due longest is next. The port is opened while
 * there are units, and again for ever when it is lost.
 */
export class ModbusBus {
  readonly line: ModbusLine;
  readonly #clock: Clock;
  readonly #waiter: Waiter;
  readonly #units = new Set<ModbusUnit>();
  #running: Promise<void> | undefined;
  #lost = false;
  reconnects = 0;

  constructor({ line, clock }: ModbusBusOptions) {
    this.line = line;
    this.#clock = clock;
    this.#waiter = new Waiter(clock);
    line.onLost = () => {
      this.#lost = true;
      this.#waiter.wake();
    };
  }

  add(unit: ModbusUnit): void {
    unit.retired = false;
    this.#units.add(unit);
    this.#waiter.wake();
    this.#running ??= this.#run();
  }

  /** Resolves when the unit is not being asked any more; the last one closes the port. */
  async remove(unit: ModbusUnit): Promise<void> {
    unit.retired = true;
    this.#units.delete(unit);
    this.#waiter.wake();
    if (this.#units.size > 0) return;
    // The request under way ends at once, as lost.
    await this.line.close();
    await this.#running;
  }

  get units(): number {
    return this.#units.size;
  }

  async #run(): Promise<void> {
    let waits = backoff(250, 30_000);
    let opened = 0;
    while (this.#units.size > 0) {
      try {
        this.#lost = false;
        await this.line.open();
        if (opened++ > 0) this.reconnects++;
      } catch (error) {
        this.#tell(error);
        if (this.#units.size > 0) await this.#waiter.wait(waits.next().value);
        continue;
      }
      const since = this.#clock.monotonic();
      await this.#serve();
      await this.line.close();
      // A port that opens and is lost at once is not hammered.
      if (this.#clock.monotonic() - since > 10_000) waits = backoff(250, 30_000);
      if (this.#units.size === 0) break;
      this.#tell(new EnvironmentError("FS-PORT-LOST", "the port was lost", { fix: "it is opened again by itself" }));
      await this.#waiter.wait(waits.next().value);
    }
    this.#running = undefined;
    // A unit added while the port was closing.
    if (this.#units.size > 0) this.#running = this.#run();
  }

  /** Polls until the port is lost or nobody is left. */
  async #serve(): Promise<void> {
    while (!this.#lost && this.#units.size > 0) {
      let next: ModbusUnit | undefined;
      for (const unit of this.#units) if (!next || unit.due < next.due) next = unit;
      const wait = next!.due - this.#clock.monotonic();
      if (wait > 0) await this.#waiter.wait(wait);
      else await next!.poll(this.line);
    }
  }

  #tell(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    for (const unit of this.#units) unit.lineLost(error);
  }
}
