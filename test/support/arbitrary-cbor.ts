import fc from "fast-check";
import { type CborKey, type CborValue, Tagged } from "../../protocols/cbor/index.ts";

const integer = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer({ min: -300, max: 300 }),
  fc.integer(),
  // Beyond the safe range, where integers are bigints in both directions.
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
);
const float = fc.oneof(fc.double(), fc.float(), fc.constantFrom(0.5, 1.5, 2 ** -24, 6.1035e-5, -0, 65_536.5, 2 ** 60));
const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom("__proto__", "constructor", ""));
const key: fc.Arbitrary<CborKey> = fc.oneof(integer, text);

/** A value as `decodeCbor` gives it: every integer in the type that it is read back in. */
export const cborValue: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.oneof(integer, float, text, fc.boolean(), fc.constant(null), fc.uint8Array({ maxLength: 40 })),
    fc.array(tie("value"), { maxLength: 6 }),
    fc
      .uniqueArray(fc.tuple(key, tie("value")), { maxLength: 6, selector: ([name]) => name })
      .map((pairs) => new Map(pairs)),
    fc.tuple(integer, integer).map((pair) => new Tagged(4, pair)),
  ),
})).value;
