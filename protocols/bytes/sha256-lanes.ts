import { FOUR, Layout, NAMES, SWAP, turned } from "./sha256-layout.ts";
import { I32, V128, WasmFunction } from "./wasm-emitter.ts";

const SCHEDULE_BYTES = 48 * 4;
const LANE = 16;

const KEEP = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

// Interleavings of two vectors: 32-bit and 64-bit units, low or high halves.
const LOW32 = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23];
const HIGH32 = [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31];
const LOW64 = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const HIGH64 = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31];

/** Numbers of the inner functions, in the order of `sha256Module`. */
const F = { transpose: 0, start4: 1, expand4: 2, rounds4: 3 } as const;

/**
 * Turns four rows of `count` × 4 words into columns: row r's word c goes to lane r of vector c, byte order by `mask`.
 * Rows begin at s0…s3 and advance by `sourceStep`; vectors are `step` apart and each next four by `advance`.
 */
export function transpose(): WasmFunction {
  const f = new WasmFunction({
    ...{ s0: I32, s1: I32, s2: I32, s3: I32, sourceStep: I32 },
    ...{ to: I32, step: I32, advance: I32, count: I32, mask: V128 },
  });
  f.local(V128, "v0", "v1", "v2", "v3", "x", "y").local(I32, "at");
  const store = (a: string, b: string, lanes: readonly number[]) =>
    f.get("at", a, b).shuffle(lanes).memory("v128.store");
  return f.loopWhile(() => {
    for (const i of [0, 1, 2, 3]) {
      f.get(`s${i}`).memory("v128.load").get("mask").op("i8x16.swizzle").set(`v${i}`);
      f.get(`s${i}`, "sourceStep").op("i32.add").set(`s${i}`);
    }
    f.get("to").set("at");
    for (const half of [LOW32, HIGH32]) {
      f.get("v0", "v1").shuffle(half).set("x").get("v2", "v3").shuffle(half).set("y");
      for (const quarter of [LOW64, HIGH64]) {
        store("x", "y", quarter);
        f.get("at", "step").op("i32.add").set("at");
      }
    }
    f.get("to", "advance").op("i32.add").set("to");
    f.get("count").i32(1).op("i32.sub").tee("count");
  });
}

/** Sets the four lanes to the initial state. */
export function start4(): WasmFunction {
  const f = new WasmFunction({});
  for (let i = 0; i < 8; i++) {
    f.i32(0)
      .i32(0)
      .memory("v128.load32_splat", Layout.initial + 4 * i)
      .memory("v128.store", Layout.lanes + LANE * i);
  }
  return f;
}

/** Pushes the xor of three rotations (or two and a shift) of vector `x`: the functions Σ and σ of FIPS 180-4 §4.1.2. */
function sigma4(f: WasmFunction, x: string, turns: readonly number[], shift?: number): void {
  turns.forEach((n, i) => {
    f.get(x).i32(n).op("i32x4.shr_u");
    if (i > 0) f.op("v128.xor");
    f.get(x)
      .i32(32 - n)
      .op("i32x4.shl", "v128.xor");
  });
  if (shift !== undefined) f.get(x).i32(shift).op("i32x4.shr_u", "v128.xor");
}

/** Message schedule in four lanes: W[16…63] from W[0…15] (FIPS 180-4 §6.2.2 step 1). */
export function expand4(): WasmFunction {
  const f = new WasmFunction({}).local(I32, "at").local(V128, "w1", "w2a", "w2b", "w15");
  f.i32(Layout.w + 14 * LANE)
    .memory("v128.load")
    .set("w2a");
  f.i32(Layout.w + 15 * LANE)
    .memory("v128.load")
    .set("w2b");
  f.i32(Layout.w).memory("v128.load").set("w1");
  return f
    .i32(0)
    .set("at")
    .loopWhile(() => {
      for (const [two, i] of [
        ["w2a", 0],
        ["w2b", 1],
      ] as const) {
        const at = Layout.w + i * LANE;
        f.get("at");
        f.get("w1")
          .get("at")
          .memory("v128.load", at + LANE)
          .tee("w15")
          .set("w1");
        sigma4(f, "w15", [7, 18], 3);
        f.op("i32x4.add")
          .get("at")
          .memory("v128.load", at + 9 * LANE)
          .op("i32x4.add");
        sigma4(f, two, [17, 19], 10);
        f.op("i32x4.add")
          .tee(two)
          .memory("v128.store", at + 16 * LANE);
      }
      f.advance("at", 2 * LANE)
        .get("at")
        .i32(48 * LANE)
        .op("i32.lt_u");
    });
}

