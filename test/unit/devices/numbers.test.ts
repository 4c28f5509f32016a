import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { treeValues } from "../../../devices/index.ts";
import { decimal, exactNumber, shifted, shortestFloat, wholePart } from "../../../devices/numbers.ts";
import { Decimal, numberOf } from "../../../protocols/reading/index.ts";

describe("exact numbers", () => {
  it("gives a float its shortest decimal, which is the same float", () => {
    expect(String(shortestFloat(Math.fround(231.2)))).toBe("231.2");
    expect(String(shortestFloat(Math.fround(1234.5678), 3))).toBe("1234567.7");
    expect(shortestFloat(3600)).toBe(3600);
    expect(shortestFloat(-0)).toBe(0);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(numberOf(shortestFloat(value))) + 0).toBe(value + 0);
      }),
    );
  });

  it("moves the point without rounding", () => {
    expect(String(decimal(4006n, -1))).toBe("400.6");
    expect(decimal(12n, 3)).toBe(12_000);
    expect(String(shifted(Decimal.parse("1581.123"), 3))).toBe("1581123");
    expect(numberOf(shifted(Decimal.parse("10211482.5"), -3))).toBe(10_211.4825);
    expect(exactNumber(0.1, 1)).toBe(1);
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.integer({ min: -9, max: 3 }),
        (mantissa, power) => {
          expect(numberOf(decimal(mantissa, power))).toBe(Number(`${mantissa}e${power}`) + 0);
        },
      ),
    );
  });

  it("takes the whole part downwards", () => {
    expect(wholePart(Decimal.parse("4.999"))).toBe(4n);
    expect(wholePart(new Decimal(-4999n, -3))).toBe(-5n);
    expect(wholePart(12)).toBe(12n);
    expect(wholePart(new Decimal(5n, 3))).toBe(5000n);
  });
});

it("shows a reading as the MQTT tree does", () => {
  const reading = {
    time: 0,
    quality: 0,
    measurements: [
      { name: "power", unit: "W", value: new Decimal(18342n, -1) },
      { name: "energy_import", unit: "Wh", value: 10_211_482 },
      { name: "voltage_l1", unit: "V", value: 230.1 },
      { name: "valve/1", value: true },
      { name: "blob", value: new Uint8Array(2) },
    ],
  };
  expect(treeValues(reading)).toEqual({
    power_w: 1834.2,
    energy_import_kwh: 10_211.482,
    voltage_l1_v: 230.1,
    valve_1: true,
  });
});
