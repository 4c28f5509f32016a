import type { Clock, Timer } from "../../../firmware-bridge/port/index.ts";
import {
  EnvironmentError,
  FieldsealError,
  ProtocolError,
  TimeoutError,
  UsageError,
} from "../../../protocols/bytes/index.ts";
import {
  decodeOcppMessage,
  encodeOcppMessage,
  type OcppMessage,
  type OcppPayload,
  type OcppVersion,
  ocppErrorCode,
} from "../../../protocols/ocpp/index.ts";
import type { ValidatePayload } from "./schemas.ts";
import type { OcppSocket } from "./socket.ts";

export interface ConnectionCounters {
  calls: number;
  /** Messages that are none, or that their schema refuses. */
  bad: number;
  /** Calls that came twice under one id and were answered as before. */
  repeated: number;
  /** Answers to no question, or too late for it. */
  late: number;
  timeouts: number;
  /** Times the station was slowed down. */
  braked: number;
}

export interface OcppConnectionOptions {
  socket: OcppSocket;
  version: OcppVersion;
  clock: Clock;
  validate: ValidatePayload;
  /** Time a station has to answer a call, in ms. */
  timeout: number;
  /** Answers a checked call; undefined is NotImplemented. A FieldsealError refuses it. */
  onCall(action: string, payload: OcppPayload): OcppPayload | undefined;
  onClosed(code: number): void;
}

/** Calls a second that a station may make in the long run, and at once. A replayed queue comes one call after another. */
const RATE = 50;
const BURST = 200;
/** Messages that arrived before the brake took hold. */
const MAX_WAITING = 1024;
const MAX_BAD_IN_A_ROW = 20;
const REMEMBERED = 64;
const MAX_OUTGOING = 16;
const PING_EVERY = 30_000;
/** Calls whose second answer must be a new one. */
const STATELESS = new Set(["Heartbeat", "BootNotification", "Authorize"]);

interface Outgoing {
  id: string;
  action: string;
  payload: OcppPayload;
  resolve(payload: OcppPayload): void;
  reject(error: FieldsealError): void;
}

/** Calls and answers on one websocket (OCPP-J 1.6 §4, 2.0.1 part 4 §4). One of our calls is under way at a time. */
export class OcppConnection {
  readonly version: OcppVersion;
  readonly counters: ConnectionCounters = { calls: 0, bad: 0, repeated: 0, late: 0, timeouts: 0, braked: 0 };
  readonly #options: OcppConnectionOptions;
  readonly #answers = new Map<string, { text: string; answer: string }>();
  readonly #outgoing: Outgoing[] = [];
  readonly #waiting: string[] = [];
  #current: Outgoing | undefined;
  #timer: Timer | undefined;
  #pingTimer: Timer | undefined;
  #brake: Timer | undefined;
  #tokens = BURST;
  #filledAt: number;
  #sent = 0;
  #badInARow = 0;
  #heardAt: number;
  #probes: ((alive: boolean) => void)[] = [];
  #closed = false;

  constructor(options: OcppConnectionOptions) {
    this.#options = options;
    this.version = options.version;
    this.#filledAt = this.#heardAt = options.clock.monotonic();
    const { socket } = options;
    socket.onText = (text) => this.#received(text);
    socket.onPong = () => this.#heard();
    socket.onClose = (code) => this.#end(code);
    this.#keepAlive();
  }