/** The 64 rounds in four lanes over the schedule at `w`, added to the state (FIPS 180-4 §6.2.2 steps 2…4). */
export function rounds4(): WasmFunction {
  const f = new WasmFunction({ w: I32 }).local(I32, "k").local(V128, ...NAMES, "t", "bc", "ab");
  NAMES.forEach((name, i) => {
    f.i32(0)
      .memory("v128.load", Layout.lanes + LANE * i)
      .set(name);
  });
  f.get("b", "c").op("v128.xor").set("bc");
  f.loopWhile(() => {
    for (let i = 0; i < 8; i++) {
      const v = turned(i);
      const [a, b, d, e, g, h] = [v[0]!, v[1]!, v[3]!, v[4]!, v[6]!, v[7]!];
      const [ab, bc] = i % 2 === 0 ? (["ab", "bc"] as const) : (["bc", "ab"] as const);
      // T1 = h + K + W + Ch(e, f, g) + Σ1(e), where Ch = ((f ⊕ g) ∧ e) ⊕ g.
      f.get(h)
        .get("w")
        .memory("v128.load", i * LANE)
        .op("i32x4.add");
      f.get("k")
        .memory("v128.load32_splat", Layout.k + 4 * i)
        .op("i32x4.add");
      f.get(v[5]!, g).op("v128.xor").get(e).op("v128.and").get(g).op("v128.xor", "i32x4.add");
      sigma4(f, e, [6, 11, 25]);
      f.op("i32x4.add").tee("t").get(d).op("i32x4.add").set(d);
      // T2 = Σ0(a) + Maj(a, b, c), where Maj = ((a ⊕ b) ∧ (b ⊕ c)) ⊕ b; this round's a ⊕ b is the next one's b ⊕ c.
      f.get("t");
      sigma4(f, a, [2, 13, 22]);
      f.op("i32x4.add")
        .get(a, b)
        .op("v128.xor")
        .tee(ab)
        .get(bc)
        .op("v128.and")
        .get(b)
        .op("v128.xor", "i32x4.add")
        .set(h);
    }
    f.advance("w", 8 * LANE)
      .advance("k", 32)
      .get("k")
      .i32(256)
      .op("i32.lt_u");
  });
  NAMES.forEach((name, i) => {
    f.i32(0)
      .get(name)
      .i32(0)
      .memory("v128.load", Layout.lanes + LANE * i)
      .op("i32x4.add");
    f.memory("v128.store", Layout.lanes + LANE * i);
  });
  return f;
}

interface TransposeCall {
  /** Pushes the address of a row. */
  row: (lane: number) => unknown;
  sourceStep: number;
  /** Pushes the address of the result. */
  to: () => unknown;
  step: number;
  advance: number;
  count: number;
  mask: readonly number[];
}

function callTranspose(f: WasmFunction, { row, sourceStep, to, step, advance, count, mask }: TransposeCall): void {
  for (const i of FOUR) row(i);
  f.i32(sourceStep);
  to();
  f.i32(step).i32(advance).i32(count).v128(mask).call(F.transpose);
}

/** Reads a block of each of four messages into W; `row` pushes where a message's block begins. */
function readBlocks(f: WasmFunction, row: (lane: number) => unknown): void {
  const to = () => f.i32(Layout.w);
  callTranspose(f, { row, sourceStep: 16, to, step: LANE, advance: 4 * LANE, count: 4, mask: SWAP });
}

/** Writes the four digests, 32 bytes each, one after the other to the local `to`. */
function writeDigests(f: WasmFunction): void {
  const row = (i: number) => f.i32(Layout.lanes + LANE * i);
  const to = () => f.get("to");
  callTranspose(f, { row, sourceStep: 4 * LANE, to, step: 32, advance: 16, count: 2, mask: SWAP });
}

/**
 * Interior nodes of a Merkle tree, SHA-256(0x01 ‖ left ‖ right), four a turn: `count` > 0 turns read 256 bytes and
 * write 128. In place is possible.
 *
 * The 65 bytes are two blocks. The second is `last byte, 0x80, 0…, 520 bits`: its schedule is one of only 256, which
 * are kept at `schedules` and need no computing.
 */
export function nodes4(): WasmFunction {
  const f = new WasmFunction({ from: I32, to: I32, count: I32 });
  const lastByte = (i: number) => f.get("from").memory("i32.load8_u", 64 * i + 63);
  return f.loopWhile(() => {
    f.call(F.start4);
    readBlocks(f, (i) => {
      f.get("from").i32(64 * i - 1);
      f.op("i32.add");
    });
    // The byte before each pair was read as the first of the block; it has to be the prefix.
    f.i32(0).i32(0).memory("v128.load", Layout.w).i32(0x00ff_ffff).op("i32x4.splat", "v128.and");
    f.i32(0x0100_0000).op("i32x4.splat", "v128.or").memory("v128.store", Layout.w);
    f.call(F.expand4).i32(Layout.w).call(F.rounds4);
    for (const i of FOUR) {
      f.i32(0);
      lastByte(i).i32(24).op("i32.shl").i32(0x80_0000);
      f.op("i32.or").memory("i32.store", Layout.w2 + 4 * i);
    }
    const row = (i: number) => lastByte(i).i32(SCHEDULE_BYTES).op("i32.mul").i32(Layout.schedules).op("i32.add");
    const to = () => f.i32(Layout.w2 + 16 * LANE);
    callTranspose(f, { row, sourceStep: 16, to, step: LANE, advance: 4 * LANE, count: 12, mask: KEEP });
    f.i32(Layout.w2).call(F.rounds4);
    writeDigests(f);
    f.advance("from", 256).advance("to", 128).get("count").i32(1).op("i32.sub").tee("count");
  });
}

/** Four messages of `blocks` > 0 blocks each, padded already, at m0…m3; digests go one after the other to `to`. */
export function messages4(): WasmFunction {
  const f = new WasmFunction({ m0: I32, m1: I32, m2: I32, m3: I32, blocks: I32, to: I32 });
  f.call(F.start4);
  f.loopWhile(() => {
    readBlocks(f, (i) => f.get(`m${i}`));
    f.call(F.expand4).i32(Layout.w).call(F.rounds4);
    for (const i of FOUR) f.advance(`m${i}`, 64);
    f.get("blocks").i32(1).op("i32.sub").tee("blocks");
  });
  writeDigests(f);
  return f;
}
