import type { Clock, Port } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, ProtocolError, TimeoutError } from "../../../protocols/bytes/index.ts";
import {
  encodeMbap,
  encodeRequest,
  encodeRtu,
  exceptionName,
  isException,
  type ModbusAnswer,
  type ModbusRequest,
  type ModbusResponse,
  RtuAnswerDecoder,
  TcpAnswerDecoder,
} from "../../../protocols/modbus/index.ts";
import { Waiter } from "../waiter.ts";

export interface LineCounters {
  timeouts: number;
  late: number;
  discardedBytes: number;
}

interface Pending {
  unit: number;
  transaction: number;
  rtu: RtuAnswerDecoder | undefined;
  resolve(answer: ModbusAnswer): void;
  reject(error: Error): void;
}

/** Silence that ends the leftovers of an exchange that failed, and how long to wait for it at most, in ms. */
const QUIET = 60;
const QUIET_LIMIT = 1000;

/** One open port with at most one request under way. */
export class ModbusLine {
  readonly counters: LineCounters = { timeouts: 0, late: 0, discardedBytes: 0 };
  readonly #port: Port;
  readonly #clock: Clock;
  readonly #waiter: Waiter;
  readonly #framing: "rtu" | "tcp";
  /** Pause before a request, in ms: 3.5 characters on a serial line (Modbus over Serial Line V1.02 §2.5.1.1). */
  readonly #pause: number;
  #pending: Pending | undefined;
  #tcp = new TcpAnswerDecoder();
  #transaction = 0;
  #heardAt = 0;
  #closed = true;
  /** Exchanges that must begin with silence: the one after a time-out, and the one after that. */
  #caution = 0;
  /** Called when the port is lost. */
  onLost: ((error: EnvironmentError) => void) | undefined;

  constructor(options: { port: Port; clock: Clock; framing: "rtu" | "tcp"; pause: number }) {
    this.#port = options.port;
    this.#clock = options.clock;
    this.#waiter = new Waiter(options.clock);
    this.#framing = options.framing;
    this.#pause = options.pause;
  }

  async open(): Promise<void> {
    this.#tcp = new TcpAnswerDecoder();
    this.#caution = 0;
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
    this.#closed = false;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#waiter.wake();
    return this.#port.close();
  }

  /**
   * One request and its answer.
   * @throws TimeoutError FS-MODBUS-TIMEOUT, ProtocolError FS-MODBUS-EXCEPTION (context.exception) or FS-MODBUS-ANSWER,
   * EnvironmentError FS-PORT-LOST, FS-PORT-WRITE.
   */
  async exchange(unit: number, request: ModbusRequest, timeout: number): Promise<ModbusResponse> {
    if (this.#caution > 0) await this.#settle();
    else if (this.#pause > 0) await this.#waiter.wait(this.#pause);
    const answer = await this.#send(unit, request, timeout);
    if (!isException(answer)) return fitting(unit, request, answer);
    const { exception } = answer;
    throw new ProtocolError(
      "FS-MODBUS-EXCEPTION",
      `unit ${unit} on ${this.#port.name} refused function ${request.fn} at ${request.address}: ${exceptionName(exception)}`,
      { context: { unit, exception, fn: request.fn, address: request.address } },
    );
  }

  #send(unit: number, request: ModbusRequest, timeout: number): Promise<ModbusAnswer> {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const transaction = this.#transaction;
    const pdu = encodeRequest(request);
    const frame = this.#framing === "tcp" ? encodeMbap(transaction, unit, pdu) : encodeRtu(unit, pdu);
    return new Promise((resolve, reject) => {
      const end = () => {
        timer.cancel();
        if (this.#pending === pending) this.#pending = undefined;
      };
      const pending: Pending = {
        unit,
        transaction,
        rtu: this.#framing === "rtu" ? new RtuAnswerDecoder({ unit, request }) : undefined,
        resolve: (answer) => {
          end();
          resolve(answer);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      };
      const timer = this.#clock.after(timeout, () => this.#timedOut(pending, timeout));
      this.#pending = pending;
      this.#port.write(frame).catch((error: Error) => pending.reject(error));
    });
  }

  #timedOut(pending: Pending, timeout: number): void {
    // A false start may have hidden a short answer; silence is the moment to look again.
    for (const event of pending.rtu?.flush() ?? []) this.#rtuEvent(pending, event);
    if (this.#pending !== pending) return;
    this.counters.timeouts++;
    if (this.#framing === "rtu") this.#caution = 2;
    pending.reject(
      new TimeoutError(
        "FS-MODBUS-TIMEOUT",
        `unit ${pending.unit} on ${this.#port.name} did not answer in ${timeout} ms`,
        {
          context: { unit: pending.unit, timeout },
          fix: "check wiring (A, B), unit number, baud rate and parity",
        },
      ),
    );
  }

  #receive(bytes: Uint8Array): void {
    this.#heardAt = this.#clock.monotonic();
    const pending = this.#pending;
    if (this.#framing === "tcp") this.#receiveTcp(bytes);
    else if (pending?.rtu) for (const event of pending.rtu.push(bytes)) this.#rtuEvent(pending, event);
    else this.counters.discardedBytes += bytes.length;
  }

  #rtuEvent(pending: Pending, event: ReturnType<RtuAnswerDecoder["push"]>[number]): void {
    if (event.kind === "answer") pending.resolve(event.answer);
    else this.counters.discardedBytes += event.bytes.length;
  }

  #receiveTcp(bytes: Uint8Array): void {
    for (const event of this.#tcp.push(bytes)) {
      if (event.kind === "discarded") this.counters.discardedBytes += event.bytes.length;
      else if (event.transaction === this.#pending?.transaction && event.unit === this.#pending.unit) {
        this.#pending.resolve(event.answer);
      } else this.counters.late++;
    }
  }

  /**
   * On RTU nothing tells a late answer from the one to the next request of the same size. After a time-out nothing is asked
   * before the line has been silent; and once more after the repetition, whose own answer may still follow a late one.
   */
  async #settle(): Promise<void> {
    const since = this.#clock.monotonic();
    this.#heardAt = since;
    while (!this.#closed) {
      const quietIn = this.#heardAt + QUIET - this.#clock.monotonic();
      if (quietIn <= 0 || this.#clock.monotonic() - since >= QUIET_LIMIT) break;
      await this.#waiter.wait(quietIn);
    }
    this.#caution--;
  }
}

/** On TCP the transaction names the request; whether the answer is one to it is still to be seen. */
function fitting(unit: number, request: ModbusRequest, answer: ModbusResponse): ModbusResponse {
  const count = "count" in request ? request.count : 0;
  const sized =
    "registers" in answer
      ? answer.registers.length === 2 * count
      : !("packed" in answer) || answer.packed.length === Math.ceil(count / 8);
  if (answer.fn === request.fn && sized) return answer;
  throw new ProtocolError("FS-MODBUS-ANSWER", `unit ${unit} answered function ${request.fn} with something else`, {
    context: { unit, fn: answer.fn },
    fix: "check that the address is the device's, and that no other master shares its connection",
  });
}
