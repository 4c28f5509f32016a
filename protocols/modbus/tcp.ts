import { ByteQueue, ByteWriter, ProtocolError } from "../bytes/index.ts";
import { decodeAnswer, decodeRequest, MAX_PDU, type ModbusAnswer, type ModbusRequest } from "./pdu.ts";
import { answerLength, type Length, requestLength } from "./shape.ts";

/**
 * Modbus TCP framing (MODBUS Messaging on TCP/IP V1.0b §3.1.3): the MBAP header instead of a CRC.
 *
 *   00 07 00 00 00 07 01 04 04 43 66 33 34
 *   |     |     |     |  |
 *   |     |     |     |  PDU
 *   |     |     |     unit
 *   |     |     bytes that follow: unit and PDU
 *   |     protocol, always 0
 *   transaction
 */

const HEADER = 7;

export function encodeMbap(transaction: number, unit: number, pdu: Uint8Array): Uint8Array {
  return new ByteWriter(HEADER + pdu.length)
    .u16(transaction)
    .u16(0)
    .u16(pdu.length + 1)
    .u8(unit)
    .bytes(pdu)
    .finish();
}

/** noise: bytes that no header can begin with, or whose header disagrees with the data unit behind it. */
export interface TcpDiscarded {
  kind: "discarded";
  bytes: Uint8Array;
  why: "noise";
}

export type TcpAnswerEvent = { kind: "answer"; transaction: number; unit: number; answer: ModbusAnswer } | TcpDiscarded;

export type TcpRequestEvent =
  | { kind: "request"; transaction: number; unit: number; request: ModbusRequest }
  /** A sound frame that asks for something unknown: answer it with exception 1 or 3. */
  | { kind: "refused"; transaction: number; unit: number; fn: number; error: ProtocolError }
  | TcpDiscarded;

interface Frame {
  transaction: number;
  unit: number;
  pdu: Uint8Array;
}

/**
 * Splits a stream at its headers. There is no checksum to resynchronise by, so a header counts only when the
 * length it states is the length its own data unit needs; otherwise the next byte may begin one.
 */
class MbapSplitter {
  readonly #queue = new ByteQueue();
  readonly #length: (bytes: Uint8Array, at: number, end: number) => Length;

  constructor(length: (bytes: Uint8Array, at: number, end: number) => Length) {
    this.#length = length;
  }

  push(chunk: Uint8Array, final: boolean): (Frame | TcpDiscarded)[] {
    this.#queue.push(chunk);
    const out: (Frame | TcpDiscarded)[] = [];
    const queue = this.#queue;
    const bytes = queue.view();
    let settled = 0;
    let at = 0;
    const discard = () => {
      if (at > settled) out.push({ kind: "discarded", bytes: queue.take(at - settled), why: "noise" });
    };
    while (at < bytes.length) {
      const size = this.#frameAt(bytes, at);
      if (size === "never" || (final && (size === "more" || at + size > bytes.length))) {
        at++;
        continue;
      }
      if (size === "more" || at + size > bytes.length) break;
      discard();
      out.push({
        transaction: (bytes[at]! << 8) | bytes[at + 1]!,
        unit: bytes[at + 6]!,
        pdu: bytes.slice(at + HEADER, at + size),
      });
      queue.drop(size);
      settled = at += size;
    }
    discard();
    return out;
  }

  /** Size of the frame that begins at `at`, as far as can be told. */
  #frameAt(bytes: Uint8Array, at: number): Length {
    const left = bytes.length - at;
    if ((left > 2 && bytes[at + 2] !== 0) || (left > 3 && bytes[at + 3] !== 0)) return "never";
    if (left > 4 && bytes[at + 4] !== 0) return "never";
    if (left < 6) return "more";
    const stated = bytes[at + 5]!;
    if (stated < 3 || stated > MAX_PDU + 1) return "never";
    const needed = this.#length(bytes, at + HEADER, bytes.length);
    if (typeof needed === "number") return needed === stated - 1 ? HEADER + needed : "never";
    return needed;
  }
}

/** The client's side: every sound answer with its transaction; which one is awaited is the session's to know. */
export class TcpAnswerDecoder {
  readonly #frames = new MbapSplitter(answerLength);

  push(chunk: Uint8Array): TcpAnswerEvent[] {
    return this.#frames.push(chunk, false).map(answerEvent);
  }

  /** The peer has gone silent: what is pending will not become a frame. */
  flush(): TcpAnswerEvent[] {
    return this.#frames.push(new Uint8Array(0), true).map(answerEvent);
  }
}

function answerEvent(item: Frame | TcpDiscarded): TcpAnswerEvent {
  if ("kind" in item) return item;
  try {
    return { kind: "answer", transaction: item.transaction, unit: item.unit, answer: decodeAnswer(item.pdu) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: "discarded", bytes: encodeMbap(item.transaction, item.unit, item.pdu), why: "noise" };
  }
}

/** The server's side. A function it does not know is taken at the header's word for its length. */
export class TcpRequestDecoder {
  readonly #frames = new MbapSplitter((bytes, at, end) => {
    const needed = requestLength(bytes, at, end);
    return needed === "never" ? bytes[at - 2]! - 1 : needed;
  });

  push(chunk: Uint8Array): TcpRequestEvent[] {
    return this.#frames.push(chunk, false).map(requestEvent);
  }

  /** The peer has gone silent: what is pending will not become a frame. */
  flush(): TcpRequestEvent[] {
    return this.#frames.push(new Uint8Array(0), true).map(requestEvent);
  }
}

function requestEvent(item: Frame | TcpDiscarded): TcpRequestEvent {
  if ("kind" in item) return item;
  const { transaction, unit, pdu } = item;
  try {
    return { kind: "request", transaction, unit, request: decodeRequest(pdu) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { kind: "refused", transaction, unit, fn: pdu[0]! & 0x7f, error };
  }
}
