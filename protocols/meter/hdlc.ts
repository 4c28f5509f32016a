import { ByteQueue, crc16X25, ProtocolError } from "../bytes/index.ts";

/**
 * HDLC frame format type 3 without transparency (IEC 62056-46 §6.4, ISO/IEC 13239 §4.9): the length is in the format
 * field, so a flag byte inside a frame is data.
 *
 *   7E A0 27 03 04 05 10 95 0F E6 E7 00 … 17 85 7E
 *   |  |     |  |     |  |     |          |
 *   |  |     |  |     |  |     |          FCS over everything since the flag, low byte first
 *   |  |     |  |     |  |     information
 *   |  |     |  |     |  HCS over everything since the flag, low byte first; only with information
 *   |  |     |  |     control
 *   |  |     |  source address, the last byte odd
 *   |  |     destination address, the last byte odd
 *   |  type 3 (1010), segmentation bit, 11 bits of length
 *   flag
 */
export interface HdlcFrame {
  destination: number;
  source: number;
  /** 0x13 and 0x10 are unnumbered information with and without poll. */
  control: number;
  /** More frames of the same message follow. */
  segmented: boolean;
  information: Uint8Array;
}

/** Longest frame without its flags: eleven bits (IEC 62056-46 §6.4.2.1). */
export const MAX_HDLC = 0x7ff;
const MIN_HDLC = 7;
const FLAG = 0x7e;

interface Header {
  length: number;
  /** Bytes before the first check sequence. */
  size: number;
  frame: Omit<HdlcFrame, "information">;
}

/** The header at `at`, as far as its bytes are there. */
function header(bytes: Uint8Array, at: number): Header | "more" | "never" {
  if (at >= bytes.length) return "more";
  if ((bytes[at]! & 0xf0) !== 0xa0) return "never";
  if (at + 1 >= bytes.length) return "more";
  const length = ((bytes[at]! & 7) << 8) | bytes[at + 1]!;
  if (length < MIN_HDLC) return "never";
  const destination = address(bytes, at + 2);
  if (typeof destination === "string") return destination;
  const source = address(bytes, destination.end);
  if (typeof source === "string") return source;
  if (source.end >= bytes.length) return "more";
  const size = source.end + 1 - at;
  // Either the one check directly behind the header, or two checks with at least one byte between them.
  if (length !== size + 2 && length < size + 5) return "never";
  const segmented = (bytes[at]! & 8) !== 0;
  const frame = { destination: destination.value, source: source.value, control: bytes[source.end]!, segmented };
  return { length, size, frame };
}

/** One to four bytes of seven bits; the lowest bit marks the last (IEC 62056-46 §6.4.2.2). */
function address(bytes: Uint8Array, at: number): { value: number; end: number } | "more" | "never" {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return "more";
    value = value * 128 + (byte >> 1);
    if (byte & 1) return { value, end: at + i + 1 };
  }
  return "never";
}

function checkHolds(bytes: Uint8Array, start: number, end: number): boolean {
  return crc16X25(bytes, start, end) === (bytes[end]! | (bytes[end + 1]! << 8));
}

/**
 * Takes one whole frame apart, from behind the opening flag to before the closing one.
 * @throws ProtocolError FS-HDLC-HEADER, FS-HDLC-LENGTH, FS-HDLC-CHECK.
 */
export function decodeHdlc(bytes: Uint8Array): HdlcFrame {
  const head = header(bytes, 0);
  if (typeof head === "string") throw new ProtocolError("FS-HDLC-HEADER", "the bytes begin no HDLC frame of type 3");
  const { length, size, frame } = head;
  if (length !== bytes.length) {
    throw new ProtocolError("FS-HDLC-LENGTH", `an HDLC frame states ${length} bytes and has ${bytes.length}`);
  }
  if (!checkHolds(bytes, 0, size))
    throw new ProtocolError("FS-HDLC-CHECK", "the header check of an HDLC frame is wrong");
  if (!checkHolds(bytes, 0, length - 2)) {
    throw new ProtocolError("FS-HDLC-CHECK", "the frame check of an HDLC frame is wrong");
  }
  return { ...frame, information: length === size + 2 ? new Uint8Array() : bytes.slice(size + 2, length - 2) };
}

