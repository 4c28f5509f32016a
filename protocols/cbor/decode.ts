import { copyOf } from "../bytes/index.ts";
import { floatAt } from "./float.ts";
import { scanCbor } from "./scan.ts";
import { type CborKey, type CborLimits, type CborValue, Tagged } from "./value.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text of scanned bytes. Short ASCII, the common case, is faster by hand than through the decoder. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 24) return decoder.decode(bytes.subarray(start, end));
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Decodes what `scanCbor` has accepted: nothing is checked twice. */
class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    const bytes = this.#bytes;
    const width = 1 << (info - 24);
    let at = this.#at;
    this.#at += width;
    if (width < 8) {
      let value = 0;
      while (at < this.#at) value = value * 256 + bytes[at++]!;
      return value;
    }
    const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
    return high < 0x20_0000 ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  #negative(argument: number | bigint): number | bigint {
    if (typeof argument === "bigint") return -1n - argument;
    return argument < Number.MAX_SAFE_INTEGER ? -1 - argument : -1n - BigInt(argument);
  }

  item(): CborValue {
    const initial = this.#bytes[this.#at++]!;
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (major === 7) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return this.#negative(argument);
      case 2: {
        const start = this.#at;
        this.#at += Number(argument);
        return copyOf(this.#bytes, start, this.#at);
      }
      case 3: {
        const start = this.#at;
        this.#at += Number(argument);
        return textAt(this.#bytes, start, this.#at);
      }
      case 4: {
        const items: CborValue[] = [];
        for (let i = 0; i < Number(argument); i++) items.push(this.item());
        return items;
      }
      case 5: {
        const map = new Map<CborKey, CborValue>();
        for (let i = 0; i < Number(argument); i++) {
          const key = this.item() as CborKey;
          map.set(key, this.item());
        }
        return map;
      }
      default:
        return new Tagged(Number(argument), this.item());
    }
  }

  #simple(info: number): CborValue {
    if (info === 20) return false;
    if (info === 21) return true;
    if (info === 22) return null;
    const width = 1 << (info - 24);
    const value = floatAt(this.#bytes, this.#at, width);
    this.#at += width;
    return value;
  }
}

/**
 * One item of the strict profile; see `CborValue` for what becomes of each type. Byte strings are copies. With the default
 * limits `encodeCbor` of the result gives the same bytes again.
 * @throws ProtocolError as `scanCbor`, which sees all bytes before the first is decoded.
 */
export function decodeCbor(bytes: Uint8Array, limits?: CborLimits): CborValue {
  scanCbor(bytes, limits);
  return new Decoder(bytes).item();
}
