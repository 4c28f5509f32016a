import { ByteQueue, crc16Modbus, equalBytes, ProtocolError } from "../bytes/index.ts";
import { decodeAnswer, decodeRequest, encodeRequest, MAX_PDU, type ModbusAnswer, type ModbusRequest } from "./pdu.ts";
import { answerLengthFor, requestLength } from "./shape.ts";

/**
 * Modbus RTU framing (Modbus over Serial Line V1.02 §2.5.1):
 *
 *   01 04 04 43 66 33 34 1B 38      Eastron SDM120 manual: input registers 0x0000 and 0x0001, 230.2 V
 *   |  |  |  |           |
 *   |  |  |  registers   CRC-16/MODBUS, low byte first
 *   |  |  byte count
 *   |  function
 *   unit
 */

/** Unit, PDU and CRC together (§2.5.1). */
export const MAX_RTU = MAX_PDU + 3;

/** Puts unit address and CRC around a PDU. */
export function encodeRtu(unit: number, pdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(pdu.length + 3);
  frame[0] = unit;
  frame.set(pdu, 1);
  const crc = crc16Modbus(frame, 0, pdu.length + 1);
  frame[pdu.length + 1] = crc & 0xff;
  frame[pdu.length + 2] = crc >> 8;
  return frame;
}

/** Takes one whole frame apart. @throws ProtocolError FS-MODBUS-LENGTH, FS-MODBUS-CRC. */
export function decodeRtu(frame: Uint8Array): { unit: number; pdu: Uint8Array } {
  if (frame.length < 4 || frame.length > MAX_RTU) {
    throw new ProtocolError("FS-MODBUS-LENGTH", `an RTU frame has 4 to ${MAX_RTU} bytes, this one ${frame.length}`);
  }
  if (!crcHolds(frame, 0, frame.length)) {
    throw new ProtocolError("FS-MODBUS-CRC", `the CRC of a ${frame.length}-byte RTU frame is wrong`);
  }
  return { unit: frame[0]!, pdu: frame.subarray(1, frame.length - 2) };
}

/** Over a frame with its own CRC appended low byte first, this CRC comes out as zero. */
function crcHolds(bytes: Uint8Array, start: number, end: number): boolean {
  return crc16Modbus(bytes, start, end) === 0;
}

/** noise: bytes that belong to no frame. crc: began like a frame, its check failed. echo: our own request came back. */
export type RtuDiscardReason = "noise" | "crc" | "echo";

export interface RtuDiscarded {
  kind: "discarded";
  bytes: Uint8Array;
  why: RtuDiscardReason;
}

export type RtuAnswerEvent = { kind: "answer"; answer: ModbusAnswer } | RtuDiscarded;

export interface RtuAnswerOptions {
  unit: number;
  request: ModbusRequest;
  /** The adapter repeats what it sends (half duplex). Needed only for functions 5 and 6, whose answer equals the request. */
  echo?: boolean;
}

/** Collects neighbouring discarded bytes of one reason into one event. */
class Discards<E> {
  readonly events: (E | RtuDiscarded)[] = [];

  drop(queue: ByteQueue, count: number, why: RtuDiscardReason): void {
    if (count === 0) return;
    const bytes = queue.take(count);
    const last = this.events.at(-1);
    if (last !== undefined && isDiscarded(last) && last.why === why && why === "noise") {
      const joined = new Uint8Array(last.bytes.length + count);
      joined.set(last.bytes);
      joined.set(bytes, last.bytes.length);
      last.bytes = joined;
    } else {
      this.events.push({ kind: "discarded", bytes, why });
    }
  }

  /** Gives up the frame that seemed to begin at `at`: only its first byte, what follows may hold a good one. */
  dropStart(queue: ByteQueue, settled: number, at: number): number {
    this.drop(queue, at - settled, "noise");
    this.drop(queue, 1, "crc");
    return at + 1;
  }
}

function isDiscarded(event: unknown): event is RtuDiscarded {
  return (event as RtuDiscarded).kind === "discarded";
}

/**
 * The client's side: finds the one answer to `request` in what the line delivers, whatever stands before it.
 * After the answer everything else is noise.
 */
export class RtuAnswerDecoder {
  readonly #queue = new ByteQueue();
  readonly #options: RtuAnswerOptions;
  readonly #sent: Uint8Array;
  #echoLeft: boolean;
  #answered = false;

  constructor(options: RtuAnswerOptions) {
    this.#options = options;
    this.#sent = encodeRtu(options.unit, encodeRequest(options.request));
    this.#echoLeft = options.echo ?? !(options.request.fn === 5 || options.request.fn === 6);
  }

