import { ByteQueue, ProtocolError } from "../bytes/index.ts";
import { smlCheckHolds } from "./crc.ts";
import { decodeSmlFile, type SmlList } from "./file.ts";

/**
 * noise: bytes outside any file. damaged: began like a file; its check or an escape sequence is wrong. too-long: no end within the
 * limit. content: a sound file that holds no readable messages; `error` says why.
 */
export type SmlDiscardReason = "noise" | "damaged" | "too-long" | "content";

export type SmlEvent =
  | { kind: "file"; lists: readonly SmlList[]; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: SmlDiscardReason; error?: ProtocolError };

export interface SmlDecoderOptions {
  /** Longest file taken, escape sequences included. Meters send some 300 to 800 bytes. */
  maxBytes?: number;
}

const ESCAPE = 0x1b;
const BEGIN = 0x01;
const END = 0x1a;

/** Whether four bytes of one value stand at `at`; undefined when they may, as far as they are there. */
function four(bytes: Uint8Array, at: number, value: number): boolean | undefined {
  for (let i = at; i < at + 4; i++) {
    if (i >= bytes.length) return undefined;
    if (bytes[i] !== value) return false;
  }
  return true;
}

/**
 * Finds files in what an optical head delivers (SML transport protocol, version 1, SML 1.04 §8):
 *
 *   1B 1B 1B 1B  01 01 01 01  …  00 00  1B 1B 1B 1B  1A 02 7C 5E
 *   |            |               |      |            |  |  |
 *   escape       begin           fill   escape       |  |  CRC over everything before it, low byte first
 *                                                    |  count of fill bytes
 *                                                    end
 *
 * Four escape bytes inside are sent twice. After a damaged file it looks again one byte past its start.
 */
export class SmlDecoder {
  readonly #queue = new ByteQueue(1024);
  readonly #max: number;
  /** How far into the queue the search for the end has come, and where escaped bytes were found on the way. */
  #searched = 0;
  #doubled: number[] = [];

  constructor(options: SmlDecoderOptions = {}) {
    this.#max = options.maxBytes ?? 8192;
  }

  push(chunk: Uint8Array): SmlEvent[] {
    const events: SmlEvent[] = [];
    this.#queue.push(chunk);
    while (this.#step(events)) {}
    return events;
  }

  /** One step forward; false when more bytes are needed. */
  #step(events: SmlEvent[]): boolean {
    const bytes = this.#queue.view();
    if (bytes.length === 0) return false;
    const start = nextStart(bytes, 0);
    if (start > 0) return this.#discard(events, start, "noise");
    if (bytes.length < 8) return false;
    const end = this.#end(bytes);
    if (end === "damaged") return this.#discard(events, nextStart(bytes, 1), "damaged");
    if (end === undefined && bytes.length <= this.#max) return false;
    if (end === undefined || end > this.#max) return this.#discard(events, nextStart(bytes, 1), "too-long");
    const check = bytes[end - 2]! | (bytes[end - 1]! << 8);
    const fill = bytes[end - 3]!;
    if (fill > 3 || !smlCheckHolds(bytes, 0, end - 2, check)) {
      return this.#discard(events, nextStart(bytes, 1), "damaged");
    }
    const content = unescaped(bytes, this.#doubled, end - 8 - fill);
    const own = this.#queue.take(end);
    this.#restart();
    try {
      events.push({ kind: "file", lists: decodeSmlFile(content), bytes: own });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      events.push({ kind: "discarded", bytes: own, why: "content", error });
    }
    return true;
  }

  #restart(): void {
    this.#searched = 0;
    this.#doubled = [];
  }

  #discard(events: SmlEvent[], count: number, why: SmlDiscardReason): true {
    events.push({ kind: "discarded", bytes: this.#queue.take(count), why });
    this.#restart();
    return true;
  }

  /** Offset behind the file's end; undefined while it is not there. */
  #end(bytes: Uint8Array): number | undefined | "damaged" {
    let at = Math.max(8, this.#searched);
    for (at = bytes.indexOf(ESCAPE, at); at >= 0; at = bytes.indexOf(ESCAPE, at)) {
      const escaping = four(bytes, at, ESCAPE);
      if (escaping === false) {
        at++;
        continue;
      }
      if (escaping === undefined || at + 8 > bytes.length) {
        this.#searched = at;
        return undefined;
      }
      if (bytes[at + 4] === END) return at + 8;
      if (!four(bytes, at + 4, ESCAPE)) return "damaged";
      this.#doubled.push(at);
      at += 8;
    }
    this.#searched = bytes.length;
    return undefined;
  }
}

/** Where the next file may begin. */
function nextStart(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(ESCAPE, from); at >= 0; at = bytes.indexOf(ESCAPE, at + 1)) {
    const escaping = four(bytes, at, ESCAPE);
    if (escaping === undefined || (escaping && four(bytes, at + 4, BEGIN) !== false)) return at;
  }
  return bytes.length;
}

/** The content from behind the begin sequence to `end`, each doubled escape once. */
function unescaped(bytes: Uint8Array, doubled: readonly number[], end: number): Uint8Array {
  const out = new Uint8Array(Math.max(0, end - 8));
  let length = 0;
  let from = 8;
  for (const at of doubled) {
    if (at + 8 > end) break;
    out.set(bytes.subarray(from, at + 4), length);
    length += at + 4 - from;
    from = at + 8;
  }
  if (end > from) {
    out.set(bytes.subarray(from, end), length);
    length += end - from;
  }
  return out.subarray(0, length);
}
