import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, ProtocolError, UsageError } from "../../../protocols/bytes/index.ts";
import { encodeCbor, Tagged } from "../../../protocols/cbor/index.ts";
import {
  Decimal,
  numberOf,
  parseSenmlCbor,
  parseSenmlJson,
  resolve,
  type SenmlRecord,
  toSenmlCbor,
  toSenmlJson,
} from "../../../protocols/reading/index.ts";
import { finiteDouble, senmlName, senmlNumber } from "../../support/arbitrary-reading.ts";

const NOW = { now: 1_700_000_000_000 };
const code = (what: string) => expect.objectContaining({ code: what });

describe("SenML in JSON", () => {
  it.each([
    ["FS-SENML-SYNTAX", "{"],
    ["FS-SENML-SYNTAX", "{}"],
    ["FS-SENML-SYNTAX", "[1]"],
    ["FS-SENML-SYNTAX", "[[]]"],
    ["FS-SENML-SYNTAX", "[null]"],
    ["FS-SENML-SYNTAX", "[".repeat(60_000)],
    ["FS-SENML-VALUE", '[{"v":1e999}]'],
    ["FS-SENML-VALUE", '[{"v":"1"}]'],
    ["FS-SENML-VALUE", '[{"v":null}]'],
    ["FS-SENML-VALUE", '[{"n":1}]'],
    ["FS-SENML-VALUE", '[{"vs":"\\ud800"}]'],
    ["FS-SENML-VALUE", '[{"vd":"aGkgCg=="}]'],
    ["FS-SENML-VALUE", '[{"v":1,"vs":"1"}]'],
    ["FS-SENML-VERSION", '[{"bver":11}]'],
    ["FS-SENML-VERSION", '[{"bver":0}]'],
    ["FS-SENML-VERSION", '[{"bver":1.5}]'],
    ["FS-SENML-LABEL", '[{"x_":1}]'],
    ["FS-SENML-LABEL", '[{"__proto__":{"v":1}}]'],
    ["FS-SENML-SIZE", " ".repeat(65_537)],
  ])("refuses with %s (%#)", (what, text) => {
    expect(() => parseSenmlJson(text)).toThrow(ProtocolError);
    expect(() => parseSenmlJson(text)).toThrow(code(what));
  });

  it("keeps plain unknown fields, whatever their labels mean to JavaScript", () => {
    const [record] = parseSenmlJson('[{"n":"a","v":1,"constructor":"x","l":{"deep":[]},"ct":60}]');
    expect(record!.extra).toEqual(
      new Map<string, string | number>([
        ["constructor", "x"],
        ["ct", 60],
      ]),
    );
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(toSenmlJson([record!])).toBe('[{"n":"a","v":1,"constructor":"x","ct":60}]');
  });

  it("writes decimals with their digits, and no number that JSON lacks", () => {
    expect(toSenmlJson([{ name: "a", value: new Decimal(183_420n, -2), time: -0 }])).toBe(
      '[{"n":"a","v":1834.20,"t":-0}]',
    );
    expect(() => toSenmlJson([{ value: Number.NaN }])).toThrow(UsageError);
    expect(() => toSenmlJson([{ name: "\udc00" }])).toThrow(UsageError);
  });
});

describe("SenML in CBOR", () => {
  it("reads any label order, width and decimal fraction", () => {
    // [{2: 20.0 (f64), 0: "a"}], then [{0: "a", 2: 4([0, 5])}] and 2^60 as a long integer
    expect(parseSenmlCbor(fromHex("81a202fb4034000000000000006161"))).toEqual([{ name: "a", value: 20 }]);
    expect(parseSenmlCbor(fromHex("81a200616102c4820005"))).toEqual([{ name: "a", value: 5 }]);
    expect(parseSenmlCbor(fromHex("81a2006161021b1000000000000000"))[0]!.value).toEqual(new Decimal(2n ** 60n, 0));
  });

  it.each([
    ["FS-SENML-SYNTAX", encodeCbor(1)],
    ["FS-SENML-SYNTAX", encodeCbor([1])],
    ["FS-SENML-LABEL", encodeCbor([new Map([["v", 1]])])],
    ["FS-SENML-LABEL", encodeCbor([new Map([["x_", 1]])])],
    ["FS-SENML-VALUE", encodeCbor([new Map([[2, "1"]])])],
    ["FS-SENML-VALUE", encodeCbor([new Map([[2, Number.NaN]])])],
    ["FS-SENML-VALUE", encodeCbor([new Map([["ct", Number.NaN]])])],
    ["FS-SENML-VALUE", encodeCbor([new Map([[2, new Tagged(4, [309, 1])]])])],
    ["FS-SENML-VERSION", encodeCbor([new Map([[-1, 11]])])],
    ["FS-CBOR-KEY-DUPLICATE", fromHex("81a202010202")],
    ["FS-CBOR-KEY-DUPLICATE", fromHex("81a20201180202")],
    ["FS-CBOR-INDEFINITE", fromHex("9fa10201ff")],
  ])("refuses with %s (%#)", (what, bytes) => {
    expect(() => parseSenmlCbor(bytes)).toThrow(ProtocolError);
    expect(() => parseSenmlCbor(bytes)).toThrow(code(what));
  });

  it("passes over integer labels that the table lacks and fields that are not plain", () => {
    const bytes = encodeCbor([
      new Map<number | string, number | string | number[]>([
        [0, "a"],
        [2, 1],
        [99, 1],
        ["x", [1]],
        ["l", "b"],
      ]),
    ]);
    expect(parseSenmlCbor(bytes)).toEqual([{ name: "a", value: 1, extra: new Map([["l", "b"]]) }]);
  });
});