  get answered(): boolean {
    return this.#answered;
  }

  push(chunk: Uint8Array): RtuAnswerEvent[] {
    this.#queue.push(chunk);
    return this.#decode(false);
  }

  /** The line has gone silent: what is pending will not become a frame. Finds what it may have hidden. */
  flush(): RtuAnswerEvent[] {
    return this.#decode(true);
  }

  #decode(final: boolean): RtuAnswerEvent[] {
    const out = new Discards<RtuAnswerEvent>();
    const queue = this.#queue;
    const bytes = queue.view();
    let settled = 0;
    let at = 0;
    const { unit, request } = this.#options;
    while (at < bytes.length && !this.#answered) {
      if (this.#echoLeft && startsWith(bytes, at, this.#sent)) {
        out.drop(queue, at - settled, "noise");
        out.drop(queue, this.#sent.length, "echo");
        settled = at += this.#sent.length;
        this.#echoLeft = false;
        continue;
      }
      const length = bytes[at] === unit ? answerLengthFor(request, bytes, at + 1) : "never";
      const end = typeof length === "number" ? at + length + 3 : Number.POSITIVE_INFINITY;
      if (length === "never" || (final && end > bytes.length)) {
        at++;
      } else if (end > bytes.length) {
        break;
      } else if (!crcHolds(bytes, at, end)) {
        settled = at = out.dropStart(queue, settled, at);
      } else {
        const answer = decodeAnswer(bytes.slice(at + 1, end - 2));
        out.drop(queue, at - settled, "noise");
        queue.drop(end - at);
        settled = at = end;
        this.#answered = true;
        out.events.push({ kind: "answer", answer });
      }
    }
    if (this.#answered) at = bytes.length;
    out.drop(queue, at - settled, "noise");
    return out.events;
  }
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  return at + prefix.length <= bytes.length && equalBytes(bytes.subarray(at, at + prefix.length), prefix);
}

export type RtuRequestEvent =
  | { kind: "request"; unit: number; request: ModbusRequest }
  /** A sound frame that asks for something unknown: answer it with exception 1 or 3. */
  | { kind: "refused"; unit: number; fn: number; error: ProtocolError }
  | RtuDiscarded;

/**
 * The server's side: finds requests in what the line delivers. A frame of an unknown function has no
 * predictable length; it is taken when it begins where the last frame ended and its CRC fits at the end of what
 * has arrived. Trying that at every byte of a damaged frame would now and then swallow the good ones behind it.
 */
export class RtuRequestDecoder {
  readonly #queue = new ByteQueue();

  push(chunk: Uint8Array): RtuRequestEvent[] {
    this.#queue.push(chunk);
    return this.#decode(false);
  }

  /** The line has gone silent: what is pending will not become a frame. */
  flush(): RtuRequestEvent[] {
    return this.#decode(true);
  }

  #decode(final: boolean): RtuRequestEvent[] {
    const out = new Discards<RtuRequestEvent>();
    const queue = this.#queue;
    const bytes = queue.view();
    let settled = 0;
    let fresh = 0;
    let at = 0;
    while (at < bytes.length) {
      let length = requestLength(bytes, at + 1);
      if (length === "never" && at === fresh) length = unknownLength(bytes, at);
      const end = typeof length === "number" ? at + length + 3 : at + MAX_RTU;
      if (length === "never" || (final && end > bytes.length)) at++;
      else if (end > bytes.length) break;
      else if (!crcHolds(bytes, at, end)) settled = at = out.dropStart(queue, settled, at);
      else {
        const unit = bytes[at]!;
        const pdu = bytes.slice(at + 1, end - 2);
        out.drop(queue, at - settled, "noise");
        queue.drop(end - at);
        settled = fresh = at = end;
        out.events.push(requestEvent(unit, pdu));
      }
    }
    out.drop(queue, at - settled, "noise");
    return out.events;
  }
}

function unknownLength(bytes: Uint8Array, at: number): number | "never" | "more" {
  const available = bytes.length - at;
  if (available < 4) return "more";
  return available <= MAX_RTU && crcHolds(bytes, at, bytes.length) ? available - 3 : "never";
}

function requestEvent(unit: number, pdu: Uint8Array): RtuRequestEvent {
  try {
    return { kind: "request", unit, request: decodeRequest(pdu) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: "refused", unit, fn: pdu[0]! & 0x7f, error };
  }
}
