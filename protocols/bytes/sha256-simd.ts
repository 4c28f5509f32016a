import { NODE_PREFIX, type Sha256Engine } from "./sha256-engine.ts";
import { Layout } from "./sha256-layout.ts";
import { sha256Module } from "./sha256-wasm.ts";

/** FIPS 180-4 §4.2.2: the round constants. */
const K = `
  428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 d807aa98 12835b01 243185be 550c7dc3
  72be5d74 80deb1fe 9bdc06a7 c19bf174 e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da
  983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967 27b70a85 2e1b2138 4d2c6dfc 53380d13
  650a7354 766a0abb 81c2c92e 92722c85 a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070
  19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3 748f82ee 78a5636f 84c87814 8cc70208
  90befffa a4506ceb bef9a3f7 c67178f2`;

/** FIPS 180-4 §5.3.3: the initial hash value. */
const INITIAL = "6a09e667 bb67ae85 3c6ef372 a54ff53a 510e527f 9b05688c 1f83d9ab 5be0cd19";

const words = (text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => Number.parseInt(word, 16));
const INITIAL_WORDS = words(INITIAL);

/** Room for 4096 hashes with a few to spare; a tree is worked through in parts of that size, which stay in cache. */
const PART = 4096;
const PAGES = 4;
const ROOM = PAGES * 0x10000 - Layout.io;

/** A single message goes through the module in parts of this many bytes. */
const CHUNK = 0x20000;

/** Longest padded message that is hashed beside three others. */
const LANE_ROOM = 4096;

/** The parts of the WebAssembly interface that are used; neither Node's nor our own types need the browser's. */
interface WebAssemblyHost {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
}
interface Exports {
  memory: { buffer: ArrayBuffer };
  nodes4(from: number, to: number, count: number): void;
  messages4(m0: number, m1: number, m2: number, m3: number, blocks: number, to: number): void;
  compress(from: number, blocks: number): void;
}

/** Blocks of a padded message: the bytes, 0x80, and eight bytes of length (FIPS 180-4 §5.1.1). */
const blocksOf = (length: number) => Math.floor((length + 72) / 64);

class WasmEngine implements Sha256Engine {
  readonly name = "wasm-simd";
  readonly #wasm: Exports;
  readonly #memory: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;

  constructor(wasm: Exports) {
    this.#wasm = wasm;
    this.#memory = new Uint8Array(wasm.memory.buffer);
    this.#words = new Uint32Array(wasm.memory.buffer);
    this.#view = new DataView(wasm.memory.buffer);
    this.#fill(Layout.k, words(K));
    this.#fill(Layout.initial, INITIAL_WORDS);
    this.#fillNodeSchedules();
    // What is the same in every interior node: prefix, padding, length. Only the pair is written over it.
    this.#put(Layout.node, 2, new Uint8Array(64), 65, NODE_PREFIX);
  }

