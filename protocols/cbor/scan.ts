import { ProtocolError } from "../bytes/index.ts";
import { floatAt, floatWidth, HALF_NAN, isIntegral } from "./float.ts";
import { invalidUtf8At } from "./utf8.ts";
import { type CborLimits, type ResolvedLimits, resolveLimits, TAG_DECIMAL } from "./value.ts";

const DECIMAL_RULE = "tag 4 does not hold an array of two integers";

function refuse(code: string, at: number, why: string, fix?: string): never {
  throw new ProtocolError(`FS-CBOR-${code}`, `CBOR at byte ${at}: ${why}`, {
    context: { at },
    ...(fix === undefined ? {} : { fix }),
  });
}

/**
 * One pass over the bytes of one item. It keeps no copy of anything and reads a byte at most three times (once to
 * scan it, twice to compare a key with its neighbours), so that its cost is bounded by the length whatever they say.
 */
class Scanner {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #limits: ResolvedLimits;
  #at = 0;
  /** Argument of the head that was read last (RFC 8949 §3); exact up to 2^53, beyond that only "too much". */
  #argument = 0;

  constructor(bytes: Uint8Array, limits: ResolvedLimits) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#limits = limits;
  }

  document(): void {
    this.#item(1);
    if (this.#at < this.#end) refuse("TRAILING", this.#at, `${this.#end - this.#at} bytes after the end of the item`);
  }

  #need(count: number, at: number): void {
    if (count > this.#end - this.#at) {
      refuse("SHORT", at, `${count} bytes wanted, ${this.#end - this.#at} left`);
    }
  }

  /** Reads the argument of the initial byte at `at`, which is already consumed. */
  #readArgument(initial: number, at: number): void {
    const info = initial & 0x1f;
    if (info < 24) {
      this.#argument = info;
      return;
    }
    if (info > 27) {
      if (info === 31 && initial !== 0x1f && initial !== 0x3f && initial !== 0xdf) {
        refuse("INDEFINITE", at, "an indefinite length, or a break", "Write definite lengths.");
      }
      refuse("RESERVED", at, `reserved additional information ${info}`);
    }
    const width = 1 << (info - 24);
    this.#need(width, at);
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + this.#bytes[this.#at + i]!;
    this.#at += width;
    this.#argument = value;
    if (!this.#limits.deterministic) return;
    const smallest = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x1_0000 : 0x1_0000_0000;
    if (value < smallest) refuse("SHORTEST", at, "a shorter form of this number or length exists");
  }

  #item(depth: number): void {
    const at = this.#at;
    this.#need(1, at);
    const initial = this.#bytes[this.#at++]!;
    const major = initial >> 5;
    if (major === 7) {
      this.#simple(initial, at);
      return;
    }
    this.#readArgument(initial, at);
    if (major === 2 || major === 3) this.#string(major, at);
    else if (major === 4) this.#array(depth, at);
    else if (major === 5) this.#map(depth, at);
    else if (major === 6) this.#tag(depth, at);
  }

  #string(major: number, at: number): void {
    const length = this.#argument;
    this.#need(length, at);
    const start = this.#at;
    this.#at += length;
    if (major === 2) return;
    const bad = invalidUtf8At(this.#bytes, start, this.#at);
    if (bad >= 0) refuse("UTF8", bad, "text is not valid UTF-8");
  }

  #enter(depth: number, at: number): void {
    if (depth > this.#limits.maxDepth) refuse("DEPTH", at, `nested deeper than ${this.#limits.maxDepth}`);
  }

  #array(depth: number, at: number): void {
    this.#enter(depth, at);
    const count = this.#argument;
    // An item takes a byte at least: a count beyond what is left is refused before the first is looked at.
    this.#need(count, at);
    for (let i = 0; i < count; i++) this.#item(depth + 1);
  }

  #map(depth: number, at: number): void {
    this.#enter(depth, at);
    const count = this.#argument;
    this.#need(2 * count, at);
    const seen = this.#limits.deterministic ? undefined : new Set<string>();
    let previous = -1;
    let previousEnd = -1;
    for (let i = 0; i < count; i++) {
      const key = this.#at;
      this.#key();
      if (seen) this.#unique(seen, key);
      else if (previous >= 0) this.#ordered(previous, previousEnd, key);
      previous = key;
      previousEnd = this.#at;
      this.#item(depth + 1);
    }
  }

  #key(): void {
    const at = this.#at;
    this.#need(1, at);
    const major = this.#bytes[at]! >> 5;
    if (major !== 0 && major !== 1 && major !== 3) refuse("KEY-TYPE", at, "a map key is neither an integer nor text");
    this.#item(1);
  }

  /** Bytewise lexicographic order of the encoded keys (RFC 8949 §4.2.1). */
  #ordered(previous: number, previousEnd: number, key: number): void {
    const bytes = this.#bytes;
    const length = Math.min(previousEnd - previous, this.#at - key);
    for (let i = 0; i < length; i++) {
      const difference = bytes[key + i]! - bytes[previous + i]!;
      if (difference > 0) return;
      if (difference < 0) refuse("KEY-ORDER", key, "map keys are not in ascending order of their bytes");
    }
    // An encoded item is never the beginning of another one, so keys without a difference are the same key.
    refuse("KEY-DUPLICATE", key, "a map key occurs twice");
  }

  /** Without an order to lean on: keys as (major type, content), which is independent of the width of the head. */
  #unique(seen: Set<string>, key: number): void {
    const bytes = this.#bytes;
    const major = bytes[key]! >> 5;
    const info = bytes[key]! & 0x1f;
    const headless = key + 1 + (info < 24 ? 0 : 1 << (info - 24));
    let name = `${major}:`;
    if (major === 3) for (let i = headless; i < this.#at; i++) name += String.fromCharCode(bytes[i]!);
    else if (info < 24) name += info;
    else {
      let significant = headless - (1 << (info - 24));
      while (significant < headless - 1 && bytes[significant] === 0) significant++;
      // One byte by its number, so that it equals the form without further bytes; more of them byte by byte.
      name += bytes[significant]!;
      for (let i = significant + 1; i < headless; i++) name += `.${bytes[i]!}`;
    }
    if (seen.has(name)) refuse("KEY-DUPLICATE", key, "a map key occurs twice");
    seen.add(name);
  }

  #tag(depth: number, at: number): void {
    const tag = this.#argument;
    if (!this.#limits.tags.has(tag)) refuse("TAG", at, `tag ${tag} is not allowed here`);
    this.#enter(depth, at);
    const content = this.#at;
    this.#item(depth + 1);
    if (tag === TAG_DECIMAL) this.#decimal(content);
  }

  /** RFC 8949 §3.4.4: an array of exponent and mantissa, both integers. */
  #decimal(content: number): void {
    const bytes = this.#bytes;
    const initial = bytes[content]!;
    if (initial >> 5 !== 4) refuse("TAG", content, DECIMAL_RULE);
    // The content is well-formed by now; the head of the array may be long where width is free.
    const info = initial & 0x1f;
    const exponent = content + 1 + (info < 24 ? 0 : 1 << (info - 24));
    let count = info < 24 ? info : 0;
    for (let i = content + 1; i < exponent; i++) count = count * 256 + bytes[i]!;
    if (count !== 2 || bytes[exponent]! >> 5 > 1) refuse("TAG", content, DECIMAL_RULE);
    const width = bytes[exponent]! & 0x1f;
    const mantissa = exponent + 1 + (width < 24 ? 0 : 1 << (width - 24));
    if (bytes[mantissa]! >> 5 > 1) refuse("TAG", content, DECIMAL_RULE);
  }

  #simple(initial: number, at: number): void {
    if (initial === 0xf4 || initial === 0xf5 || initial === 0xf6) return;
    const info = initial & 0x1f;
    if (info < 25) refuse("SIMPLE", at, "a simple value other than false, true and null");
    if (info > 27) this.#readArgument(initial, at);
    const width = 1 << (info - 24);
    this.#need(width, at);
    const value = floatAt(this.#bytes, this.#at, width);
    this.#at += width;
    if (!this.#limits.deterministic) return;
    if (Number.isNaN(value)) {
      if (width !== 2 || ((this.#bytes[at + 1]! << 8) | this.#bytes[at + 2]!) !== HALF_NAN) {
        refuse("FLOAT", at, "a NaN in another form than f97e00");
      }
    } else if (isIntegral(value)) {
      refuse("FLOAT", at, "an integer written as a float", "Write whole numbers of up to 53 bits as integers.");
    } else if (floatWidth(value) < width) {
      refuse("FLOAT", at, "a shorter float holds this number exactly");
    }
  }
}

/**
 * Checks that `bytes` are one CBOR item of the strict profile (RFC 8949 §4.2.1 and `CborValue`) without decoding it.
 * Reads the input by index only and in time linear in its length.
 * @throws ProtocolError `FS-CBOR-…` with `context.at`: SIZE, SHORT, TRAILING, DEPTH, INDEFINITE, RESERVED, SHORTEST, FLOAT,
 * SIMPLE, TAG, UTF8, KEY-TYPE, KEY-ORDER, KEY-DUPLICATE.
 */
export function scanCbor(bytes: Uint8Array, limits?: CborLimits): void {
  const resolved = resolveLimits(limits);
  if (bytes.length > resolved.maxBytes) {
    throw new ProtocolError(
      "FS-CBOR-SIZE",
      `${bytes.length} bytes of CBOR, at most ${resolved.maxBytes} are allowed here`,
      {
        context: { length: bytes.length, limit: resolved.maxBytes },
      },
    );
  }
  new Scanner(bytes, resolved).document();
}
