import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { decodeRegisters, encodeRegisters, type RegisterFormat } from "../../../protocols/modbus/index.ts";

describe("register values", () => {
  it.each<[string, RegisterFormat, number | bigint | string]>([
    ["43663334", { type: "f32" }, 230.20001220703125],
    ["33344366", { type: "f32", wordOrder: "low-first" }, 230.20001220703125],
    ["66433433", { type: "f32", byteOrder: "low-first" }, 230.20001220703125],
    ["34336643", { type: "f32", wordOrder: "low-first", byteOrder: "low-first" }, 230.20001220703125],
    ["fff6", { type: "i16" }, -10],
    ["fff6", { type: "u16" }, 0xfff6],
    ["fffffffe", { type: "i32" }, -2],
    ["fffeffff", { type: "i32", wordOrder: "low-first" }, -2],
    ["00000001", { type: "u32" }, 1],
    ["ffffffffffffffff", { type: "u64" }, (1n << 64n) - 1n],
    ["0004000300020001", { type: "u64", wordOrder: "low-first" }, 0x0001_0002_0003_0004n],
    ["ffffffffffffffff", { type: "i64" }, -1n],
    ["4057400000000000", { type: "f64" }, 93],
    ["47573137", { type: "string", words: 2 }, "GW17"],
    ["5747", { type: "string", words: 1, byteOrder: "low-first" }, "GW"],
    ["475700002020", { type: "string", words: 3 }, "GW"],
  ])("%s as %o is %s", (hex, format, value) => {
    expect(decodeRegisters(format, fromHex(hex))).toBe(value);
    if (hex !== "475700002020") expect(toHex(encodeRegisters(format, value))).toBe(hex);
  });

  it("reads at an offset and refuses what lies outside", () => {
    expect(decodeRegisters({ type: "u16" }, fromHex("000100020003"), 2)).toBe(3);
    expect(() => decodeRegisters({ type: "u32" }, fromHex("000100020003"), 2)).toThrow(
      expect.objectContaining({ code: "FS-MODBUS-REGISTERS" }) as Error,
    );
    expect(() => decodeRegisters({ type: "string", words: 1 }, fromHex("ffff"))).toThrow(
      expect.objectContaining({ code: "FS-MODBUS-REGISTERS" }) as Error,
    );
  });

  it("round-trips every type in every order", () => {
    const order = fc.constantFrom<("high-first" | "low-first")[]>("high-first", "low-first");
    const cases = fc.oneof(
      fc.record({ type: fc.constant<"u16">("u16"), value: fc.nat(0xffff) }),
      fc.record({ type: fc.constant<"i16">("i16"), value: fc.integer({ min: -0x8000, max: 0x7fff }) }),
      fc.record({ type: fc.constant<"u32">("u32"), value: fc.nat(0xffff_ffff) }),
      fc.record({ type: fc.constant<"i32">("i32"), value: fc.integer() }),
      fc.record({ type: fc.constant<"u64">("u64"), value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) }),
      fc.record({ type: fc.constant<"i64">("i64"), value: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }) }),
      fc.record({ type: fc.constant<"f32">("f32"), value: fc.float() }),
      fc.record({ type: fc.constant<"f64">("f64"), value: fc.double() }),
    );
    fc.assert(
      fc.property(cases, order, order, ({ type, value }, wordOrder, byteOrder) => {
        const format = { type, wordOrder, byteOrder };
        expect(decodeRegisters(format, encodeRegisters(format, value))).toEqual(value);
      }),
    );
  });

  it("clamps integers to the type's range", () => {
    expect(toHex(encodeRegisters({ type: "u16" }, 70000))).toBe("ffff");
    expect(toHex(encodeRegisters({ type: "i16" }, -70000))).toBe("8000");
    expect(toHex(encodeRegisters({ type: "u16" }, Number.NaN))).toBe("0000");
  });
});
