import { describe, expect, it } from "vitest";
import { ByteSlab } from "../../../protocols/bytes/index.ts";

const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => (from + i) & 255);

describe("ByteSlab", () => {
  it("gives copies that neither their source nor each other can change", () => {
    const slab = new ByteSlab();
    const sources = Array.from({ length: 300 }, (_, i) => bytes(i % 97, i));
    const copies = sources.map((source) => slab.copy(source));
    for (const source of sources) source.fill(255);
    copies[100]!.fill(7);
    for (const [i, copy] of copies.entries()) if (i !== 100) expect(copy).toEqual(bytes(i % 97, i));
  });

  it("copies a range, and what is too long for a block", () => {
    const slab = new ByteSlab();
    const source = bytes(10_000);
    expect(slab.copy(source, 20, 90)).toEqual(source.slice(20, 90));
    expect(slab.copy(source, 5)).toEqual(source.slice(5));
    expect(slab.copy(source, 3, 3)).toHaveLength(0);
  });

  it("puts short byte strings side by side, plain even when the source is a Buffer", () => {
    const slab = new ByteSlab();
    const [first, second] = [slab.copy(Buffer.from("one")), slab.copy(Buffer.from("two"))];
    expect(second.buffer).toBe(first.buffer);
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  });
});
