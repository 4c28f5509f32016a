import { ByteQueue } from "../bytes/index.ts";

/**
 * noise: a line that is not printable ASCII throughout. too-long: no end within the limit. The end of a discarded line is
 * discarded with it.
 */
export type LineDiscardReason = "noise" | "too-long";

export type LineEvent =
  | { kind: "line"; text: string; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: LineDiscardReason };

export interface LineDecoderOptions {
  /** Longest line with its end. */
  maxBytes?: number;
}

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;

function printable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte <= 0x7e) || byte === TAB);
}

/**
 * Lines of text, ended by LF or CR LF, from what a board prints. Lines have no check: a damaged one ends with its line end, and
 * what it says must be judged by whoever reads it.
 */
export class LineDecoder {
  readonly #queue = new ByteQueue(512);
  readonly #max: number;
  #searched = 0;

  constructor({ maxBytes = 1024 }: LineDecoderOptions = {}) {
    this.#max = maxBytes;
  }

  push(chunk: Uint8Array): LineEvent[] {
    const events: LineEvent[] = [];
    this.#queue.push(chunk);
    while (this.#step(events)) {}
    return events;
  }

  #step(events: LineEvent[]): boolean {
    const bytes = this.#queue.view();
    const end = bytes.indexOf(LF, this.#searched);
    const size = end < 0 ? bytes.length : end + 1;
    if (size > this.#max) {
      this.#searched = 0;
      events.push({ kind: "discarded", bytes: this.#queue.take(size), why: "too-long" });
      return true;
    }
    if (end < 0) {
      this.#searched = bytes.length;
      return false;
    }
    const own = this.#queue.take(size);
    this.#searched = 0;
    const content = own.subarray(0, own[end - 1] === CR ? end - 1 : end);
    if (printable(content)) events.push({ kind: "line", text: String.fromCharCode(...content), bytes: own });
    else events.push({ kind: "discarded", bytes: own, why: "noise" });
    return true;
  }
}
