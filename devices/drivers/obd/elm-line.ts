import type { Clock, Port } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, type FieldsealError, TimeoutError, utf8 } from "../../../protocols/bytes/index.ts";
import { type ElmAnswer, ElmDecoder } from "../../../protocols/obd/index.ts";

export interface ElmCounters {
  timeouts: number;
  late: number;
  discardedBytes: number;
}

/** An adapter with at most one command under way. */
export class ElmLine {
  readonly counters: ElmCounters = { timeouts: 0, late: 0, discardedBytes: 0 };
  readonly #port: Port;
  readonly #clock: Clock;
  #decoder = new ElmDecoder();
  #pending: { resolve(answer: ElmAnswer): void; reject(error: FieldsealError): void } | undefined;
  /** Called when the port is lost. */
  onLost: ((error: EnvironmentError) => void) | undefined;

  constructor({ port, clock }: { port: Port; clock: Clock }) {
    this.#port = port;
    this.#clock = clock;
  }

  get name(): string {
    return this.#port.name;
  }

  async open(): Promise<void> {
    this.#decoder = new ElmDecoder();
    this.#port.onBytes = (bytes) => this.#receive(bytes);
    this.#port.onClose = (reason) => {
      const why = reason.kind === "lost" ? reason.why : "closed";
      const error = new EnvironmentError("FS-PORT-LOST", `${this.#port.name} was lost: ${why}`, {
        fix: "it is opened again by itself",
      });
      this.#pending?.reject(error);
      this.onLost?.(error);
    };
    await this.#port.open();
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  #receive(bytes: Uint8Array): void {
    for (const event of this.#decoder.push(bytes)) {
      if (event.kind === "discarded") this.counters.discardedBytes += event.bytes.length;
      else if (this.#pending) this.#pending.resolve(event.answer);
      else this.counters.late++;
    }
  }

  /**
   * One command and what comes up to the prompt.
   * @throws TimeoutError FS-OBD-TIMEOUT, EnvironmentError FS-PORT-LOST, FS-PORT-WRITE.
   */
  async ask(command: string, timeout: number): Promise<ElmAnswer> {
    const left = this.#decoder.flush();
    this.counters.discardedBytes += left.length;
    this.#decoder.command = command;
    const answered = new Promise<ElmAnswer>((resolve, reject) => {
      this.#pending = { resolve, reject };
    });
    const timer = this.#clock.after(timeout, () => {
      this.counters.timeouts++;
      const what = `${this.#port.name} did not answer ${command} within ${timeout} ms`;
      this.#pending?.reject(
        new TimeoutError("FS-OBD-TIMEOUT", what, { fix: "check the adapter and its baud rate: 38400, 9600 or 115200" }),
      );
    });
    // Whichever comes first decides; the other is seen too, so that neither is left unhandled.
    answered.catch(() => undefined);
    try {
      await this.#port.write(utf8(`${command}\r`));
      return await answered;
    } finally {
      timer.cancel();
      this.#pending = undefined;
    }
  }
}
