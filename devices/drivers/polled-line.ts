import type { Clock } from "../../firmware-bridge/port/index.ts";
import { EnvironmentError, FieldsealError } from "../../protocols/bytes/index.ts";
import { backoff } from "./backoff.ts";
import { Waiter } from "./waiter.ts";

/** A line with one exchange at a time. */
export interface OpenableLine {
  open(): Promise<void>;
  close(): Promise<void>;
  onLost: ((error: EnvironmentError) => void) | undefined;
}

/** One device on a line: when it is due, and what is done then. */
export interface LineMember<L> {
  /** Monotonic ms of the next poll. */
  due: number;
  /** Taken off the line: nothing is reported any more. */
  retired: boolean;
  /** Never throws for what a device or line may do. */
  poll(line: L): Promise<void>;
  /** The line is gone: the device is not to blame, and is asked again as soon as the line is back. */
  lineLost(error: FieldsealError): void;
}

interface Job<L> {
  run(line: L): Promise<void>;
  refuse(error: FieldsealError): void;
}

export interface PolledLineOptions<L> {
  line: L;
  clock: Clock;
  /** Code of the refusal when too many commands wait. */
  busy: string;
}

/** Commands that may wait for the exchange under way. */
const MOST_JOBS = 16;

const lost = () => new EnvironmentError("FS-PORT-LOST", "the port was lost", { fix: "it is opened again by itself" });

/**
 * All devices behind one port, asked one after the other: whoever has been due longest is next. The port is opened while there
 * are devices, and again for ever when it is lost.
 */
export class PolledLine<L extends OpenableLine, M extends LineMember<L>> {
  readonly line: L;
  readonly #clock: Clock;
  readonly #busy: string;
  readonly #waiter: Waiter;
  readonly #members = new Set<M>();
  #running: Promise<void> | undefined;
  readonly #jobs: Job<L>[] = [];
  #lost = false;
  #serving = false;
  reconnects = 0;

  constructor({ line, clock, busy }: PolledLineOptions<L>) {
    this.line = line;
    this.#clock = clock;
    this.#busy = busy;
    this.#waiter = new Waiter(clock);
    line.onLost = () => {
      this.#lost = true;
      this.#waiter.wake();
    };
  }

  add(member: M): void {
    member.retired = false;
    this.#members.add(member);
    this.#waiter.wake();
    this.#running ??= this.#run();
  }

  /** Resolves when the device is not being asked any more; the last one closes the port. */
  async remove(member: M): Promise<void> {
    member.retired = true;
    this.#members.delete(member);
    this.#waiter.wake();
    if (this.#members.size > 0) return;
    // The exchange under way ends at once, as lost.
    await this.line.close();
    await this.#running;
  }

  /**
   * Does something between two polls, before any other device is asked. It is not kept for later: without an open port it
   * fails at once.
   * @throws EnvironmentError FS-PORT-LOST, the code of `busy`; and what `job` throws.
   */
  run<T>(job: (line: L) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#serving) return reject(lost());
      if (this.#jobs.length >= MOST_JOBS) {
        const fix = "send fewer commands";
        return reject(new EnvironmentError(this.#busy, "too many commands wait for the line", { fix }));
      }
      this.#jobs.push({ run: (line) => job(line).then(resolve, reject), refuse: reject });
      this.#waiter.wake();
    });
  }

  get members(): number {
    return this.#members.size;
  }

  async #run(): Promise<void> {
    let waits = backoff(250, 30_000);
    let opened = 0;
    while (this.#members.size > 0) {
      try {
        this.#lost = false;
        await this.line.open();
        if (opened++ > 0) this.reconnects++;
      } catch (error) {
        this.#tell(error);
        if (this.#members.size > 0) await this.#waiter.wait(waits.next().value);
        continue;
      }
      const since = this.#clock.monotonic();
      await this.#serve();
      await this.line.close();
      // A port that opens and is lost at once is not hammered.
      if (this.#clock.monotonic() - since > 10_000) waits = backoff(250, 30_000);
      if (this.#members.size === 0) break;
      this.#tell(lost());
      await this.#waiter.wait(waits.next().value);
    }
    this.#running = undefined;
    // A device added while the port was closing.
    if (this.#members.size > 0) this.#running = this.#run();
  }

  /** Polls until the port is lost or nobody is left. */
  async #serve(): Promise<void> {
    this.#serving = true;
    while (!this.#lost && this.#members.size > 0) {
      const job = this.#jobs.shift();
      if (job) {
        await job.run(this.line);
        continue;
      }
      let next: M | undefined;
      for (const member of this.#members) if (!next || member.due < next.due) next = member;
      const wait = next!.due - this.#clock.monotonic();
      if (wait > 0) await this.#waiter.wait(wait);
      else await next!.poll(this.line);
    }
    this.#serving = false;
    for (const job of this.#jobs.splice(0)) job.refuse(lost());
  }

  #tell(error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    for (const member of this.#members) member.lineLost(error);
  }
}
