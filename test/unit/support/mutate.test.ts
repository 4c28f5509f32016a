import { describe, expect, it } from "vitest";
import { ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import { fuzzDecoder, mutations } from "../../support/mutate.ts";

const corpus = [Uint8Array.of(1, 2, 3, 4), new Uint8Array(5000), new Uint8Array()];

describe("mutations", () => {
  it("are the same for the same seed, and others for another", () => {
    const made = (seed: number) => Array.from(mutations(seed, corpus, 200), toHex);
    expect(made(7)).toEqual(made(7));
    expect(made(7)).not.toEqual(made(8));
    expect(new Set(made(7)).size).toBeGreaterThan(100);
  });

  it("have the size that is allowed, and leave the corpus as it is", () => {
    for (const bytes of mutations(1, corpus, 2000, 100)) expect(bytes.length).toBeLessThanOrEqual(100);
    expect(corpus[0]).toEqual(Uint8Array.of(1, 2, 3, 4));
  });
});

describe("fuzzing", () => {
  const even = (bytes: Uint8Array) => {
    if (bytes.length % 2 === 1) throw new ProtocolError("FS-TEST", "odd");
  };

  it("counts what is accepted and refused", () => {
    const report = fuzzDecoder({ name: "even", corpus, decode: even, count: 1000 });
    expect([report.runs, report.accepted + report.refused]).toEqual([1000, 1000]);
    expect(report.accepted).toBeGreaterThan(100);
    expect(report.refused).toBeGreaterThan(100);
  });

  it("finds another error, and says for which input", () => {
    const decode = (bytes: Uint8Array) => {
      even(bytes);
      if (bytes.length === 2) throw new RangeError("two");
    };
    const { stackTraceLimit } = Error;
    expect(() => fuzzDecoder({ name: "two", corpus, decode, count: 10_000 })).toThrow(
      /two: run \d+ of seed 1 lets RangeError: two escape; input [0-9a-f]{4}$/,
    );
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });

  it("finds slow input", () => {
    const decode = (bytes: Uint8Array) => {
      even(bytes);
      // Far beyond the limit, and only in CPU time: another process cannot make it slow or fast.
      const end = process.cpuUsage().user + 60_000;
      if (bytes.length === 2) while (process.cpuUsage().user < end);
    };
    expect(() => fuzzDecoder({ name: "slow", corpus, decode, count: 10_000 })).toThrow(/takes [\d.]+ ms; input/);
  });

  it("does not pass on a corpus that is never refused", () => {
    expect(() => fuzzDecoder({ name: "all", corpus, decode: () => undefined, count: 10 })).toThrow("reaches nothing");
  });
});
