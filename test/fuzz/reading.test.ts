import fc from "fast-check";
import { describe, it } from "vitest";
import { equalBytes, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import { scanCbor } from "../../protocols/cbor/index.ts";
import {
  decodeReading,
  encodeReading,
  parseSenmlCbor,
  parseSenmlJson,
  readingToSenml,
  resolve,
  toSenmlCbor,
  toSenmlJson,
} from "../../protocols/reading/index.ts";
import { reading } from "../support/arbitrary-reading.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const readings = fc.sample(reading, { numRuns: 200, seed: 8428 });

/** Base values, relative times, unknown fields: what canonical readings do not have. */
const packs = [
  '[{"bn":"urn:dev:ow:1:","bt":1276020076.001,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2}]',
  '[{"bn":"a","bv":1e3,"bs":-0.5,"n":"b","s":2,"ut":60,"x":"y"},{"n":"c","vb":true},{"n":"d","vs":"\\u6c34"},{"n":"e","vd":"aGkgCg"}]',
  '[{"bn":"2001:db8::2/","bver":26,"n":"t","v":25.2,"u":"kWh","l":[{"href":"x"}]}]',
];

describe("mutated readings", () => {
  it("are refused, or encode to the same bytes again and are strict CBOR", () => {
    fuzzDecoder({
      name: "decodeReading",
      corpus: readings.map(encodeReading),
      decode: (bytes) => {
        const decoded = decodeReading(bytes);
        if (!equalBytes(encodeReading(decoded), bytes))
          throw new Error("another encoding of the same reading was accepted");
        scanCbor(bytes);
      },
    });
  });
});

describe("mutated SenML", () => {
  it("in CBOR is refused, or resolves, or is refused then", () => {
    fuzzDecoder({
      name: "parseSenmlCbor",
      seed: 2,
      corpus: [...readings.slice(0, 60).map(encodeReading), ...packs.map((pack) => toSenmlCbor(parseSenmlJson(pack)))],
      decode: (bytes) => {
        const pack = parseSenmlCbor(bytes);
        toSenmlCbor(pack);
        resolve(pack, { now: 0 });
      },
    });
  });

  it("in JSON is refused, or resolves, or is refused then", () => {
    const texts = readings.slice(0, 60).flatMap((item) => {
      const text = toSenmlJson(readingToSenml(item, "urn:dev:mac:"));
      try {
        resolve(parseSenmlJson(text), { now: 0 });
        return [text];
      } catch (error) {
        // A decimal fraction of CBOR can be beyond every double of JSON.
        if (error instanceof ProtocolError) return [];
        throw error;
      }
    });
    fuzzDecoder({
      name: "parseSenmlJson",
      seed: 3,
      corpus: [...texts, ...packs].map(utf8),
      decode: (bytes) => {
        const pack = parseSenmlJson(new TextDecoder().decode(bytes));
        toSenmlJson(pack);
        resolve(pack, { now: 0 });
      },
    });
  });
});
