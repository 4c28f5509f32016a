import { crc16X25 } from "../bytes/index.ts";

/** CRC-16/KERMIT: the polynomial of X-25 with neither start nor final value. */
export function crc16Kermit(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0;
  for (let i = start; i < end; i++) {
    crc ^= bytes[i]!;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return crc;
}

/**
 * Whether `check` belongs to the bytes: CRC-16/X-25 (SML 1.04 §8.1.2), or CRC-16/KERMIT, which meters of some makers (Holley
 * DTZ541) send in its place.
 */
export function smlCheckHolds(bytes: Uint8Array, start: number, end: number, check: number): boolean {
  return crc16X25(bytes, start, end) === check || crc16Kermit(bytes, start, end) === check;
}
