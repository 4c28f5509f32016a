import type { Clock } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError } from "../../../protocols/bytes/index.ts";
import { backoff } from "../backoff.ts";
import { Waiter } from "../waiter.ts";
import type { ModbusLine } from "./line.ts";
import type { ModbusUnit } from "./unit.ts";

type Job = { run(line: ModbusLine): Promise<void>; refuse(error: FieldsealError): void };

/** Commands that may wait for the request under way. */
const MOST_JOBS = 16;

const lost = () => new EnvironmentError("FS-PORT-LOST", "the port was lost", { fix: "it is opened again by itself" });

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
  readonly #jobs: Job[] = [];
  #lost = false;
  #serving = false;
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

  /**
   * Does something between two polls, before any other unit is asked. It is not kept for later: without an open port it
   * fails at once.
   * @throws EnvironmentError FS-PORT-LOST, FS-MODBUS-BUSY; and what `job` throws.
   */
  run<T>(job: (line: ModbusLine) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#serving) return reject(lost());
      if (this.#jobs.length >= MOST_JOBS) {
        const fix = "send fewer commands";
        return reject(new EnvironmentError("FS-MODBUS-BUSY", "too many commands wait for the line", { fix }));
      }
      this.#jobs.push({ run: (line) => job(line).then(resolve, reject), refuse: reject });
      this.#waiter.wake();
    });
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
      this.#tell(lost());
      await this.#waiter.wait(waits.next().value);
    }
    this.#running = undefined;
    // A unit added while the port was closing.
    if (this.#units.size > 0) this.#running = this.#run();
  }

  /** Polls until the port is lost or nobody is left. */
  async #serve(): Promise<void> {
    this.#serving = true;
    while (!this.#lost && this.#units.size > 0) {
      const job = this.#jobs.shift();
      if (job) {
        await job.run(this.line);
        continue;
      }
      let next: ModbusUnit | undefined;
      for (const unit of this.#units) if (!next || unit.due < next.due) next = unit;
      const wait = next!.due - this.#clock.monotonic();
      if (wait > 0) await this.#waiter.wait(wait);
      else await next!.poll(this.line);
    }
    this.#serving = false;
    for (const job of this.#jobs.splice(0)) job.refuse(lost());
  }

  #tell(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    for (const unit of this.#units) unit.lineLost(error);
  }
}
