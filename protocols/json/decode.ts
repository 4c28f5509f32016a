import { fromUtf8, ProtocolError } from "../bytes/index.ts";

/** A number as it was written: `1834.20` stays `1834.20`. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonText = string | boolean | null | JsonNumber | readonly JsonText[] | ReadonlyMap<string, JsonText>;

export interface JsonLimits {
  /** Bytes of the whole text. Default 32 KB. */
  bytes?: number;
  /** Objects and arrays inside each other. Default 16. */
  depth?: number;
  /** Values in total. Default 4,096. */
  values?: number;
}

/** RFC 8259 §6, at the reader's place. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Up to the next quote, escape or control character. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const LONGEST_NUMBER = 64;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class Reader {
  readonly #text: string;
  readonly #depth: number;
  #values: number;
  #at = 0;

  constructor(text: string, { depth = 16, values = 4096 }: JsonLimits) {
    this.#text = text;
    this.#depth = depth;
    this.#values = values;
  }

  document(): JsonText {
    this.#match(SPACE);
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at < this.#text.length) throw this.#bad("something follows the value");
    return value;
  }

  #bad(why: string): ProtocolError {
    return new ProtocolError("FS-JSON", `JSON, character ${this.#at}: ${why}`, { context: { at: this.#at } });
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    this.#match(SPACE);
    return true;
  }

  #value(depth: number): JsonText {
    if (this.#values-- === 0) throw this.#bad("more values than are read");
    const next = this.#text[this.#at];
    if (next === "{" || next === "[") {
      if (depth >= this.#depth) throw this.#bad("nested deeper than is read");
      return next === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    if (next === '"') return this.#string();
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#match(NUMBER);
    if (number === "") throw this.#bad("no value");
    if (number.length > LONGEST_NUMBER) throw this.#bad("a number with more digits than are read");
    return new JsonNumber(number);
  }

  #object(depth: number): ReadonlyMap<string, JsonText> {
    const members = new Map<string, JsonText>();
    this.#take("{");
    if (this.#take("}")) return members;
    do {
      if (this.#text[this.#at] !== '"') throw this.#bad("no member name");
      const name = this.#string();
      // Which of two equal names counts is left open (RFC 8259 §4): such a text says nothing for sure.
      if (members.has(name)) throw this.#bad("a member name twice");
      this.#match(SPACE);
      if (!this.#take(":")) throw this.#bad("no colon");
      members.set(name, this.#value(depth));
      this.#match(SPACE);
    } while (this.#take(","));
    if (!this.#take("}")) throw this.#bad("an object without its end");
    return members;
  }

  #array(depth: number): readonly JsonText[] {
    const items: JsonText[] = [];
    this.#take("[");
    if (this.#take("]")) return items;
    do {
      items.push(this.#value(depth));
      this.#match(SPACE);
    } while (this.#take(","));
    if (!this.#take("]")) throw this.#bad("an array without its end");
    return items;
  }

  #string(): string {
    this.#at++;
    let out = "";
    for (;;) {
      out += this.#match(PLAIN);
      const next = this.#text[this.#at];
      if (next === '"') {
        this.#at++;
        return out;
      }
      if (next !== "\\") throw this.#bad("a string without its end, or with a control character");
      out += this.#escape();
    }
  }

  #escape(): string {
    const kind = this.#text[this.#at + 1] ?? "";
    const plain = ESCAPES[kind];
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (kind !== "u" || !/^[0-9A-Fa-f]{4}$/.test(digits)) throw this.#bad("an unknown escape");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}

/**
 * Strict JSON (RFC 8259) within limits, with every number as it was written.
 * @throws ProtocolError FS-JSON for anything else, also for a member name that comes twice.
 */
export function decodeJson(bytes: Uint8Array, limits: JsonLimits = {}): JsonText {
  const most = limits.bytes ?? 32 * 1024;
  if (bytes.length > most) throw new ProtocolError("FS-JSON", `JSON: ${bytes.length} bytes, and ${most} are read`);
  const text = fromUtf8(bytes);
  if (text === undefined) throw new ProtocolError("FS-JSON", "JSON: not UTF-8");
  return new Reader(text, limits).document();
}

/**
 * The value at a path of names and array indices joined by dots: `ENERGY.Total`, `nrg.11`. Undefined where there is none.
 */
export function jsonAt(value: JsonText, path: string): JsonText | undefined {
  let here: JsonText | undefined = value;
  for (const step of path.split(".")) {
    if (here instanceof Map) here = (here as ReadonlyMap<string, JsonText>).get(step);
    else if (Array.isArray(here) && /^\d{1,4}$/.test(step)) here = (here as readonly JsonText[])[Number(step)];
    else return undefined;
  }
  return here;
}
