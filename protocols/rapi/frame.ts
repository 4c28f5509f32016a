import { ByteQueue, ProtocolError, utf8 } from "../bytes/index.ts";

/*
 * RAPI of the OpenEVSE controller: lines of ASCII in both directions.
 *
 *   $GS^30\r                a command and its checksum: XOR of all characters before ^
 *   $SC 16*12\r             the older one: sum of all characters before *
 *   $GS :2A^40\r            with a sequence id, which the answer repeats
 *   $OK 03 4 03 0540^15\r   an answer, $OK or $NK; from versions before 2.0 without checksum
 *   $AT 03 03 16 0540^37\r  a notice that nobody asked for: $AT state, $AB boot, $AN button, $ST, $WF
 *
 * Source: OpenEVSE firmware, rapi_proc.h, "RAPI protocol".
 */

export type RapiChecksum = "xor" | "sum" | "none";

export interface RapiFrame {
  /** OK, NK, AT, AB, GS …: two characters. */
  name: string;
  parameters: readonly string[];
  /** 1 to 255. */
  sequence?: number;
  checksum: RapiChecksum;
}

export type RapiEvent =
  | { kind: "frame"; frame: RapiFrame; length: number }
  | { kind: "discarded"; bytes: Uint8Array; why: "not a frame" | "checksum" | "too long" };

/** Longest line, `$` to CR. The firmware's own buffers are half of it. */
export const MAX_RAPI = 128;

const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");

function sums(text: string): { xor: number; sum: number } {
  let xor = 0;
  let sum = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    xor ^= code;
    sum = (sum + code) & 0xff;
  }
  return { xor, sum };
}

/**
 * A line with its CR.
 * @throws ProtocolError FS-RAPI-FRAME for words that a line cannot carry.
 */
export function encodeRapi({ name, parameters, sequence, checksum }: RapiFrame): Uint8Array {
  const words = [`$${name}`, ...parameters];
  if (sequence !== undefined) words.push(`:${hex(sequence)}`);
  const text = words.join(" ");
  const isSequence = sequence === undefined || (Number.isInteger(sequence) && sequence >= 1 && sequence <= 255);
  if (
    !/^\$[A-Z0-9]{2}(?: [!-~]*)*$/.test(text) ||
    /[\^*]|.\$/.test(text) ||
    text.length > MAX_RAPI - 4 ||
    !isSequence
  ) {
    throw new ProtocolError("FS-RAPI-FRAME", "words that a RAPI line cannot carry");
  }
  const { xor, sum } = sums(text);
  const tail = checksum === "xor" ? `^${hex(xor)}` : checksum === "sum" ? `*${hex(sum)}` : "";
  return utf8(`${text}${tail}\r`);
}

/** A line without its CR; undefined when it is none, `checksum` when its checksum is not its own. */
function decodeLine(text: string): RapiFrame | undefined | "checksum" {
  const match = /^\$([A-Z0-9]{2})([ -#%-)+-\]_-~]*)(?:([*^])([0-9A-Fa-f]{2}))?$/.exec(text);
  if (!match) return undefined;
  const [, name, rest, mark, given] = match as unknown as [
    string,
    string,
    string,
    string | undefined,
    string | undefined,
  ];
  if (mark !== undefined && given !== undefined) {
    const { xor, sum } = sums(text.slice(0, 3 + rest.length));
    if (Number.parseInt(given, 16) !== (mark === "^" ? xor : sum)) return "checksum";
  }
  // `$GS:2A` of some clients has no space before the id.
  const words = rest.split(/[ ]+|(?=:)/).filter((word) => word !== "");
  const checksum = mark === "^" ? "xor" : mark === "*" ? "sum" : "none";
  const last = words.at(-1);
  const id = last !== undefined && /^:[0-9A-Fa-f]{2}$/.test(last) ? Number.parseInt(last.slice(1), 16) : 0;
  if (id === 0) return { name, parameters: words, checksum };
  return { name, parameters: words.slice(0, -1), sequence: id, checksum };
}

const DOLLAR = 0x24;
const CR = 0x0d;

/**
 * Cuts a stream into frames. What the firmware prints besides (`relayCloseMs: 25`) is discarded and told; after a damaged
 * line it goes on one byte past that line's start.
 */
export class RapiDecoder {
  readonly #queue = new ByteQueue(2 * MAX_RAPI);
  /** From the first good checksum on, lines without one are damaged ones. */
  #checked = false;

  push(chunk: Uint8Array): RapiEvent[] {
    const events: RapiEvent[] = [];
    // A piece at a time, so that what waits never exceeds a line.
    for (let at = 0; at < chunk.length; at += MAX_RAPI) {
      this.#queue.push(chunk.subarray(at, at + MAX_RAPI));
      this.#drain(events);
    }
    return events;
  }

  #drain(events: RapiEvent[]): void {
    for (;;) {
      const bytes = this.#queue.view();
      if (bytes.length === 0) return;
      const start = bytes.indexOf(DOLLAR);
      if (start !== 0) {
        this.#discard(events, start < 0 ? bytes.length : start, "not a frame");
        continue;
      }
      const end = bytes.indexOf(CR);
      if (end < 0) {
        if (bytes.length < MAX_RAPI) return;
        this.#discard(events, 1, "too long");
        continue;
      }
      let text = "";
      for (let i = 0; i < end; i++) text += String.fromCharCode(bytes[i]!);
      const line = decodeLine(text);
      const frame = line === "checksum" ? undefined : line;
      if (!frame || (frame.checksum === "none" && this.#checked)) {
        this.#discard(events, 1, line === undefined ? "not a frame" : "checksum");
        continue;
      }
      this.#checked ||= frame.checksum !== "none";
      this.#queue.drop(end + 1);
      events.push({ kind: "frame", frame, length: end + 1 });
    }
  }

  #discard(events: RapiEvent[], count: number, why: "not a frame" | "checksum" | "too long"): void {
    events.push({ kind: "discarded", bytes: this.#queue.take(count), why });
  }
}