  #fill(at: number, values: readonly number[]): void {
    values.forEach((value, i) => {
      this.#view.setUint32(at + 4 * i, value, true);
    });
  }

  /** The 256 schedules that the second block of a 65-byte message can have (FIPS 180-4 §6.2.2 step 1). */
  #fillNodeSchedules(): void {
    const rotr = (x: number, n: number) => (x >>> n) | (x << (32 - n));
    const w = new Int32Array(64);
    w[15] = 65 * 8;
    this.#fill(Layout.w2 + 15 * 16, [65 * 8, 65 * 8, 65 * 8, 65 * 8]);
    for (let byte = 0; byte < 256; byte++) {
      w[0] = (byte << 24) | 0x80_0000;
      for (let t = 16; t < 64; t++) {
        const x = w[t - 15]!;
        const y = w[t - 2]!;
        const s0 = rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3);
        const s1 = rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10);
        w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
        this.#view.setInt32(Layout.schedules + 4 * (48 * byte + t - 16), w[t]!, true);
      }
    }
  }

  /**
   * Copies the end of a message to `at` (a multiple of 64) and pads it there (FIPS 180-4 §5.1.1).
   * @param length bytes of the whole message.
   */
  #put(at: number, blocks: number, bytes: Uint8Array, length: number, prefix = -1): void {
    const blockEnd = at + 64 * blocks;
    const words = this.#words;
    // Padding is at most 72 bytes: it is in the last two blocks (before the first block lies nothing that is needed).
    for (let i = blockEnd / 4 - (blocks > 1 ? 32 : 16); i < blockEnd / 4 - 2; i++) words[i] = 0;
    let start = at;
    if (prefix >= 0) this.#memory[start++] = prefix;
    this.#memory.set(bytes, start);
    this.#memory[start + bytes.length] = 0x80;
    this.#view.setUint32(blockEnd - 8, Math.floor(length / 0x2000_0000));
    this.#view.setUint32(blockEnd - 4, (length << 3) >>> 0);
  }

  #begin(): void {
    for (let i = 0; i < 8; i++) this.#view.setUint32(Layout.state + 4 * i, INITIAL_WORDS[i]!, true);
  }

  #digest(): Uint8Array {
    const out = new Uint8Array(32);
    for (let i = 0; i < 8; i++) {
      const word = this.#view.getUint32(Layout.state + 4 * i, true);
      out[4 * i] = word >>> 24;
      out[4 * i + 1] = word >>> 16;
      out[4 * i + 2] = word >>> 8;
      out[4 * i + 3] = word;
    }
    return out;
  }

  hash(bytes: Uint8Array): Uint8Array {
    this.#begin();
    let at = 0;
    for (; bytes.length - at >= CHUNK; at += CHUNK) {
      this.#memory.set(bytes.subarray(at, at + CHUNK), Layout.io);
      this.#wasm.compress(Layout.io, CHUNK / 64);
    }
    const blocks = blocksOf(bytes.length - at);
    this.#put(Layout.io, blocks, at === 0 ? bytes : bytes.subarray(at), bytes.length);
    this.#wasm.compress(Layout.io, blocks);
    return this.#digest();
  }

  hashPrefixed(prefix: number, bytes: Uint8Array): Uint8Array {
    if (bytes.length >= CHUNK) {
      const whole = new Uint8Array(bytes.length + 1);
      whole[0] = prefix;
      whole.set(bytes, 1);
      return this.hash(whole);
    }
    this.#begin();
    const blocks = blocksOf(bytes.length + 1);
    this.#put(Layout.io, blocks, bytes, bytes.length + 1, prefix);
    this.#wasm.compress(Layout.io, blocks);
    return this.#digest();
  }

  hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#begin();
    this.#memory.set(left, Layout.node + 1);
    this.#memory.set(right, Layout.node + 33);
    this.#wasm.compress(Layout.node, 2);
    return this.#digest();
  }

  hashAll(messages: readonly Uint8Array[], prefix: number): Uint8Array {
    const out = new Uint32Array(8 * messages.length);
    const bytes = new Uint8Array(out.buffer);
    // Lanes run in step, so messages go together with others of as many blocks.
    const waiting: number[][] = [];
    for (let i = 0; i < messages.length; i++) {
      const blocks = blocksOf(messages[i]!.length + 1);
      if (64 * blocks > LANE_ROOM) {
        bytes.set(this.hashPrefixed(prefix, messages[i]!), 32 * i);
        continue;
      }
      waiting[blocks] ??= [];
      const group = waiting[blocks];
      group.push(i);
      if (group.length === 4) {
        this.#hashFour(messages, group, prefix, blocks, out);
        group.length = 0;
      }
    }
    for (const [blocks, group] of waiting.entries()) {
      if (group?.length === 1) bytes.set(this.hashPrefixed(prefix, messages[group[0]!]!), 32 * group[0]!);
      else if (group !== undefined && group.length > 1) this.#hashFour(messages, group, prefix, blocks, out);
    }
    return bytes;
  }

  /** Two to four messages of as many blocks; lanes left over hash what lies there, and nobody reads it. */
  #hashFour(
    messages: readonly Uint8Array[],
    group: readonly number[],
    prefix: number,
    blocks: number,
    out: Uint32Array,
  ) {
    const stride = 64 * blocks;
    const to = Layout.io + 4 * stride;
    for (let lane = 0; lane < group.length; lane++) {
      const message = messages[group[lane]!]!;
      this.#put(Layout.io + lane * stride, blocks, message, message.length + 1, prefix);
    }
    this.#wasm.messages4(Layout.io, Layout.io + stride, Layout.io + 2 * stride, Layout.io + 3 * stride, blocks, to);
    const words = this.#words;
    for (let lane = 0; lane < group.length; lane++) {
      const from = to / 4 + 8 * lane;
      const place = 8 * group[lane]!;
      for (let i = 0; i < 8; i++) out[place + i] = words[from + i]!;
    }
  }

  hashPairs(pairs: Uint8Array): Uint8Array {
    const out = new Uint8Array(pairs.length / 2);
    for (let at = 0; at < pairs.length; at += 32 * PART) {
      const part = pairs.subarray(at, at + 32 * PART);
      this.#memory.set(part, Layout.io);
      this.#wasm.nodes4(Layout.io, Layout.io, Math.ceil(part.length / 256));
      out.set(this.#memory.subarray(Layout.io, Layout.io + part.length / 2), at / 2);
    }
    return out;
  }

  hashTree(hashes: Uint8Array): Uint8Array {
    let level = hashes;
    // The roots of parts that are a power of two large are the leaves of the tree above them; the last may be smaller.
    while (level.length > 32 * PART) {
      const next = new Uint8Array(32 * Math.ceil(level.length / (32 * PART)));
      for (let at = 0; at < level.length; at += 32 * PART) {
        next.set(this.#reduce(level.subarray(at, at + 32 * PART)), at / PART);
      }
      level = next;
    }
    return this.#reduce(level).slice();
  }

  /** Root over up to `PART` hashes, as a view that the next call overwrites. */
  #reduce(hashes: Uint8Array): Uint8Array {
    const memory = this.#memory;
    const last = Layout.io + ROOM - 32;
    memory.set(hashes, Layout.io);
    for (let count = hashes.length / 32; count > 1; count = Math.ceil(count / 2)) {
      const pairs = count >> 1;
      const lone = count % 2 === 1;
      // Four lanes write four hashes, so a lone last one is out of the way meanwhile.
      if (lone) memory.copyWithin(last, Layout.io + 64 * pairs, Layout.io + 64 * pairs + 32);
      this.#wasm.nodes4(Layout.io, Layout.io, Math.ceil(pairs / 4));
      if (lone) memory.copyWithin(Layout.io + 32 * pairs, last, last + 32);
    }
    return memory.subarray(Layout.io, Layout.io + 32);
  }
}

/** SHA-256 of no bytes begins so (FIPS 180-4's example of the empty message). */
const EMPTY_START = 0xe3b0c442;

/** The engine in WebAssembly, or undefined where WebAssembly or SIMD is missing or forbidden (a browser's policy). */
export function wasmEngine(): Sha256Engine | undefined {
  const host = (globalThis as { WebAssembly?: WebAssemblyHost }).WebAssembly;
  if (host === undefined) return undefined;
  try {
    const engine = new WasmEngine(new host.Instance(new host.Module(sha256Module(PAGES))).exports);
    const digest = engine.hash(new Uint8Array(0));
    return new DataView(digest.buffer).getUint32(0) === EMPTY_START ? engine : undefined;
  } catch {
    return undefined;
  }
}