describe("resolution", () => {
  it("adds base values decimally, and only to numbers", () => {
    const pack: SenmlRecord[] = [
      { baseName: "a", baseValue: 120.1, baseTime: 1e9, name: "1", value: 0.2 },
      { name: "2", value: "text" },
      { name: "3" },
      { name: "4", value: new Decimal(5n, -2), time: 1 },
    ];
    expect(resolve(pack, NOW).map(({ name, value, time }) => [name, value, time])).toEqual([
      ["a1", 120.3, 1e9],
      ["a2", "text", 1e9],
      ["a3", 120.1, 1e9],
      ["a4", new Decimal(12_015n, -2), 1e9 + 1],
    ]);
  });

  it("adds base sums", () => {
    const pack: SenmlRecord[] = [{ baseSum: 100, name: "a", sum: 5 }, { name: "b", value: 1 }, { name: "c" }];
    expect(resolve(pack, NOW).map(({ value, sum }) => [value, sum])).toEqual([
      [undefined, 105],
      [1, 100],
      [undefined, 100],
    ]);
  });

  it("counts times below 2^28 from now, and sorts", () => {
    const pack: SenmlRecord[] = [
      { name: "a", value: 1, time: 2 ** 28 },
      { name: "b", value: 1, time: 2 ** 28 - 1 },
      { name: "c", value: 1, time: -0.5 },
      { name: "d", value: 1 },
    ];
    expect(resolve(pack, NOW).map(({ name, time }) => [name, time])).toEqual([
      ["a", 2 ** 28],
      ["c", 1_699_999_999.5],
      ["d", 1_700_000_000],
      ["b", 1_700_000_000 + 2 ** 28 - 1],
    ]);
  });

  it("keeps the version of secondary units, and drops unknown base fields", () => {
    const extra = new Map([
      ["bct", "60"],
      ["ct", "61"],
    ]);
    expect(resolve([{ baseVersion: 26, name: "a", unit: "kWh", value: 1, extra }], NOW)).toEqual([
      { name: "a", unit: "kWh", value: 1, time: 1_700_000_000, baseVersion: 26, extra: new Map([["ct", "61"]]) },
    ]);
  });

  it.each<[string, SenmlRecord[]]>([
    ["FS-SENML-NAME", [{ value: 1 }]],
    ["FS-SENML-NAME", [{ name: "a b", value: 1 }]],
    ["FS-SENML-NAME", [{ baseName: "-", name: "a", value: 1 }]],
    ["FS-SENML-NAME", [{ baseName: "a".repeat(1024), name: "b", value: 1 }]],
    ["FS-SENML-VALUE", [{ name: "a", value: 1, time: new Decimal(2n ** 64n - 1n, 308) }]],
    ["FS-SENML-VALUE", [{ name: "a" }]],
    ["FS-SENML-VALUE", [{ baseValue: 1e308, name: "a", value: 1e308 }]],
    [
      "FS-SENML-VERSION",
      [
        { name: "a", value: 1 },
        { baseVersion: 5, name: "b", value: 1 },
      ],
    ],
  ])("refuses with %s (%#)", (what, pack) => {
    expect(() => resolve(pack, NOW)).toThrow(code(what));
  });
});

const record: fc.Arbitrary<SenmlRecord> = fc.record(
  {
    baseName: senmlName,
    baseTime: senmlNumber,
    baseUnit: fc.string(),
    baseValue: senmlNumber,
    baseSum: senmlNumber,
    baseVersion: fc.constantFrom(5, 10, 26),
    name: senmlName,
    unit: fc.string(),
    value: fc.oneof(senmlNumber, fc.string({ unit: "grapheme" }), fc.boolean(), fc.uint8Array({ maxLength: 40 })),
    sum: senmlNumber,
    time: senmlNumber,
    updateTime: senmlNumber,
    extra: fc
      .uniqueArray(fc.tuple(fc.stringMatching(/^x[a-z]{0,5}$/), fc.oneof(fc.string(), finiteDouble, fc.boolean())), {
        minLength: 1,
        maxLength: 3,
        selector: ([label]) => label,
      })
      .map((pairs) => new Map(pairs)),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<SenmlRecord>;

/** JSON has no order of extra fields of its own, and no decimals: numbers are compared as the doubles that they are. */
function doubles(records: SenmlRecord[]): unknown[] {
  return records.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => [key, value instanceof Decimal ? numberOf(value) : value]),
    ),
  );
}

describe("any pack", () => {
  it("is the same after CBOR", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (pack) => {
        expect(parseSenmlCbor(toSenmlCbor(pack))).toEqual(pack);
      }),
    );
  });

  it("is the same after JSON, in doubles", () => {
    const finite = fc.array(record, { maxLength: 6 }).filter((pack) => {
      return doubles(pack).every((item) =>
        Object.values(item as object).every((value) => Math.abs(Number(value)) !== Number.POSITIVE_INFINITY),
      );
    });
    fc.assert(
      fc.property(finite, (pack) => {
        expect(doubles(parseSenmlJson(toSenmlJson(pack)))).toEqual(doubles(pack));
      }),
    );
  });

  it("resolves to itself once it is resolved, or is refused", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (pack) => {
        let resolved: SenmlRecord[];
        try {
          resolved = resolve(pack, NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          return;
        }
        // A time that is still below 2^28 after adding now (a pack can say "fifty years ago") stays relative.
        if (resolved.some(({ time }) => numberOf(time!) < 2 ** 28)) return;
        expect(resolve(resolved, { now: 0 })).toEqual(resolved);
      }),
      { numRuns: 500 },
    );
  });
});
