import { ProtocolError, UsageError } from "../bytes/index.ts";

/** Exponents go as far as those of a double. */
const MAX_EXPONENT = 308;
const MAX_MANTISSA = 0xffff_ffff_ffff_ffffn;
/** Digits, sign, point and exponent of everything that fits, with room for leading zeros; keeps BigInt() off long input. */
const MAX_TEXT = 64;
const TEXT = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;

/** True when `mantissa · 10^exponent` can be a `Decimal`: 64-bit CBOR integers, exponent -308 … 308. */
export function decimalFits(mantissa: bigint, exponent: number): boolean {
  return (
    Number.isInteger(exponent) &&
    Math.abs(exponent) <= MAX_EXPONENT &&
    mantissa >= -1n - MAX_MANTISSA &&
    mantissa <= MAX_MANTISSA
  );
}

/**
 * A decimal fraction, `mantissa · 10^exponent` (CBOR tag 4, RFC 8949 §3.4.4), so that 1834.2 of a meter stays 1834.2. Digits
 * are kept as they came: 1834.20 has another mantissa. With exponent 0 it is an integer and is written as one.
 */
export class Decimal {
  readonly mantissa: bigint;
  readonly exponent: number;

  /** @throws UsageError FS-DECIMAL-RANGE for a mantissa outside -2^64 … 2^64-1 or an exponent outside ±308. */
  constructor(mantissa: bigint, exponent: number) {
    if (!decimalFits(mantissa, exponent)) {
      throw new UsageError("FS-DECIMAL-RANGE", "a decimal fraction needs more than 64 bits or an exponent beyond ±308");
    }
    this.mantissa = mantissa;
    this.exponent = exponent;
  }

  /**
   * `-12.50`, `001834.2`, `5e-3`: digits on both sides of a point, of at most 64 characters.
   * @throws ProtocolError FS-DECIMAL-TEXT for other text and for what does not fit.
   */
  static parse(text: string): Decimal {
    const match = text.length <= MAX_TEXT ? TEXT.exec(text) : null;
    if (!match) throw new ProtocolError("FS-DECIMAL-TEXT", "text is not a decimal number");
    const [, sign, whole, fraction = "", power = "0"] = match;
    const digits = BigInt(`${whole}${fraction}`);
    const mantissa = sign === "-" ? -digits : digits;
    const exponent = Number(power) - fraction.length;
    if (!decimalFits(mantissa, exponent)) throw new ProtocolError("FS-DECIMAL-TEXT", "decimal number is out of range");
    return new Decimal(mantissa, exponent);
  }

  /** The nearest double; ±Infinity when it is beyond all. */
  toNumber(): number {
    return Number(`${this.mantissa}e${this.exponent}`);
  }

  /** All digits: `1834.20`. With an exponent above 0 in exponent form: `5e3`. Always a JSON number. */
  toString(): string {
    if (this.exponent === 0) return this.mantissa.toString();
    if (this.exponent > 0) return `${this.mantissa}e${this.exponent}`;
    const negative = this.mantissa < 0n;
    const digits = (negative ? -this.mantissa : this.mantissa).toString().padStart(1 - this.exponent, "0");
    return `${negative ? "-" : ""}${digits.slice(0, this.exponent)}.${digits.slice(this.exponent)}`;
  }
}

/** An integer, a float, or a decimal fraction. Integers beyond 2^53 are a `Decimal` with exponent 0. */
export type SenmlNumber = number | Decimal;

/** The nearest double. */
export function numberOf(value: SenmlNumber): number {
  return typeof value === "number" ? value : value.toNumber();
}

/** The shortest decimal that is read back as this double. */
function exact(value: SenmlNumber): { mantissa: bigint; exponent: number } {
  if (typeof value !== "number") return value;
  const [, sign, whole, fraction = "", power = "0"] = TEXT.exec(String(value))!;
  return { mantissa: BigInt(`${sign}${whole}${fraction}`), exponent: Number(power) - fraction.length };
}

/** A `Decimal` where it fits, else the nearest double. */
export function decimalOrNumber(mantissa: bigint, exponent: number): SenmlNumber {
  if (decimalFits(mantissa, exponent)) return new Decimal(mantissa, exponent);
  return Number(`${mantissa}e${exponent}`);
}

/**
 * Sum as a person would write it: 120.1 + 0.2 is 120.3. Of two doubles it is a double, with a `Decimal` it is a `Decimal`
 * (a double where that does not fit). Both must be finite.
 */
export function addNumbers(a: SenmlNumber, b: SenmlNumber): SenmlNumber {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum)) return sum;
    if (a === 0 || b === 0) return sum;
  }
  if (a === 0) return b;
  if (b === 0) return a;
  const x = exact(a);
  const y = exact(b);
  const exponent = Math.min(x.exponent, y.exponent);
  const mantissa =
    x.mantissa * 10n ** BigInt(x.exponent - exponent) + y.mantissa * 10n ** BigInt(y.exponent - exponent);
  if (typeof a === "number" && typeof b === "number") return Number(`${mantissa}e${exponent}`);
  return decimalOrNumber(mantissa, exponent);
}
