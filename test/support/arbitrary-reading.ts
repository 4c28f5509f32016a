import fc from "fast-check";
import { Decimal, type Measurement, type Reading, type SenmlNumber, units } from "../../protocols/reading/index.ts";

/** Doubles without NaN and infinities. */
export const finiteDouble = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Decimal fractions, any of 64 bits and ±308; exponent 0 is left out, because that is an integer. */
export const decimal = fc
  .tuple(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }), fc.integer({ min: -308, max: 308 }))
  .filter(([, exponent]) => exponent !== 0)
  .map(([mantissa, exponent]) => new Decimal(mantissa, exponent));

const beyondSafe = fc
  .bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n })
  .chain((big) => fc.constantFrom(new Decimal(big, 0), new Decimal(-1n - big, 0)));

export const senmlNumber: fc.Arbitrary<SenmlNumber> = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -70_000, max: 70_000 }),
  finiteDouble,
  finiteDouble.map(Math.fround).filter(Number.isFinite),
  decimal,
  beyondSafe,
);

export const senmlName = fc
  .stringMatching(/^[A-Za-z0-9][A-Za-z0-9\-:./_]{0,63}$/)
  .filter((name) => name !== "q" && name !== "prev");

const measurement = fc.record(
  {
    name: senmlName,
    unit: fc.oneof(fc.constantFrom(...units.keys()), fc.stringMatching(/^[!-~]{1,32}$/)),
    value: fc.oneof(senmlNumber, fc.string({ unit: "grapheme" }), fc.boolean(), fc.uint8Array({ maxLength: 40 })),
    sum: senmlNumber,
  },
  { requiredKeys: ["name"] },
) as fc.Arbitrary<Measurement>;

/** Any reading that `Reading` allows, but for its largest sizes. */
export const reading: fc.Arbitrary<Reading> = fc.record(
  {
    time: fc.oneof(
      fc.maxSafeInteger(),
      fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => seconds * 1000),
    ),
    quality: fc.integer({ min: 0, max: 63 }),
    prev: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    measurements: fc.uniqueArray(
      measurement.filter(({ value, sum }) => value !== undefined || sum !== undefined),
      { minLength: 1, maxLength: 12, selector: ({ name }) => name },
    ),
  },
  { requiredKeys: ["time", "quality", "measurements"] },
) as fc.Arbitrary<Reading>;
