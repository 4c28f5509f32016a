import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError, UsageError } from "../../../protocols/bytes/index.ts";
import {
  addNumbers,
  Decimal,
  numberOf,
  Quality,
  qualityNames,
  toPrimary,
  unitOf,
  units,
} from "../../../protocols/reading/index.ts";
import { decimal, finiteDouble, senmlNumber } from "../../support/arbitrary-reading.ts";

describe("Decimal", () => {
  it.each([
    ["1834.2", 18_342n, -1],
    ["001834.20", 183_420n, -2],
    ["-0.5", -5n, -1],
    ["+7", 7n, 0],
    ["5e3", 5n, 3],
    ["1.25E-2", 125n, -4],
    ["0.00", 0n, -2],
    ["18446744073709551615", 2n ** 64n - 1n, 0],
    ["-18446744073709551616", -(2n ** 64n), 0],
  ])("reads %s", (text, mantissa, exponent) => {
    expect(Decimal.parse(text)).toEqual(new Decimal(mantissa, exponent));
  });

  it.each(
    [
      [
        "",
        " 1",
        "1 ",
        ".5",
        "5.",
        "1,5",
        "1e",
        "0x10",
        "NaN",
        "Infinity",
        "--1",
        "1e309",
        "0.1e-308",
        "18446744073709551616",
      ],
      ["-18446744073709551617", "1".repeat(65), "1e99999", "١"],
    ].flat(),
  )("refuses %j", (text) => {
    expect(() => Decimal.parse(text)).toThrow(ProtocolError);
  });

  it("has limits", () => {
    for (const [mantissa, exponent] of [
      [2n ** 64n, 0],
      [-(2n ** 64n) - 1n, 0],
      [1n, 309],
      [1n, -309],
      [1n, 0.5],
      [1n, Number.NaN],
    ] as const) {
      expect(() => new Decimal(mantissa, exponent)).toThrow(UsageError);
    }
  });

  it.each([
    [new Decimal(183_420n, -2), "1834.20"],
    [new Decimal(-5n, -3), "-0.005"],
    [new Decimal(0n, -2), "0.00"],
    [new Decimal(5n, 3), "5e3"],
    [new Decimal(-7n, 0), "-7"],
  ])("%# is written %s", (value, text) => {
    expect(value.toString()).toBe(text);
  });

  it("is read back from its text, which is a JSON number", () => {
    fc.assert(
      fc.property(decimal, (value) => {
        const text = value.toString();
        expect(numberOf(value)).toBe(Number(text));
        if (Number.isFinite(value.toNumber())) expect(JSON.parse(text) as number).toBe(value.toNumber());
        if (text.length <= 64) expect(Decimal.parse(text)).toEqual(value);
      }),
    );
  });

  it("adds decimally", () => {
    expect(addNumbers(0.1, 0.2)).toBe(0.3);
    expect(addNumbers(1e21, -0.5)).toBe(1e21);
    expect(addNumbers(new Decimal(1n, -1), 0.2)).toEqual(new Decimal(3n, -1));
    expect(addNumbers(new Decimal(2n ** 64n - 1n, 0), 1)).toBe(2 ** 64);
    expect(addNumbers(Number.MAX_SAFE_INTEGER, 1)).toBe(2 ** 53);
  });

  it("adds any two numbers in either order alike, with 0 as neutral", () => {
    fc.assert(
      fc.property(senmlNumber, senmlNumber, (a, b) => {
        expect(addNumbers(a, b)).toEqual(addNumbers(b, a));
        expect(numberOf(addNumbers(a, 0)) + 0).toBe(numberOf(a) + 0);
      }),
    );
  });
});

describe("units", () => {
  it("are those of the registry", () => {
    expect([...units.values()].filter(({ symbol, primary }) => symbol === primary)).toHaveLength(67);
    expect([...units.values()].filter(({ symbol, primary }) => symbol !== primary)).toHaveLength(39);
    for (const symbol of ["W", "J", "V", "A", "Hz", "Cel", "%RH", "lat", "lon", "/", "%", "count", "beat/min", "NTU"]) {
      expect(unitOf(symbol)?.primary).toBe(symbol);
    }
    expect(unitOf("w")).toBeUndefined();
    expect(unitOf("__proto__")).toBeUndefined();
    expect(unitOf("l")).toMatchObject({ description: "liter", recommended: false });
    expect(unitOf("m3")).toMatchObject({ description: "cubic meter", recommended: true });
  });

  it("lead to a primary unit that exists", () => {
    for (const unit of units.values()) {
      expect(unitOf(unit.primary)?.primary).toBe(unit.primary);
      expect(unit.description).not.toBe("");
    }
  });

  // RFC 8798 §3 gives 100 ms and 10 dBm as examples.
  it.each([
    [100, "ms", 0.1],
    [10, "dBm", -20],
    [1.5, "kWh", 5_400_000],
    [36, "km/h", 10],
    [50, "/100", 0.5],
    [3.6, "m/h", 0.001],
    [7, "W", 7],
  ])("%d %s is %d", (value, symbol, primary) => {
    expect(toPrimary(value, unitOf(symbol)!)).toBeCloseTo(primary, 12);
  });

  it("keep a decimal exact where the scale is decimal", () => {
    expect(toPrimary(Decimal.parse("1834.2"), unitOf("kWh")!)).toEqual(new Decimal(66_031_200_000n, -1));
    expect(toPrimary(Decimal.parse("231.7"), unitOf("mV")!)).toEqual(new Decimal(2317n, -4));
    expect(toPrimary(Decimal.parse("10.5"), unitOf("dBm")!)).toEqual(new Decimal(-195n, -1));
    expect(toPrimary(Decimal.parse("1e1"), unitOf("dBm")!)).toBe(-20);
    expect(toPrimary(Decimal.parse("36.0"), unitOf("km/h")!)).toBeCloseTo(10);
    expect(toPrimary(new Decimal(2n ** 63n, 0), unitOf("kWh")!)).toBe(2 ** 63 * 3.6e6);
  });

  it("scale any number to what the registry says, within a double", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...units.values()),
        finiteDouble.filter((x) => Math.abs(x) < 1e100),
        (unit, value) => {
          const scaled = numberOf(toPrimary(value, unit));
          const expected = value * (unit.numerator / unit.denominator) + unit.offset;
          expect(Math.abs(scaled - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-15 + 1e-14);
        },
      ),
    );
  });
});

describe("quality", () => {
  it("names its bits", () => {
    expect(qualityNames(0)).toEqual([]);
    expect(qualityNames(Quality.Stuck | Quality.GapBefore)).toEqual(["Stuck", "GapBefore"]);
    expect(qualityNames(63)).toHaveLength(6);
  });
});
