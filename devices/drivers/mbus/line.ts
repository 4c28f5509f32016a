import type { Clock, Port } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, TimeoutError } from "../../../protocols/bytes/index.ts";
import { encodeMbusFrame, MbusDecoder, type MbusFrame } from "../../../protocols/mbus/index.ts";
import { Waiter } from "../waiter.ts";

interface Pending {
  wanted(frame: MbusFrame): boolean;
  resolve(frame: MbusFrame): void;
  reject(error: Error): void;
}

/**
 * Silence before a request, in ms: 33 bit times at 300 baud (EN 13757-2 §5.5.1), so that slaves of any rate find its begin, and
 * what is left of a late answer is over.
 */
const PAUSE = 110;

/** One open port with at most one request under way. */
export class MbusLine {
  readonly counters = { late: 0, discardedBytes: 0 };
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #waiter: Waiter;
  #decoder = new MbusDecoder();
  #pending: Pending | undefined;
  /** Called when the port is lost. */
  onLost: ((error: EnvironmentError) => void) | undefined;

  constructor(port: Port, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
    this.#waiter = new Waiter(clock);
  }

  async open(): Promise<void> {
    this.#decoder = new MbusDecoder();
    this.#port.onBytes = (bytes) => this.#events(this.#decoder.push(bytes));
    this.#port.onClose = (reason) => {
      const why = reason.kind === "lost" ? reason.why : "closed";
      const error = new EnvironmentError("FS-PORT-LOST", `${this.#port.name} was lost: ${why}`, {
        fix: "it is opened again by itself",
      });
      this.#pending?.reject(error);
      this.#waiter.wake();
      this.onLost?.(error);
    };
    await this.#port.open();
  }

  close(): Promise<void> {
    this.#waiter.wake();
    return this.#port.close();
  }

  /**
   * One request and the first frame that is `wanted`; other frames are counted as late.
   * @throws TimeoutError FS-MBUS-TIMEOUT, EnvironmentError FS-PORT-LOST, FS-PORT-WRITE.
   */
  async exchange(request: MbusFrame, wanted: Pending["wanted"], timeout: number): Promise<MbusFrame> {
    await this.#waiter.wait(PAUSE);
    this.#events(this.#decoder.flush());
    return new Promise((resolve, reject) => {
      const end = () => {
        timer.cancel();
        this.#pending = undefined;
      };
      const timer = this.#clock.after(timeout, () => {
        // A false start may have hidden a short answer; silence is the moment to look again.
        this.#events(this.#decoder.flush());
        this.#pending?.reject(
          new TimeoutError("FS-MBUS-TIMEOUT", `no answer on ${this.#port.name} in ${timeout} ms`, {
            fix: "check the address, the baud rate (2400 or 300, 8E1) and that the converter powers the bus",
          }),
        );
      });
      this.#pending = {
        wanted,
        resolve: (frame) => {
          end();
          resolve(frame);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      this.#port.write(encodeMbusFrame(request)).catch((error: Error) => this.#pending?.reject(error));
    });
  }

  #events(events: ReturnType<MbusDecoder["push"]>): void {
    for (const event of events) {
      if (event.kind === "discarded") this.counters.discardedBytes += event.bytes.length;
      else if (this.#pending?.wanted(event.frame)) this.#pending.resolve(event.frame);
      else this.counters.late++;
    }
  }
}
