import { ProtocolError } from "../bytes/index.ts";

/** The alphabet of base58btc (multibase `z`): no 0, O, I, l. */
const CHARS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Quadratic in the length: for keys, not for data. */
export function encodeBase58(bytes: Uint8Array): string {
  let zeros = 0;
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let out = "";
  for (; value > 0n; value /= 58n) out = CHARS[Number(value % 58n)]! + out;
  return "1".repeat(zeros) + out;
}

/** @throws ProtocolError FS-BASE58 for another character (context: `at`). */
export function decodeBase58(text: string): Uint8Array {
  let zeros = 0;
  while (zeros < text.length && text[zeros] === "1") zeros++;
  let value = 0n;
  for (let at = 0; at < text.length; at++) {
    const digit = CHARS.indexOf(text[at]!);
    if (digit < 0) {
      throw new ProtocolError("FS-BASE58", `character ${at} is not of the alphabet`, { context: { at } });
    }
    value = value * 58n + BigInt(digit);
  }
  const body: number[] = [];
  for (; value > 0n; value >>= 8n) body.push(Number(value & 0xffn));
  return Uint8Array.from([...new Uint8Array(zeros), ...body.reverse()]);
}
