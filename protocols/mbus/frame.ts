import { ByteQueue, ProtocolError } from "../bytes/index.ts";

/**
 * Frames of EN 13757-2 §5.7 (IEC 60870-5-1 format class FT 1.2):
 *
 *   68 1F 1F 68 08 02 72 78 56 34 12 … 18 16      answer of a water meter at address 2
 *   |  |  |  |  |  |  |                |  |
 *   |  |  |  |  |  |  CI, then data    |  stop
 *   |  |  |  |  |  address             sum of all bytes from C, modulo 256
 *   |  |  |  |  C
 *   |  |  |  start again
 *   |  length from C to the last data byte, twice
 *   start
 */
export type MbusFrame =
  | { kind: "ack" }
  | { kind: "short"; control: number; address: number }
  | { kind: "long"; control: number; address: number; ci: number; data: Uint8Array };

const ACK = 0xe5;
const SHORT = 0x10;
const LONG = 0x68;
const STOP = 0x16;
/** C, A and CI count into the length byte. */
const MAX_DATA = 252;

/** Size of the frame that begins at the first byte, as far as the bytes tell. */
function frameSize(bytes: Uint8Array): number | "more" | "never" {
  switch (bytes[0]) {
    case undefined:
      return "more";
    case ACK:
      return 1;
    case SHORT:
      return 5;
    case LONG:
      break;
    default:
      return "never";
  }
  if (bytes.length < 2) return "more";
  const length = bytes[1]!;
  if (length < 3 || (bytes.length > 2 && bytes[2] !== length) || (bytes.length > 3 && bytes[3] !== LONG))
    return "never";
  return bytes.length < 4 ? "more" : length + 6;
}

function sum(bytes: Uint8Array, start: number, end: number): number {
  let total = 0;
  for (let i = start; i < end; i++) total += bytes[i]!;
  return total & 0xff;
}

/** Takes one whole frame apart. @throws ProtocolError FS-MBUS-FRAME for its shape, FS-MBUS-CHECK for its sum. */
export function decodeMbusFrame(bytes: Uint8Array): MbusFrame {
  if (frameSize(bytes) !== bytes.length) throw new ProtocolError("FS-MBUS-FRAME", "the bytes are no M-Bus frame");
  if (bytes[0] === ACK) return { kind: "ack" };
  const start = bytes[0] === SHORT ? 1 : 4;
  const end = bytes.length - 2;
  if (bytes[end + 1] !== STOP) throw new ProtocolError("FS-MBUS-FRAME", "an M-Bus frame ends with 16");
  const found = sum(bytes, start, end);
  if (found !== bytes[end]) {
    throw new ProtocolError("FS-MBUS-CHECK", `the sum of an M-Bus frame is ${found}, ${bytes[end]} was sent`);
  }
  const control = bytes[start]!;
  const address = bytes[start + 1]!;
  if (start === 1) return { kind: "short", control, address };
  return { kind: "long", control, address, ci: bytes[6]!, data: new Uint8Array(bytes.subarray(7, end)) };
}

/** @throws ProtocolError FS-MBUS-FRAME for more than 252 data bytes. */
export function encodeMbusFrame(frame: MbusFrame): Uint8Array {
  if (frame.kind === "ack") return Uint8Array.of(ACK);
  if (frame.kind === "short") {
    return Uint8Array.of(SHORT, frame.control, frame.address, (frame.control + frame.address) & 0xff, STOP);
  }
  const { data } = frame;
  if (data.length > MAX_DATA) {
    throw new ProtocolError("FS-MBUS-FRAME", `an M-Bus frame has at most ${MAX_DATA} data bytes, not ${data.length}`);
  }
  const bytes = new Uint8Array(data.length + 9);
  bytes.set([LONG, data.length + 3, data.length + 3, LONG, frame.control, frame.address, frame.ci]);
  bytes.set(data, 7);
  bytes[data.length + 7] = sum(bytes, 4, data.length + 7);
  bytes[data.length + 8] = STOP;
  return bytes;
}

/** noise: bytes that begin no frame. check: began like a frame and is none by its sum or stop. */
export type MbusDiscardReason = "noise" | "check";

export type MbusEvent =
  | { kind: "frame"; frame: MbusFrame; bytes: Uint8Array }
  | { kind: "discarded"; bytes: Uint8Array; why: MbusDiscardReason };

/**
 * Finds frames in what a line delivers; after a bad one it looks again one byte past its start. The single byte of an
 * acknowledgement has no check, so it counts only where a frame is due: at first, behind a good frame, after `flush()`.
 */
export class MbusDecoder {
  readonly #queue = new ByteQueue();
  #due = true;

  push(chunk: Uint8Array): MbusEvent[] {
    this.#queue.push(chunk);
    return this.#decode(false);
  }

  /** The line has gone silent: what is pending will not become a frame. Finds what it may have hidden. */
  flush(): MbusEvent[] {
    const events = this.#decode(true);
    this.#due = true;
    return events;
  }

  #decode(final: boolean): MbusEvent[] {
    const events: MbusEvent[] = [];
    const bytes = this.#queue.view();
    let settled = 0;
    let at = 0;
    const noise = () => {
      if (at > settled) events.push({ kind: "discarded", bytes: bytes.slice(settled, at), why: "noise" });
      settled = at;
    };
    while (at < bytes.length) {
      const rest = bytes.subarray(at);
      const size = frameSize(rest);
      const open = size === "more" || (size !== "never" && size > rest.length);
      if (open && !final) break;
      if (open || size === "never" || (size === 1 && !(this.#due && at === settled))) {
        this.#due = false;
        at++;
        continue;
      }
      noise();
      const own = bytes.slice(at, at + size);
      const frame = attempt(own);
      if (frame) events.push({ kind: "frame", frame, bytes: own });
      else events.push({ kind: "discarded", bytes: own.slice(0, 1), why: "check" });
      this.#due = frame !== undefined;
      at += frame ? size : 1;
      settled = at;
    }
    noise();
    this.#queue.drop(settled);
    return events;
  }
}

function attempt(bytes: Uint8Array): MbusFrame | undefined {
  try {
    return decodeMbusFrame(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