/** The frame between two flags. @throws ProtocolError FS-HDLC-LENGTH for more than 2047 bytes, FS-HDLC-HEADER for an address beyond 28 bits. */
export function encodeHdlc(frame: HdlcFrame): Uint8Array {
  const head = [...addressBytes(frame.destination), ...addressBytes(frame.source), frame.control];
  const { information } = frame;
  const length = 2 + head.length + 2 + (information.length > 0 ? information.length + 2 : 0);
  if (length > MAX_HDLC) {
    throw new ProtocolError("FS-HDLC-LENGTH", `an HDLC frame has at most ${MAX_HDLC} bytes, this one ${length}`);
  }
  const bytes = new Uint8Array(length + 2);
  bytes.set([FLAG, 0xa0 | (frame.segmented ? 8 : 0) | (length >> 8), length & 0xff, ...head]);
  const size = 3 + head.length;
  setCheck(bytes, size);
  if (information.length > 0) {
    bytes.set(information, size + 2);
    setCheck(bytes, length - 1);
  }
  bytes[length + 1] = FLAG;
  return bytes;
}

function addressBytes(value: number): number[] {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 28) {
    throw new ProtocolError("FS-HDLC-HEADER", "an HDLC address has at most 28 bits");
  }
  const bytes = [(value % 128) * 2 + 1];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift((rest % 128) * 2);
  return bytes;
}

function setCheck(bytes: Uint8Array, at: number): void {
  const crc = crc16X25(bytes, 1, at);
  bytes[at] = crc & 0xff;
  bytes[at + 1] = crc >> 8;
}

/** noise: bytes outside any frame. header, check: began like a frame, the check of its header or of all of it failed. */
export type HdlcDiscardReason = "noise" | "header" | "check";

export type HdlcEvent =
  /** `bytes` with the opening flag; the closing one may open the next frame. */
  | { kind: "frame"; frame: HdlcFrame; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: HdlcDiscardReason };

/**
 * Finds frames in what a line delivers. A wrong length is found by the header's own check, so it costs no good frame
 * behind it; after anything bad the search goes on at the next flag. Flags between frames are fill and not reported.
 */
export class HdlcDecoder {
  readonly #queue = new ByteQueue(1024);

  push(chunk: Uint8Array): HdlcEvent[] {
    const events: HdlcEvent[] = [];
    this.#queue.push(chunk);
    while (this.#step(events)) {}
    return events;
  }

  /** One step forward; false when more bytes are needed. */
  #step(events: HdlcEvent[]): boolean {
    const bytes = this.#queue.view();
    if (bytes.length < 2) {
      if (bytes.length === 0 || bytes[0] === FLAG) return false;
      return this.#discard(events, 1, "noise");
    }
    if (bytes[0] !== FLAG) return this.#discard(events, nextFlag(bytes, 0), "noise");
    if (bytes[1] === FLAG) {
      this.#queue.drop(1);
      return true;
    }
    const head = header(bytes, 1);
    if (head === "never") return this.#discard(events, nextFlag(bytes, 1), "noise");
    if (head === "more" || bytes.length < head.size + 3) return false;
    if (!checkHolds(bytes, 1, head.size + 1)) return this.#discard(events, nextFlag(bytes, 1), "header");
    const end = head.length + 1;
    if (bytes.length < end) return false;
    if (!checkHolds(bytes, 1, end - 2)) return this.#discard(events, nextFlag(bytes, 1), "check");
    const own = this.#queue.take(end);
    events.push({ kind: "frame", frame: decodeHdlc(own.subarray(1)), bytes: own });
    return true;
  }

  #discard(events: HdlcEvent[], count: number, why: HdlcDiscardReason): true {
    events.push({ kind: "discarded", bytes: this.#queue.take(count), why });
    return true;
  }
}

function nextFlag(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(FLAG, from);
  return at < 0 ? bytes.length : at;
}
