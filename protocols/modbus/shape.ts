import type { ModbusRequest } from "./pdu.ts";

/**
 * Lengths that a frame's first bytes already tell. RTU marks the end of a frame by silence (Modbus over
 * Serial Line V1.02 §2.5.1.1), which USB adapters, ptys and TCP do not keep; so the decoders here never look at time.
 */

/** Why a PDU's length is not known: more bytes are needed, or these cannot begin a PDU. */
export type Length = number | "more" | "never";

/** Length of the request PDU that begins at `at`. `never` for functions whose requests this project does not know. */
export function requestLength(bytes: Uint8Array, at: number, end = bytes.length): Length {
  if (at >= end) return "more";
  switch (bytes[at]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return 5;
    case 15:
      return counted(bytes, at + 3, end, 6, (count) => Math.ceil(count / 8));
    case 16:
      return counted(bytes, at + 3, end, 6, (count) => 2 * count);
    case 22:
      return 7;
    case 23:
      return counted(bytes, at + 7, end, 10, (count) => 2 * count);
    default:
      return "never";
  }
}

/** A quantity (two bytes) and the byte count that must agree with it. */
function counted(bytes: Uint8Array, at: number, end: number, header: number, size: (count: number) => number): Length {
  if (at + 3 > end) return "more";
  const count = (bytes[at]! << 8) | bytes[at + 1]!;
  const stated = bytes[at + 2]!;
  return count > 0 && size(count) === stated ? header + stated : "never";
}

/** Length of the answer PDU that begins at `at`, whatever was asked. */
export function answerLength(bytes: Uint8Array, at: number, end = bytes.length): Length {
  if (at >= end) return "more";
  const fn = bytes[at]!;
  const known = KNOWN.has(fn & 0x7f);
  if (!known) return "never";
  if (fn & 0x80) return 2;
  if (fn === 22) return 7;
  if (fn === 5 || fn === 6 || fn === 15 || fn === 16) return 5;
  if (at + 1 >= end) return "more";
  const count = bytes[at + 1]!;
  return count > 0 && (fn < 3 || count % 2 === 0) ? 2 + count : "never";
}

const KNOWN = new Set([1, 2, 3, 4, 5, 6, 15, 16, 22, 23]);

/**
 * Length of the answer PDU at `at` if it can be the answer to `request`: the function must be the one asked for,
 * the byte count what the quantity needs, a write's address and value the ones sent (MODBUS V1.1b3 §6).
 */
export function answerLengthFor(request: ModbusRequest, bytes: Uint8Array, at: number, end = bytes.length): Length {
  if (at >= end) return "more";
  const fn = bytes[at]!;
  if (fn === (request.fn | 0x80)) {
    if (at + 1 >= end) return "more";
    return bytes[at + 1]! > 0 ? 2 : "never";
  }
  if (fn !== request.fn) return "never";
  switch (request.fn) {
    case 1:
    case 2:
      return starts(bytes, at + 1, end, [Math.ceil(request.count / 8)], 2 + Math.ceil(request.count / 8));
    case 3:
    case 4:
    case 23:
      return starts(bytes, at + 1, end, [2 * request.count], 2 + 2 * request.count);
    case 5:
      return starts(bytes, at + 1, end, words(request.address, request.on ? 0xff00 : 0), 5);
    case 6:
      return starts(bytes, at + 1, end, words(request.address, request.value), 5);
    case 15:
      return starts(bytes, at + 1, end, words(request.address, request.bits.length), 5);
    case 16:
      return starts(bytes, at + 1, end, words(request.address, request.registers.length / 2), 5);
    case 22:
      return starts(bytes, at + 1, end, words(request.address, request.and, request.or), 7);
  }
}

function words(...values: readonly number[]): number[] {
  return values.flatMap((value) => [value >> 8, value & 0xff]);
}

function starts(bytes: Uint8Array, at: number, end: number, expected: readonly number[], length: number): Length {
  for (let i = 0; i < expected.length; i++) {
    if (at + i >= end) return "more";
    if (bytes[at + i] !== expected[i]) return "never";
  }
  return length;
}
