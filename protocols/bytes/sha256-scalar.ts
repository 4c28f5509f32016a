import { FOUR, Layout, NAMES, SWAP, turned } from "./sha256-layout.ts";
import { I32, V128, WasmFunction } from "./wasm-emitter.ts";

/** Pushes the xor of three rotations (or two and a shift) of the i32 `x`. */
function sigma(f: WasmFunction, x: string, turns: readonly number[], shift?: number): void {
  turns.forEach((n, i) => {
    f.get(x).i32(n).op("i32.rotr");
    if (i > 0) f.op("i32.xor");
  });
  if (shift !== undefined) f.get(x).i32(shift).op("i32.shr_u", "i32.xor");
}

/** `blocks` > 0 blocks of one message into the state (FIPS 180-4 §6.2.2). */
export function compress(): WasmFunction {
  const f = new WasmFunction({ from: I32, blocks: I32 }).local(
    I32,
    "at",
    ...NAMES,
    "t",
    "ab",
    "bc",
    "w1",
    "w2a",
    "w2b",
  );
  f.local(V128, "swap").v128(SWAP).set("swap");
  return f.loopWhile(() => {
    for (const i of FOUR) {
      f.i32(0)
        .get("from")
        .memory("v128.load", 16 * i)
        .get("swap")
        .op("i8x16.swizzle")
        .memory("v128.store", Layout.w + 16 * i);
    }
    f.i32(0).memory("i32.load", Layout.w).set("w1");
    f.i32(0)
      .memory("i32.load", Layout.w + 56)
      .set("w2a")
      .i32(0)
      .memory("i32.load", Layout.w + 60)
      .set("w2b");
    f.i32(0)
      .set("at")
      .loopWhile(() => {
        for (const [two, i] of [
          ["w2a", 0],
          ["w2b", 1],
        ] as const) {
          const at = Layout.w + 4 * i;
          f.get("at")
            .get("w1")
            .get("at")
            .memory("i32.load", at + 4)
            .set("w1");
          sigma(f, "w1", [7, 18], 3);
          f.op("i32.add")
            .get("at")
            .memory("i32.load", at + 36)
            .op("i32.add");
          sigma(f, two, [17, 19], 10);
          f.op("i32.add")
            .tee(two)
            .memory("i32.store", at + 64);
        }
        f.advance("at", 8).get("at").i32(192).op("i32.lt_u");
      });
    NAMES.forEach((name, i) => {
      f.i32(0)
        .memory("i32.load", Layout.state + 4 * i)
        .set(name);
    });
    f.get("b", "c").op("i32.xor").set("bc").i32(0).set("at");
    f.loopWhile(() => {
      for (let i = 0; i < 4; i++) {
        const v = turned(i);
        const [a, b, d, e, g, h] = [v[0]!, v[1]!, v[3]!, v[4]!, v[6]!, v[7]!];
        const [ab, bc] = i % 2 === 0 ? (["ab", "bc"] as const) : (["bc", "ab"] as const);
        f.get(h)
          .get("at")
          .memory("i32.load", Layout.w + 4 * i)
          .op("i32.add");
        f.get("at")
          .memory("i32.load", Layout.k + 4 * i)
          .op("i32.add");
        f.get(v[5]!, g).op("i32.xor").get(e).op("i32.and").get(g).op("i32.xor", "i32.add");
        sigma(f, e, [6, 11, 25]);
        f.op("i32.add").tee("t").get(d).op("i32.add").set(d).get("t");
        sigma(f, a, [2, 13, 22]);
        f.op("i32.add").get(a, b).op("i32.xor").tee(ab).get(bc).op("i32.and").get(b).op("i32.xor", "i32.add").set(h);
      }
      // After four rounds each variable has the name of its partner; the vector kernel goes the whole turn of eight.
      const turn = turned(4);
      f.get(...turn);
      for (const name of [...NAMES].reverse()) f.set(name);
      f.advance("at", 16).get("at").i32(256).op("i32.lt_u");
    });
    NAMES.forEach((name, i) => {
      f.i32(0)
        .get(name)
        .i32(0)
        .memory("i32.load", Layout.state + 4 * i)
        .op("i32.add");
      f.memory("i32.store", Layout.state + 4 * i);
    });
    f.advance("from", 64).get("blocks").i32(1).op("i32.sub").tee("blocks");
  });
}
