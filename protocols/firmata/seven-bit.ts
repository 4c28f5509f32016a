import { ProtocolError } from "../bytes/index.ts";

/** Bytes as pairs of seven bits, low bits first (protocol.md, "Data bytes are 7 bits"). */
export function toPairs(bytes: Iterable<number>): number[] {
  const out: number[] = [];
  for (const byte of bytes) out.push(byte & 0x7f, byte >> 7);
  return out;
}

/** @throws ProtocolError FS-FIRMATA-FRAME when half a pair is left, or a pair exceeds eight bits. */
export function fromPairs(pairs: Uint8Array): Uint8Array {
  if (pairs.length % 2 !== 0) throw new ProtocolError("FS-FIRMATA-FRAME", "a byte lacks its upper bit");
  const out = new Uint8Array(pairs.length / 2);
  for (let i = 0; i < out.length; i++) {
    const upper = pairs[2 * i + 1]!;
    if (upper > 1) throw new ProtocolError("FS-FIRMATA-FRAME", "a byte has more than eight bits");
    out[i] = pairs[2 * i]! | (upper << 7);
  }
  return out;
}

/** Bytes as one string of bits, seven to a byte, low bits first (encoder.md: 7-bit encoder of one-wire messages). */
export function pack7(bytes: Iterable<number>): number[] {
  const out: number[] = [];
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held |= byte << bits;
    bits += 8;
    for (; bits >= 7; bits -= 7) {
      out.push(held & 0x7f);
      held >>= 7;
    }
  }
  if (bits > 0) out.push(held);
  return out;
}

/** What `pack7` made; bits that fill no byte are its padding. */
export function unpack7(packed: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.floor((packed.length * 7) / 8));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const seven of packed) {
    held |= seven << bits;
    bits += 7;
    if (bits < 8) continue;
    out[at++] = held & 0xff;
    held >>= 8;
    bits -= 8;
  }
  return out;
}
