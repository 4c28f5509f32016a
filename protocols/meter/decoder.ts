import { ByteQueue, ProtocolError } from "../bytes/index.ts";
import { decodeTelegram, type Telegram } from "./telegram.ts";

/**
 * noise: bytes outside any telegram (the tail of one that began before we listened). damaged: began like a telegram
 * and is none; `error` says why. too-long: no end within the limit.
 */
export type TelegramDiscardReason = "noise" | "damaged" | "too-long";

export type TelegramEvent =
  | { kind: "telegram"; telegram: Telegram; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: TelegramDiscardReason; error?: ProtocolError };

export interface TelegramDecoderOptions {
  /** Longest telegram taken. DSMR 5 with four channels and a full text message stays below 8 KB. */
  maxBytes?: number;
}

const SLASH = 0x2f;
const BANG = 0x21;
const CR = 0x0d;
const LF = 0x0a;

/** Finds telegrams in what a P1 port delivers. After a damaged one it looks again from the next "/". */
export class TelegramDecoder {
  readonly #queue = new ByteQueue(2048);
  readonly #max: number;
  /** How far into the queue the search for the end has come, so that no byte is looked at twice while waiting. */
  #searched = 0;

  constructor(options: TelegramDecoderOptions = {}) {
    this.#max = options.maxBytes ?? 16_384;
  }

  push(chunk: Uint8Array): TelegramEvent[] {
    const events: TelegramEvent[] = [];
    this.#queue.push(chunk);
    while (this.#step(events)) {}
    return events;
  }

  /** One step forward; false when more bytes are needed. */
  #step(events: TelegramEvent[]): boolean {
    const bytes = this.#queue.view();
    if (bytes.length === 0) return false;
    if (bytes[0] !== SLASH) {
      this.#discard(events, this.#nextStart(bytes, 0), "noise");
      return true;
    }
    const end = this.#end(bytes);
    if (end === undefined || end > this.#max) {
      if (bytes.length <= this.#max) return false;
      this.#discard(events, this.#nextStart(bytes, 1), "too-long");
      return true;
    }
    const frame = bytes.slice(0, end);
    try {
      const telegram = decodeTelegram(frame);
      this.#queue.drop(end);
      this.#searched = 0;
      events.push({ kind: "telegram", telegram, bytes: frame });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#discard(events, Math.min(this.#nextStart(bytes, 1), end), "damaged", error);
    }
    return true;
  }

  /** Where the next identification may begin: a slash and the first characters of a maker's code behind it. */
  #nextStart(bytes: Uint8Array, from: number): number {
    for (let at = bytes.indexOf(SLASH, from); at >= 0; at = bytes.indexOf(SLASH, at + 1)) {
      if (maybeHeader(bytes, at)) return at;
    }
    return bytes.length;
  }

  #discard(events: TelegramEvent[], count: number, why: TelegramDiscardReason, error?: ProtocolError): void {
    const bytes = this.#queue.take(count);
    this.#searched = 0;
    events.push(error ? { kind: "discarded", bytes, why, error } : { kind: "discarded", bytes, why });
  }

  /** Offset behind the line that begins with "!", or undefined while it is not there. */
  #end(bytes: Uint8Array): number | undefined {
    let at = Math.max(1, this.#searched);
    for (at = bytes.indexOf(BANG, at); at >= 0; at = bytes.indexOf(BANG, at + 1)) {
      if (bytes[at - 1] !== LF) continue;
      const size = tailLength(bytes, at + 1);
      if (size === "more") {
        this.#searched = at;
        return undefined;
      }
      if (size !== "never") return at + 1 + size;
    }
    this.#searched = bytes.length;
    return undefined;
  }
}

function maybeHeader(bytes: Uint8Array, at: number): boolean {
  for (let i = 1; i <= 3 && at + i < bytes.length; i++) {
    const letter = bytes[at + i]! | 0x20;
    if (letter < 0x61 || letter > 0x7a) return false;
  }
  return true;
}

/** Length of what follows the "!": a line end (DSMR 2, 3), or four hex digits and a line end. */
function tailLength(bytes: Uint8Array, at: number): number | "more" | "never" {
  let digits = 0;
  while (digits < 4 && at + digits < bytes.length && isHex(bytes[at + digits]!)) digits++;
  if (at + digits >= bytes.length) return "more";
  if (digits !== 0 && digits !== 4) return "never";
  const first = bytes[at + digits];
  if (first === LF) return digits + 1;
  // The check is whole without its line end; a lost one must not cost the telegram.
  if (first !== CR) return digits === 4 ? digits : "never";
  if (at + digits + 1 >= bytes.length) return "more";
  return bytes[at + digits + 1] === LF ? digits + 2 : digits === 4 ? digits : "never";
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= 0x30 && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
