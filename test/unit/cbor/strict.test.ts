import { describe, expect, it } from "vitest";
import { ByteWriter, fromHex, ProtocolError, toHex, UsageError } from "../../../protocols/bytes/index.ts";
import {
  type CborKey,
  type CborLimits,
  type CborValue,
  decodeCbor,
  encodeCbor,
  invalidUtf8At,
  Major,
  scanCbor,
  Tagged,
  utf8Length,
  writeFloat,
  writeHead,
  writeInteger,
  writeNumber,
  writeText,
} from "../../../protocols/cbor/index.ts";

const hex = (text: string) => fromHex(text.replaceAll(" ", ""));
const code = (what: string) => expect.objectContaining({ code: `FS-CBOR-${what}` });

describe("the strict profile refuses", () => {
  it.each([
    ["SHORT", "", "nothing"],
    ["SHORT", "18", "a head without its argument"],
    ["SHORT", "1b00000000000000", "half an argument"],
    ["SHORT", "6261", "half a text"],
    ["SHORT", "8201", "an item less than announced"],
    ["SHORT", "a101", "a key without value"],
    ["SHORT", "f97c", "half a float"],
    ["TRAILING", "0000", "a second item"],
    ["SHORTEST", "1817", "23 in two bytes"],
    ["SHORTEST", "1900ff", "255 in three"],
    ["SHORTEST", "1a0000ffff", "65,535 in five"],
    ["SHORTEST", "1b00000000ffffffff", "4,294,967,295 in nine"],
    ["SHORTEST", "3817", "-24 in two"],
    ["SHORTEST", "580100", "a long length of bytes"],
    ["SHORTEST", "780161", "a long length of text"],
    ["SHORTEST", "980100", "a long length of an array"],
    ["SHORTEST", "b8010000", "a long length of a map"],
    ["SHORTEST", "d804820000", "a long tag"],
    ["RESERVED", "1c", "additional information 28"],
    ["RESERVED", "1f", "an integer of indefinite length"],
    ["RESERVED", "df00", "a tag of indefinite length"],
    ["RESERVED", "fc", "a reserved simple value"],
    ["INDEFINITE", "5fff", "bytes of indefinite length"],
    ["INDEFINITE", "bfff", "a map of indefinite length"],
    ["INDEFINITE", "ff", "a break"],
    ["FLOAT", "fa3fc00000", "1.5 in four bytes"],
    ["FLOAT", "fb3ff8000000000000", "1.5 in eight"],
    ["FLOAT", "fb40091eb860000000", "an f32 in eight"],
    ["FLOAT", "fa33800000", "the smallest half in four bytes"],
    ["FLOAT", "f97e01", "a NaN with a payload"],
    ["FLOAT", "f9fe00", "a negative NaN"],
    ["FLOAT", "fb4340000000000000", "2^53 in eight bytes"],
    ["FLOAT", "f95640", "100 as a float"],
    ["SIMPLE", "f7", "undefined"],
    ["SIMPLE", "e0", "simple value 0"],
    ["SIMPLE", "f820", "simple value 32"],
    ["TAG", "c249010000000000000000", "a bignum"],
    ["TAG", "d81b00", "tag 27"],
    ["TAG", "db0000000100000004 8200 00", "a tag of 64 bits that ends in 4"],
    ["TAG", "c400", "tag 4 over an integer"],
    ["TAG", "c48101", "tag 4 over one item"],
    ["TAG", "c483010203", "tag 4 over three items"],
    ["TAG", "c482f93800 01", "tag 4 with a fractional exponent"],
    ["TAG", "c4820161 61", "tag 4 with a text mantissa"],
    ["TAG", "c48200c2410 1", "tag 4 with a bignum mantissa"],
    ["UTF8", "61ff", "an invalid byte"],
    ["UTF8", "62c0af", "an overlong form"],
    ["UTF8", "63eda080", "a surrogate"],
    ["UTF8", "64f4908080", "a code point beyond 10FFFF"],
    ["UTF8", "62e6b0", "a cut sequence"],
    ["KEY-TYPE", "a1400 0", "a key of bytes"],
    ["KEY-TYPE", "a18000", "a key that is an array"],
    ["KEY-TYPE", "a1f500", "a boolean key"],
    ["KEY-ORDER", "a202000100", "keys out of order"],
    ["KEY-ORDER", "a22000 0000", "a negative key before a positive one"],
    ["KEY-ORDER", "a2626161 00 6162 00", "a longer key before a shorter one"],
    ["KEY-DUPLICATE", "a201000100", "an integer key twice"],
    ["KEY-DUPLICATE", "a2616100616101", "a text key twice"],
    ["DEPTH", "818181818181818180", "nine levels"],
    ["DEPTH", "8181818181818181c4820000", "a tag on level nine"],
  ])("%s: %s (%s)", (what, text) => {
    expect(() => scanCbor(hex(text))).toThrow(ProtocolError);
    expect(() => scanCbor(hex(text))).toThrow(code(what));
    expect(() => decodeCbor(hex(text))).toThrow(code(what));
  });

  it("more bytes than are allowed", () => {
    expect(() => scanCbor(new Uint8Array(65_537))).toThrow(code("SIZE"));
    expect(() => scanCbor(hex("6161"), { maxBytes: 1 })).toThrow(code("SIZE"));
  });
});

