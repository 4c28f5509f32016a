import { ProtocolError } from "../bytes/index.ts";

/** A number as it stands in the text: its digits are part of what was measured (OCMF Table 7, RV). */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

const MAX_DEPTH = 8;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Characters that stand for themselves (RFC 8259 §7). */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
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

/**
 * RFC 8259 from a position of a longer text, because a section of a record ends where its JSON ends: a "|" inside a
 * string does not end it. Keys are unique, nesting is at most eight deep, numbers stay text.
 */
export class JsonScanner {
  readonly #text: string;
  #at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** Where the next character stands. */
  get at(): number {
    return this.#at;
  }

  /** @throws ProtocolError FS-OCMF-JSON */
  object(): ReadonlyMap<string, JsonValue> {
    this.space();
    if (this.#text[this.#at] !== "{") throw this.#bad("an object is expected");
    return this.#object(1);
  }

  space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  /** Takes `character` when it is next. */
  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #bad(why: string): ProtocolError {
    return new ProtocolError("FS-OCMF-JSON", `character ${this.#at} of the record: ${why}`, {
      context: { at: this.#at },
    });
  }

  #value(depth: number): JsonValue {
    this.space();
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first === "{" || first === "[") {
      if (depth >= MAX_DEPTH) throw this.#bad(`nested deeper than ${MAX_DEPTH}`);
      return first === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match) throw this.#bad("a JSON value is expected");
    this.#at += match[0].length;
    return new JsonNumber(match[0]);
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.#at++;
    this.space();
    if (this.take("}")) return members;
    for (;;) {
      this.space();
      if (this.#text[this.#at] !== '"') throw this.#bad("a name in quotes is expected");
      const name = this.#string();
      if (members.has(name)) throw this.#bad(`the name "${name.slice(0, 16)}" stands twice`);
      this.space();
      if (!this.take(":")) throw this.#bad('":" is expected');
      members.set(name, this.#value(depth));
      this.space();
      if (this.take("}")) return members;
      if (!this.take(",")) throw this.#bad('"," or "}" is expected');
    }
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    this.space();
    if (this.take("]")) return items;
    for (;;) {
      items.push(this.#value(depth));
      this.space();
      if (this.take("]")) return items;
      if (!this.take(",")) throw this.#bad('"," or "]" is expected');
    }
  }

  #string(): string {
    this.#at++;
    let out = "";
    for (;;) {
      PLAIN.lastIndex = this.#at;
      const plain = PLAIN.exec(this.#text)?.[0] ?? "";
      out += plain;
      this.#at += plain.length;
      if (this.take('"')) return out;
      if (!this.take("\\")) throw this.#bad("a string is not closed, or holds a control character");
      out += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? "";
    const simple = ESCAPES[letter];
    if (simple !== undefined) {
      this.#at++;
      return simple;
    }
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#bad("an escape is not of JSON");
    this.#at += 5;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}
