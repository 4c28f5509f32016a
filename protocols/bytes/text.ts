import { ProtocolError } from "./errors.ts";

const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Lower-case hex digits, two a byte. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const b of bytes) out += HEX[b];
  return out;
}

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Bytes of hex digits, either case, no prefix, no separators.
 * @throws ProtocolError FS-HEX for an odd length or another character (context: `at`).
 */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0) throw new ProtocolError("FS-HEX", `hex text has an odd length of ${text.length}`);
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) {
    const high = nibble(text.charCodeAt(2 * i));
    const low = nibble(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) {
      const at = high < 0 ? 2 * i : 2 * i + 1;
      throw new ProtocolError("FS-HEX", `character ${at} of hex text is not a hex digit`, { context: { at } });
    }
    out[i] = (high << 4) | low;
  }
  return out;
}

interface Base64Alphabet {
  name: string;
  chars: string;
  values: Int8Array;
  padded: boolean;
}

function alphabet(name: string, last: string, padded: boolean): Base64Alphabet {
  const chars = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[chars.charCodeAt(i)] = i;
  return { name, chars, values, padded };
}

const STANDARD = alphabet("base64", "+/", true);
const URL_SAFE = alphabet("base64url", "-_", false);

function encode64(bytes: Uint8Array, { chars, padded }: Base64Alphabet): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i]!;
    const b = bytes[i + 1];
    const c = bytes[i + 2];
    out += chars[a >> 2]! + chars[((a & 3) << 4) | ((b ?? 0) >> 4)]!;
    out += b === undefined ? (padded ? "=" : "") : chars[((b & 15) << 2) | ((c ?? 0) >> 6)]!;
    out += c === undefined ? (padded ? "=" : "") : chars[c & 63]!;
  }
  return out;
}

function decode64(text: string, { name, values, padded }: Base64Alphabet): Uint8Array {
  const bad = (why: string, at: number) => new ProtocolError("FS-BASE64", `${name}: ${why}`, { context: { at } });
  let end = text.length;
  if (padded) {
    if (end % 4 !== 0) throw bad("length is not a multiple of 4", end);
    if (text.endsWith("==")) end -= 2;
    else if (text.endsWith("=")) end -= 1;
  }
  if (end % 4 === 1) throw bad("one character is left over", end);
  const out = new Uint8Array(Math.floor((end * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? values[code]! : -1;
    if (value < 0) throw bad(`character ${i} is not of the alphabet`, i);
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 0xff;
    }
  }
  // RFC 4648 §3.5: non-zero pad bits would give one value several texts.
  if ((held & ((1 << bits) - 1)) !== 0) throw bad("pad bits are not zero", end - 1);
  return out;
}

/** base64 with padding (RFC 4648 §4), as signed notes use it. */
export const toBase64 = (bytes: Uint8Array): string => encode64(bytes, STANDARD);

/** @throws ProtocolError FS-BASE64 for anything but canonical padded base64. */
export const fromBase64 = (text: string): Uint8Array => decode64(text, STANDARD);

/** base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export const toBase64Url = (bytes: Uint8Array): string => encode64(bytes, URL_SAFE);

/** @throws ProtocolError FS-BASE64 for anything but canonical unpadded base64url. */
export const fromBase64Url = (text: string): Uint8Array => decode64(text, URL_SAFE);
