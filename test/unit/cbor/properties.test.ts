import { Tagged as CborgTagged, decode as cborgDecode, encode as cborgEncode, rfc8949EncodeOptions } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter, equalBytes, ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, encodeCbor, scanCbor, Tagged, writeValue } from "../../../protocols/cbor/index.ts";
import { cborValue } from "../../support/arbitrary-cbor.ts";
import { mutations } from "../../support/mutate.ts";

// cborg is an implementation of other people; here it is at its strictest.
function theirs(bytes: Uint8Array): unknown {
  return cborgDecode(bytes, {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    useMaps: true,
    rejectDuplicateMapKeys: true,
    tags: { 4: (content) => new Tagged(4, content() as CborValue) },
  });
}

function forTheirs(value: CborValue): unknown {
  if (value instanceof Tagged) return new CborgTagged(value.tag, forTheirs(value.value));
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, forTheirs(item)]));
  return Array.isArray(value) ? value.map(forTheirs) : value;
}

/** cborg writes -0 as the integer 0; ours keeps it, as a float. */
function hasNegativeZero(value: unknown): boolean {
  if (value instanceof Tagged) return hasNegativeZero(value.value);
  if (value instanceof Map) return [...value.values()].some(hasNegativeZero);
  return Array.isArray(value) ? value.some(hasNegativeZero) : Object.is(value, -0);
}

const LIMITS = { maxDepth: 16 };

describe("any CBOR value", () => {
  it("is the same after encoding and decoding", () => {
    fc.assert(
      fc.property(cborValue, (value) => {
        expect(decodeCbor(encodeCbor(value), LIMITS)).toEqual(value);
      }),
    );
  });

  it("is to cborg what it is to us", () => {
    fc.assert(
      fc.property(cborValue, (value) => {
        const bytes = encodeCbor(value);
        expect(theirs(bytes)).toEqual(value);
        if (!hasNegativeZero(value))
          expect(toHex(cborgEncode(forTheirs(value), rfc8949EncodeOptions))).toBe(toHex(bytes));
      }),
    );
  });

  it("loses no byte, and bears no byte more", () => {
    fc.assert(
      fc.property(cborValue, fc.nat(), (value, cut) => {
        const bytes = encodeCbor(value);
        expect(() => scanCbor(bytes.subarray(0, cut % bytes.length), LIMITS)).toThrow(ProtocolError);
        expect(() => scanCbor(Uint8Array.of(...bytes, 0), LIMITS)).toThrow(
          expect.objectContaining({ code: "FS-CBOR-TRAILING" }),
        );
      }),
    );
  });

  it("is written behind what a writer already holds", () => {
    fc.assert(
      fc.property(fc.array(cborValue, { maxLength: 3 }), (values) => {
        const writer = new ByteWriter(1);
        writer.u8(0x80 | values.length);
        for (const value of values) writeValue(writer, value);
        expect(writer.finish()).toEqual(encodeCbor(values));
      }),
    );
  });
});

describe("mutated CBOR that is accepted", () => {
  const corpus = fc.sample(cborValue, { numRuns: 300, seed: 8949 }).map((value) => encodeCbor(value));

  it("encodes to the same bytes again, and cborg accepts it and reads the same value", () => {
    let accepted = 0;
    for (const bytes of mutations(1, corpus, 20_000, 512)) {
      let value: CborValue;
      try {
        value = decodeCbor(bytes, LIMITS);
      } catch (error) {
        if (error instanceof ProtocolError) continue;
        throw error;
      }
      accepted++;
      if (!equalBytes(encodeCbor(value), bytes)) expect(encodeCbor(value)).toEqual(bytes);
      expect(theirs(bytes)).toEqual(value);
    }
    expect(accepted).toBeGreaterThan(2000);
  });

  it("is accepted where widths and order are free, with the same value", () => {
    for (const bytes of mutations(2, corpus, 20_000, 512)) {
      try {
        scanCbor(bytes, LIMITS);
      } catch {
        continue;
      }
      expect(decodeCbor(bytes, { ...LIMITS, deterministic: false })).toEqual(decodeCbor(bytes, LIMITS));
    }
  });
});