  /**
   * Makes a call. Resolves with the station's answer, checked against its schema.
   * @throws UsageError FS-OCPP-CALL (the call itself breaks its schema); TimeoutError FS-OCPP-TIMEOUT; EnvironmentError
   * FS-OCPP-CLOSED, FS-OCPP-BUSY, FS-OCPP-REFUSED; ProtocolError FS-OCPP-ANSWER.
   */
  call(action: string, payload: OcppPayload): Promise<OcppPayload> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closedError(action));
      const verdict = this.#options.validate(this.version, action, "req", payload);
      if (!verdict.valid) {
        return reject(
          new UsageError("FS-OCPP-CALL", `${action} breaks its schema: ${verdict.why}`, {
            fix: "check the names and values against the OCPP version that the station speaks",
          }),
        );
      }
      if (this.#outgoing.length >= MAX_OUTGOING) {
        return reject(
          new EnvironmentError("FS-OCPP-BUSY", `${MAX_OUTGOING} calls wait for the station already`, {
            fix: "wait until the station has answered",
          }),
        );
      }
      this.#sent++;
      this.#outgoing.push({ id: `fs${this.#sent}`, action, payload, resolve, reject });
      this.#next();
    });
  }

  /** Whether the station answers within `ms`: any sign of life counts. */
  answers(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve(false);
      const end = (alive: boolean) => {
        timer.cancel();
        this.#probes = this.#probes.filter((probe) => probe !== end);
        resolve(alive);
      };
      const timer = this.#options.clock.after(ms, () => end(false));
      this.#probes.push(end);
      this.#options.socket.ping();
    });
  }

  close(code: number, reason: string): void {
    if (!this.#closed) this.#options.socket.close(code, reason);
  }

  /** Ends at once, without the station's consent. */
  terminate(): void {
    if (this.#closed) return;
    this.#options.socket.terminate();
    this.#end(1006);
  }

  #keepAlive(): void {
    const { clock, socket } = this.#options;
    const asked = clock.monotonic();
    this.#pingTimer = clock.after(PING_EVERY, () => {
      // A whole interval after a ping without any sign of life: the far end is gone.
      if (this.#heardAt < asked) {
        this.terminate();
        return;
      }
      socket.ping();
      this.#keepAlive();
    });
  }

  #heard(): void {
    this.#heardAt = this.#options.clock.monotonic();
    for (const probe of this.#probes.splice(0)) probe(true);
  }

  #received(text: string): void {
    this.#heard();
    if (!this.#brake && this.#waiting.length === 0 && this.#token()) this.#take(text);
    else this.#wait(text);
  }

  #token(): boolean {
    const now = this.#options.clock.monotonic();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#filledAt) * RATE) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #wait(text: string): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.close(1008, "too many messages");
      return;
    }
    this.#waiting.push(text);
    if (this.#brake) return;
    const { clock, socket } = this.#options;
    this.counters.braked++;
    socket.pause();
    const release = () => {
      this.#brake = undefined;
      while (this.#waiting.length > 0 && this.#token()) this.#take(this.#waiting.shift()!);
      if (this.#closed) return;
      if (this.#waiting.length > 0) this.#brake = clock.after(1000 / RATE, release);
      else socket.resume();
    };
    this.#brake = clock.after(1000 / RATE, release);
  }

  #take(text: string): void {
    // Some stations send empty messages to keep the line open.
    if (this.#closed || text === "") return;
    let message: OcppMessage;
    try {
      message = decodeOcppMessage(text);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#bad(error);
      return;
    }
    if (message.kind === "call") this.#called(message, text);
    else this.#answered(message);
  }

  #called(message: Extract<OcppMessage, { kind: "call" }>, text: string): void {
    this.counters.calls++;
    const before = this.#answers.get(message.id);
    if (before?.text === text && !STATELESS.has(message.action)) {
      this.counters.repeated++;
      this.#options.socket.send(before.answer);
      return;
    }
    const answer = this.#answer(message);
    this.#answers.delete(message.id);
    this.#answers.set(message.id, { text, answer });
    if (this.#answers.size > REMEMBERED) this.#answers.delete(this.#answers.keys().next().value!);
    this.#options.socket.send(answer);
  }

  #answer({ id, action, payload }: Extract<OcppMessage, { kind: "call" }>): string {
    const { version } = this;
    const refuse = (code: Parameters<typeof ocppErrorCode>[1], description: string) =>
      encodeOcppMessage({
        kind: "error",
        id,
        code: ocppErrorCode(version, code),
        description: description.slice(0, 255),
      });
    const verdict = this.#options.validate(version, action, "req", payload);
    if (!verdict.valid) {
      this.counters.bad++;
      this.#tooBad();
      return verdict.unknown ? refuse("unknown", "") : refuse("format", verdict.why);
    }
    let result: OcppPayload | undefined;
    try {
      result = this.#options.onCall(action, payload);
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      return refuse(error.blame === "peer" ? "busy" : "internal", error.code);
    }
    this.#badInARow = 0;
    if (result === undefined) return refuse("unknown", "");
    return encodeOcppMessage({ kind: "result", id, payload: result });
  }

  #bad(error: ProtocolError): void {
    this.counters.bad++;
    const { id } = error.context;
    const { version } = this;
    // 2.0.1 part 4 §4.2.3: what has no readable id is answered under "-1"; 1.6 leaves it unanswered.
    if (typeof id === "string" || version === "2.0.1") {
      const code = ocppErrorCode(version, "framework");
      const to = typeof id === "string" ? id : "-1";
      this.#options.socket.send(encodeOcppMessage({ kind: "error", id: to, code, description: error.message }));
    }
    this.#tooBad();
  }

  #tooBad(): void {
    this.#badInARow++;
    if (this.#badInARow >= MAX_BAD_IN_A_ROW) this.close(1002, "too many bad messages");
  }

  #answered(message: Exclude<OcppMessage, { kind: "call" }>): void {
    const current = this.#current;
    if (!current || current.id !== message.id) {
      this.counters.late++;
      return;
    }
    this.#settle();
    const { action } = current;
    if (message.kind === "error") {
      const what = message.description === "" ? message.code : `${message.code}, ${message.description}`;
      current.reject(
        new EnvironmentError("FS-OCPP-REFUSED", `the station refused ${action}: ${what}`, {
          fix: "check whether the station supports it",
        }),
      );
    } else {
      const verdict = this.#options.validate(this.version, action, "conf", message.payload);
      if (verdict.valid) current.resolve(message.payload);
      else {
        this.counters.bad++;
        const why = `the station's answer to ${action} breaks its schema: ${verdict.why}`;
        current.reject(new ProtocolError("FS-OCPP-ANSWER", why));
      }
    }
    this.#next();
  }

  #settle(): void {
    this.#timer?.cancel();
    this.#current = undefined;
  }

  #next(): void {
    if (this.#current || this.#closed) return;
    const next = this.#outgoing.shift();
    if (!next) return;
    this.#current = next;
    const { clock, socket, timeout } = this.#options;
    this.#timer = clock.after(timeout, () => {
      this.counters.timeouts++;
      this.#settle();
      next.reject(
        new TimeoutError("FS-OCPP-TIMEOUT", `the station did not answer ${next.action} within ${timeout / 1000} s`, {
          fix: "try again when the station is idle",
        }),
      );
      this.#next();
    });
    const { id, action, payload } = next;
    socket.send(encodeOcppMessage({ kind: "call", id, action, payload }));
  }

  #end(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#timer, this.#pingTimer, this.#brake]) timer?.cancel();
    const left = this.#current ? [this.#current, ...this.#outgoing] : [...this.#outgoing];
    this.#current = undefined;
    this.#outgoing.length = 0;
    this.#waiting.length = 0;
    for (const probe of this.#probes.splice(0)) probe(false);
    for (const call of left) call.reject(closedError(call.action));
    this.#options.onClosed(code);
  }
}

function closedError(action: string): EnvironmentError {
  return new EnvironmentError("FS-OCPP-CLOSED", `the station went away before it answered ${action}`, {
    fix: "try again when it is back",
  });
}
