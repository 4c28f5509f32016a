/**
 * Writes WebAssembly modules (core specification 2.0, binary format §5) out of named instructions: just enough for
 * the SHA-256 engine, so that no compiled blob has to be committed and read on trust.
 */

/** Value types (§5.3.1, §5.3.2). */
export const I32 = 0x7f;
export const V128 = 0x7b;
type ValueType = typeof I32 | typeof V128;

/** Unsigned LEB128 (§5.2.2). */
function unsigned(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** Signed LEB128 of a 32-bit integer. */
function signed(value: number): number[] {
  const out: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
}

const vector = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

/** Instructions without immediates (§5.4.7 numeric, §5.4.8 vector). */
const PLAIN = {
  "i32.add": [0x6a],
  "i32.sub": [0x6b],
  "i32.mul": [0x6c],
  "i32.and": [0x71],
  "i32.or": [0x72],
  "i32.xor": [0x73],
  "i32.shl": [0x74],
  "i32.shr_u": [0x76],
  "i32.rotr": [0x78],
  "i32.lt_u": [0x49],
  "i8x16.swizzle": [0xfd, 14],
  "v128.and": [0xfd, 78],
  "v128.or": [0xfd, 80],
  "v128.xor": [0xfd, 81],
  "i32x4.shl": [0xfd, ...unsigned(171)],
  "i32x4.shr_u": [0xfd, ...unsigned(173)],
  "i32x4.add": [0xfd, ...unsigned(174)],
  "i32x4.splat": [0xfd, 17],
} as const;

/** Memory instructions and the power of two of their natural alignment (§5.4.6). */
const MEMORY = {
  "i32.load": [[0x28], 2],
  "i32.load8_u": [[0x2d], 0],
  "i32.store": [[0x36], 2],
  "v128.load": [[0xfd, 0], 4],
  "v128.load32_splat": [[0xfd, 9], 2],
  "v128.store": [[0xfd, 11], 4],
} as const;

export type PlainInstruction = keyof typeof PLAIN;
export type MemoryInstruction = keyof typeof MEMORY;

/** The body of one function: parameters first, locals added as they are named. */
export class WasmFunction {
  readonly #code: number[] = [];
  readonly #names = new Map<string, number>();
  readonly #locals: ValueType[] = [];
  readonly parameters: readonly ValueType[];

  /** @param parameters names and types, in order; functions return nothing and leave their results in memory. */
  constructor(parameters: Readonly<Record<string, ValueType>>) {
    this.parameters = Object.values(parameters);
    for (const name of Object.keys(parameters)) this.#names.set(name, this.#names.size);
  }

  local(type: ValueType, ...names: readonly string[]): this {
    for (const name of names) {
      this.#names.set(name, this.#names.size);
      this.#locals.push(type);
    }
    return this;
  }

  #index(name: string): number[] {
    const index = this.#names.get(name);
    if (index === undefined) throw new RangeError(`no local ${name}`);
    return unsigned(index);
  }

  get(...names: readonly string[]): this {
    for (const name of names) this.#code.push(0x20, ...this.#index(name));
    return this;
  }

  set(name: string): this {
    this.#code.push(0x21, ...this.#index(name));
    return this;
  }

  tee(name: string): this {
    this.#code.push(0x22, ...this.#index(name));
    return this;
  }

  i32(value: number): this {
    this.#code.push(0x41, ...signed(value));
    return this;
  }

  v128(bytes: readonly number[]): this {
    this.#code.push(0xfd, 12, ...bytes);
    return this;
  }

  /** Sixteen byte indices into the two vectors on the stack (0…31). */
  shuffle(lanes: readonly number[]): this {
    this.#code.push(0xfd, 13, ...lanes);
    return this;
  }

  op(...instructions: readonly PlainInstruction[]): this {
    for (const name of instructions) this.#code.push(...PLAIN[name]);
    return this;
  }

  memory(name: MemoryInstruction, offset = 0): this {
    const [code, alignment] = MEMORY[name];
    this.#code.push(...code, alignment, ...unsigned(offset));
    return this;
  }

  call(index: number): this {
    this.#code.push(0x10, ...unsigned(index));
    return this;
  }

  /** `name += step`. */
  advance(name: string, step: number): this {
    return this.get(name).i32(step).op("i32.add").set(name);
  }

  /** Runs `body` until it leaves zero on the stack: body ends by pushing an i32. */
  loopWhile(body: (code: this) => unknown): this {
    this.#code.push(0x03, 0x40);
    body(this);
    this.#code.push(0x0d, 0x00, 0x0b);
    return this;
  }

  /** The code section's entry (§5.5.13). */
  encode(): number[] {
    const locals = vector(this.#locals.map((type) => [1, type]));
    const body = [...locals, ...this.#code, 0x0b];
    return [...unsigned(body.length), ...body];
  }
}

export interface WasmModule {
  /** Functions that only others of the module call: numbers 0, 1, … */
  inner: readonly WasmFunction[];
  /** Functions that are exported under their names, numbered on from the inner ones. */
  exported: Readonly<Record<string, WasmFunction>>;
  /** Pages of 64 KiB. */
  memoryPages: number;
}

/** A module that exports the named functions, and `memory`. */
export function encodeWasm({ inner, exported, memoryPages }: WasmModule): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
  const name = (text: string) => vector([...text].map((c) => [c.charCodeAt(0)]));
  const all = [...inner, ...Object.values(exported)];
  const types = all.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [type])), 0]);
  const exports = Object.keys(exported).map((text, i) => [...name(text), 0x00, ...unsigned(inner.length + i)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(3, vector(all.map((_, index) => unsigned(index)))),
    ...section(5, vector([[0x00, ...unsigned(memoryPages)]])),
    ...section(7, vector([...exports, [...name("memory"), 0x02, 0x00]])),
    ...section(10, vector(all.map((code) => code.encode()))),
  ]);
}