describe("the strict profile reads", () => {
  it.each<[string, CborValue]>([
    ["8181818181818101", [[[[[[[1]]]]]]]],
    ["1b001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["1b0020000000000000", 2n ** 53n],
    ["3b001ffffffffffffe", Number.MIN_SAFE_INTEGER],
    ["3b001fffffffffffff", -(2n ** 53n)],
    ["f98000", -0],
    ["f90001", 2 ** -24],
    ["f903ff", 1023 * 2 ** -24],
    ["fa33000001", 2 ** -25 * (1 + 2 ** -23)],
    ["fa5d800000", 2 ** 60],
    ["f97e00", Number.NaN],
    ["c4822119 6ab3", new Tagged(4, [-2, 27_315])],
    ["64f0908591", "\u{10151}"],
    ["63efbbbf", "\ufeff"],
    [
      "a3 00 01 20 02 60 03",
      new Map<CborKey, CborValue>([
        [0, 1],
        [-1, 2],
        ["", 3],
      ]),
    ],
  ])("%s", (text, value) => {
    expect(decodeCbor(hex(text))).toEqual(value);
    expect(toHex(encodeCbor(value))).toBe(text.replaceAll(" ", ""));
  });

  it("__proto__ as a key like any other", () => {
    const map = decodeCbor(hex("a1695f5f70726f746f5f5fa1617801")) as Map<string, CborValue>;
    expect(map.get("__proto__")).toEqual(new Map([["x", 1]]));
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("tags that the caller allows, and only as deep as the caller allows", () => {
    const limits: CborLimits = { tags: new Set([18, 24]), maxDepth: 2 };
    expect(decodeCbor(hex("d28101"), limits)).toEqual(new Tagged(18, [1]));
    expect(() => decodeCbor(hex("d2818101"), limits)).toThrow(code("DEPTH"));
    expect(() => decodeCbor(hex("c4820001"), limits)).toThrow(code("TAG"));
    expect(() => decodeCbor(hex("00"), { maxDepth: 65 })).toThrow(UsageError);
    expect(() => decodeCbor(hex("00"), { maxDepth: Number.NaN })).toThrow(UsageError);
    expect(decodeCbor(hex("00"), { maxDepth: 0 })).toBe(0);
  });

  it("byte strings as copies", () => {
    const bytes = hex("420102");
    const value = decodeCbor(bytes) as Uint8Array;
    bytes[1] = 9;
    expect(value).toEqual(Uint8Array.of(1, 2));
  });
});

describe("where widths and order are free", () => {
  const read = (text: string) => decodeCbor(hex(text), { deterministic: false });

  it("long heads, any float and any key order are read", () => {
    expect(read("1b0000000000000001")).toBe(1);
    expect(read("fb3ff0000000000000")).toBe(1);
    expect(read("fa7fc00001")).toBeNaN();
    expect(read("a202000100")).toEqual(
      new Map([
        [2, 0],
        [1, 0],
      ]),
    );
    expect(read("db0000000000000004 980200 18ff")).toEqual(new Tagged(4, [0, 255]));
  });

  it.each([
    ["KEY-DUPLICATE", "a2 01 00 1801 00", "a key twice, in two widths"],
    ["KEY-DUPLICATE", "a2 1901f4 00 1a000001f4 00", "a longer key twice"],
    ["KEY-DUPLICATE", "a3 6161 00 00 00 780161 00", "a text key twice, not in a row"],
    ["INDEFINITE", "9fff", "an indefinite length"],
    ["TAG", "c24101", "a bignum"],
    ["DEPTH", "81".repeat(9), "depth"],
    ["UTF8", "780 1ff", "invalid text"],
    ["SIMPLE", "f7", "undefined"],
    ["TAG", "c4 9803 000000", "three items under tag 4"],
  ])("%s is refused all the same: %s (%s)", (what, text) => {
    expect(() => read(text)).toThrow(code(what));
  });

  it("keys that only look alike are told apart", () => {
    expect(read("a4 0100 2000 6131 00 190101 00")).toHaveProperty("size", 4);
    expect(read("a3 01 00 190100 00 6101 00")).toHaveProperty("size", 3);
  });
});

describe("bombs", () => {
  /** Reads of single bytes that a scan makes: its cost, whatever the machine does meanwhile. */
  function reads(bytes: Uint8Array, limits?: CborLimits): number {
    let count = 0;
    const watched = new Proxy(bytes, {
      get(target, property) {
        if (typeof property === "string" && /^\d+$/.test(property)) count++;
        return Reflect.get(target, property, target);
      },
    });
    expect(() => scanCbor(watched, limits)).toThrow(ProtocolError);
    return count;
  }

  it.each([
    ["an array of 2^32 items", "9b0000000100000000"],
    ["an array of 2^64 - 1 items", "9bffffffffffffffff"],
    ["a map of 2^32 pairs", "ba ffffffff"],
    ["a byte string of 2^32 bytes", "5b0000000100000000"],
    ["text of 2^63 bytes", "7b8000000000000000"],
    ["a bignum", "c25901ff"],
  ])("%s costs its head", (_, text) => {
    expect(reads(Uint8Array.of(...hex(text), ...new Uint8Array(4000)))).toBeLessThanOrEqual(9);
  });

  it("depth of 10,000 costs one byte a level that is allowed, and one", () => {
    for (const byte of [0x81, 0xa1]) expect(reads(new Uint8Array(10_000).fill(byte))).toBeLessThanOrEqual(32);
    expect(reads(new Uint8Array(10_000).fill(0xc4))).toBe(9);
    expect(reads(new Uint8Array(10_000).fill(0xc4), { deterministic: false })).toBe(9);
  });

  it("keys cost each byte four times at the most, a thousand equal beginnings or not", () => {
    const keys = Array.from({ length: 40 }, (_, i) => `${"x".repeat(90)}${String(i).padStart(4, "0")}`);
    const bytes = encodeCbor(new Map(keys.map((key) => [key, 0])));
    const twice = Uint8Array.of(...bytes.subarray(0, bytes.length - 1), 0xf7);
    expect(reads(twice)).toBeLessThanOrEqual(4 * bytes.length);
    expect(reads(twice, { deterministic: false })).toBeLessThanOrEqual(4 * bytes.length);
  });

  it("2,000 duplicate keys are refused at the second", () => {
    const pairs = hex(`b907d0${"6161 00".repeat(2000)}`);
    expect(reads(pairs)).toBeLessThanOrEqual(16);
    expect(reads(pairs, { deterministic: false })).toBeLessThanOrEqual(16);
  });
});

describe("writing", () => {
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["a plain object", { a: 1 }],
    ["a function", () => 1],
    ["a symbol", Symbol("a")],
    ["an undefined item", [undefined]],
    ["a lone surrogate", "\udc00"],
    ["2^64", 2n ** 64n],
    ["-2^64 - 1", -(2n ** 64n) - 1n],
    [
      "1 and 1n as keys",
      new Map<CborKey, number>([
        [1, 0],
        [1n, 0],
      ]),
    ],
    ["a fractional key", new Map([[1.5, 0]])],
    ["a boolean key", new Map([[true, 0]])],
    ["depth 100", Array.from({ length: 100 }).reduce<CborValue>((value) => [value], 0)],
  ])("%s is refused", (_, value) => {
    expect(() => encodeCbor(value as CborValue)).toThrow(UsageError);
  });

  it("sorts keys by their bytes, not by their length or value (RFC 8949 §4.2.1)", () => {
    // The example of the RFC without its keys that are not allowed here: 10, 100, -1, "z", "aa".
    const map = new Map<CborKey, number>([
      ["aa", 5],
      ["z", 4],
      [-1, 3],
      [100, 2],
      [10, 1],
    ]);
    expect(toHex(encodeCbor(map))).toBe("a50a01186402200361 7a046261 6105".replaceAll(" ", ""));
  });

  it("low-level functions give the shortest forms", () => {
    const writer = new ByteWriter(1);
    writeHead(writer, Major.array, 24);
    writeHead(writer, Major.bytes, 2n ** 32n);
    writeInteger(writer, -(2 ** 32) - 1);
    writeNumber(writer, 1.5);
    writeFloat(writer, 1);
    writeText(writer, "ü".repeat(20));
    expect(toHex(writer.view())).toBe(`98185b00000001000000003b0000000100000000f93e00f93c007828${"c3bc".repeat(20)}`);
    expect(() => writeInteger(writer, 0.5)).toThrow(UsageError);
    expect(() => writeInteger(writer, 2 ** 53)).toThrow(UsageError);
  });
});

describe("UTF-8", () => {
  it("is judged as the platform's strict decoder judges it", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    // Every pair of a lead byte and a second byte, with valid, missing and wrong bytes behind them.
    for (let lead = 0x7f; lead < 0x100; lead++) {
      for (let second = 0x7e; second < 0x102; second++) {
        for (const rest of [[], [0x80], [0x80, 0x80], [0xbf, 0x41], [0x41]]) {
          const bytes = Uint8Array.of(lead, second & 0xff, ...rest);
          let valid = true;
          try {
            decoder.decode(bytes);
          } catch {
            valid = false;
          }
          if (invalidUtf8At(bytes, 0, bytes.length) < 0 !== valid) expect(toHex(bytes)).toBe("judged alike");
        }
      }
    }
  });

  it("is counted without being made", () => {
    for (const text of ["", "a", "ü", "水", "\u{10151}", "a\u{10ffff}z", "\ue000\ud7ff"]) {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }
    for (const text of ["\ud800", "\udfff", "a\ud800b", "\udc00\ud800"]) expect(utf8Length(text)).toBe(-1);
  });
});
