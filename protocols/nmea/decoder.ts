import { ByteQueue, ProtocolError } from "../bytes/index.ts";
import { decodeNmea, MAX_NMEA, type NmeaSentence } from "./sentence.ts";

export type NmeaEvent =
  | { kind: "sentence"; sentence: NmeaSentence; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; error?: ProtocolError };

const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Finds sentences in what a receiver sends, beside binary messages (UBX, SiRF) and comments. A sentence ends with its line; one
 * that is cut off by another "$" or by a byte that is no text costs only itself.
 */
export class NmeaDecoder {
  readonly #queue = new ByteQueue(512);

  push(chunk: Uint8Array): NmeaEvent[] {
    const events: NmeaEvent[] = [];
    this.#queue.push(chunk);
    while (this.#step(events)) {}
    return events;
  }

  #step(events: NmeaEvent[]): boolean {
    const bytes = this.#queue.view();
    if (bytes.length === 0) return false;
    if (bytes[0] !== DOLLAR) {
      const next = bytes.indexOf(DOLLAR);
      events.push({ kind: "discarded", bytes: this.#queue.take(next < 0 ? bytes.length : next) });
      return true;
    }
    let end = 1;
    while (end < bytes.length && end <= MAX_NMEA && isText(bytes[end]!)) end++;
    if (end === bytes.length && end <= MAX_NMEA) return false;
    const stop = bytes[end];
    if (stop === CR && end + 1 === bytes.length) return false;
    const line = String.fromCharCode(...bytes.subarray(0, end));
    try {
      const sentence = decodeNmea(line);
      const tail = stop === LF ? 1 : stop === CR ? (bytes[end + 1] === LF ? 2 : 1) : 0;
      events.push({ kind: "sentence", sentence, bytes: this.#queue.take(end + tail) });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      events.push({ kind: "discarded", bytes: this.#queue.take(end), error });
    }
    return true;
  }
}

/** What may stand inside a sentence: printable ASCII but "$", which begins the next. */
function isText(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e && byte !== DOLLAR;
}
