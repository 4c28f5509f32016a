import { describe, expect, it } from "vitest";
import { equalBytes, fromHex } from "../../protocols/bytes/index.ts";
import { decodeCbor, encodeCbor, scanCbor, Tagged } from "../../protocols/cbor/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

/** One item of each type and width, alone and nested. */
const corpus = [
  encodeCbor([0, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 2n ** 64n - 1n]),
  encodeCbor([-1, -24, -25, -256, -257, -65_536, -4_294_967_297, -(2n ** 64n)]),
  encodeCbor([1.5, 0.1, -0, 1e300, 3.4028234663852886e38, Number.NaN, Number.POSITIVE_INFINITY]),
  encodeCbor(["", "a", "ü", "水", "𐅑", "x".repeat(30)]),
  encodeCbor([new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(300)]),
  encodeCbor([true, false, null]),
  encodeCbor(new Map([[1, new Map([["__proto__", [1, [2, [3, [4]]]]]])]])),
  encodeCbor([new Tagged(4, [-1, 18_342]), new Tagged(4, [-3, 2n ** 63n])]),
  encodeCbor([
    new Map<number | string, string>([
      [-3, "a"],
      [0, "b"],
      ["q", "c"],
    ]),
  ]),
  fromHex("00"),
];

describe("mutated CBOR", () => {
  it("is refused with a ProtocolError or scanned", () => {
    const report = fuzzDecoder({ name: "scanCbor", corpus, decode: (bytes) => scanCbor(bytes) });
    expect(report.runs).toBe(report.accepted + report.refused);
  });

  it("that is accepted encodes to the same bytes again", () => {
    fuzzDecoder({
      name: "decodeCbor",
      corpus,
      seed: 2,
      decode: (bytes) => {
        const again = encodeCbor(decodeCbor(bytes));
        if (!equalBytes(again, bytes)) throw new Error("another encoding of the same item was accepted");
      },
    });
  });

  it("is refused or read where widths and order are free", () => {
    fuzzDecoder({
      name: "decodeCbor, lenient",
      corpus,
      seed: 3,
      decode: (bytes) => decodeCbor(bytes, { deterministic: false }),
    });
  });
});
