import { Command } from "./constants.ts";

export type FirmataEvent =
  /** A whole message, with its start and end. */
  | { kind: "message"; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: "no-start" | "unfinished" | "too-long" };

/** More than any firmware sends: the capabilities of 127 pins with 15 modes each. */
const MOST_BYTES = 4096;

/**
 * Messages of a board out of a stream of bytes. Only starts have the upper bit (protocol.md): a message that is not finished
 * when the next one starts is given up, and that one is read. The protocol has no checksum: a byte that changes into another
 * data byte is not noticed here.
 */
export class FirmataDecoder {
  #held = new Uint8Array(256);
  #length = 0;

  push(chunk: Uint8Array): FirmataEvent[] {
    const events: FirmataEvent[] = [];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte >= 0x80 && byte !== Command.sysexEnd) {
        this.#discard(events, "unfinished");
        if (isStart(byte)) this.#hold(byte);
        else events.push({ kind: "discarded", bytes: chunk.slice(at, at + 1), why: "no-start" });
      } else if (this.#length === 0 || (byte === Command.sysexEnd && this.#held[0] !== Command.sysexStart)) {
        this.#discard(events, "unfinished");
        at = this.#noise(chunk, at, events);
      } else {
        this.#hold(byte);
        this.#finish(byte, events);
      }
    }
    return events;
  }

  /** Bytes of a message that has not ended. */
  get pending(): number {
    return this.#length;
  }

  /** What follows no start, up to the next one, as one event. */
  #noise(chunk: Uint8Array, from: number, events: FirmataEvent[]): number {
    let end = from + 1;
    while (end < chunk.length && (chunk[end]! < 0x80 || chunk[end] === Command.sysexEnd)) end++;
    events.push({ kind: "discarded", bytes: chunk.slice(from, end), why: "no-start" });
    return end - 1;
  }

  #hold(byte: number): void {
    if (this.#length === this.#held.length) {
      const larger = new Uint8Array(this.#held.length * 2);
      larger.set(this.#held);
      this.#held = larger;
    }
    this.#held[this.#length++] = byte;
  }

  #finish(byte: number, events: FirmataEvent[]): void {
    const sysex = this.#held[0] === Command.sysexStart;
    if (sysex ? byte === Command.sysexEnd : this.#length === 3) {
      events.push({ kind: "message", bytes: this.#held.slice(0, this.#length) });
      this.#length = 0;
    } else if (this.#length === MOST_BYTES) this.#discard(events, "too-long");
  }

  #discard(events: FirmataEvent[], why: "unfinished" | "too-long"): void {
    if (this.#length === 0) return;
    events.push({ kind: "discarded", bytes: this.#held.slice(0, this.#length), why });
    this.#length = 0;
  }
}

/** What boards send: digital and analog values, the version, sysex. */
function isStart(byte: number): boolean {
  const command = byte < 0xf0 ? byte & 0xf0 : byte;
  return (
    command === Command.digital ||
    command === Command.analog ||
    command === Command.version ||
    command === Command.sysexStart
  );
}
