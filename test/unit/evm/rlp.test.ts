import fc from "fast-check";
import { toRlp } from "viem";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../../protocols/bytes/errors.ts";
import { fromHex, toHex } from "../../../protocols/bytes/text.ts";
import { decodeRlp, encodeRlp, type RlpValue, rlpUint } from "../../../protocols/evm/index.ts";

const rlpArbitrary = fc.letrec<{ value: RlpValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.uint8Array({ maxLength: 70 }),
    fc.array(tie("value"), { maxLength: 5 }),
  ),
})).value;

type HexTree = `0x${string}` | readonly HexTree[];
const toTree = (value: RlpValue): HexTree => (value instanceof Uint8Array ? `0x${toHex(value)}` : value.map(toTree));

describe("RLP", () => {
  // ethereum.org, "Recursive-length prefix serialization", examples.
  it.each<[string, RlpValue, string]>([
    ["dog", new TextEncoder().encode("dog"), "83646f67"],
    ["cat and dog", [new TextEncoder().encode("cat"), new TextEncoder().encode("dog")], "c88363617483646f67"],
    ["the empty string", new Uint8Array(0), "80"],
    ["the empty list", [], "c0"],
    ["byte 0", Uint8Array.of(0), "00"],
    ["byte 15", Uint8Array.of(15), "0f"],
    ["1024", Uint8Array.of(4, 0), "820400"],
    ["set of three", [[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"],
    ["56 characters", new Uint8Array(56).fill(0x61), `b838${"61".repeat(56)}`],
  ])("encodes %s", (_, value, hex) => {
    expect(toHex(encodeRlp(value))).toBe(hex);
    expect(toTree(decodeRlp(fromHex(hex)))).toEqual(toTree(value));
  });

  it("agrees with viem on any value and is undone by decoding", () => {
    fc.assert(
      fc.property(rlpArbitrary, (value) => {
        const bytes = encodeRlp(value);
        expect(`0x${toHex(bytes)}`).toBe(toRlp(toTree(value) as Parameters<typeof toRlp>[0]));
        expect(toTree(decodeRlp(bytes))).toEqual(toTree(value));
      }),
      { numRuns: 500 },
    );
  });

  it("has one encoding per value: what decodes encodes to the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let value: RlpValue;
        try {
          value = decodeRlp(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          return;
        }
        expect(toHex(encodeRlp(value))).toBe(toHex(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ["nothing", ""],
    ["a single byte in the long form", "8100"],
    ["a long length where the short one fits", "b801ff"],
    ["a length with a leading zero", "b90001"],
    ["a length of five bytes", "bc0000000001"],
    ["a string that ends early", "83646f"],
    ["a length that ends early", "b9ff"],
    ["a list whose item leaves it", "c283646f67"],
    ["bytes after the item", "8000"],
    ["a length of 4 GiB", "fbffffffff"],
  ])("refuses %s", (_, hex) => {
    expect(() => decodeRlp(fromHex(hex))).toThrow(ProtocolError);
  });

  it("keeps to its limits", () => {
    let deep: RlpValue = [];
    for (let i = 0; i < 20; i++) deep = [deep];
    expect(() => decodeRlp(encodeRlp(deep))).toThrow(/too deep/);
    expect(decodeRlp(encodeRlp(deep), { maxDepth: 32 })).toBeDefined();
    expect(() => decodeRlp(new Uint8Array(9), { maxBytes: 8 })).toThrow(/at most 8/);
    expect(() => decodeRlp(encodeRlp([[], [], []]), { maxItems: 3 })).toThrow(/too many items/);
  });

  it("writes integers without leading zeros", () => {
    expect([0n, 1n, 255n, 256n, 1n << 64n].map((n) => toHex(rlpUint(n)))).toEqual([
      "",
      "01",
      "ff",
      "0100",
      "010000000000000000",
    ]);
  });
});
