import { Decimal, type SenmlNumber } from "../protocols/reading/index.ts";

/**
 * `mantissa · 10^exponent` as a measurement carries it: a whole number as a number, everything else as a `Decimal`
 * with the digits it has. Only what exceeds 64 bits falls back to the nearest double.
 */
export function decimal(mantissa: bigint, exponent: number): SenmlNumber {
  const whole = exponent >= 0 ? mantissa * 10n ** BigInt(exponent) : undefined;
  if (whole !== undefined) return Number.isSafeInteger(Number(whole)) ? Number(whole) : outsized(whole, 0);
  return mantissa === 0n ? 0 : outsized(mantissa, exponent);
}

function outsized(mantissa: bigint, exponent: number): SenmlNumber {
  const fits = BigInt.asIntN(64, mantissa) === mantissa && exponent >= -300;
  return fits ? new Decimal(mantissa, exponent) : Number(`${mantissa}e${exponent}`);
}

/**
 * The shortest decimal whose nearest 32-bit float is `value`: 0x43673333 is 231.2, not 231.1999969482422. Nothing is lost:
 * rounding it to 32 bits gives the register's bits again.
 * @param value a finite 32-bit float.
 */
export function shortestFloat(value: number, exponent = 0): SenmlNumber {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (Math.fround(Number(text)) === value) return fromExponential(text, exponent);
  }
  return fromExponential(value.toExponential(8), exponent);
}

/** A double's shortest decimal. */
export function exactNumber(value: number, exponent = 0): SenmlNumber {
  return fromExponential(value.toExponential(), exponent);
}

function fromExponential(text: string, shift: number): SenmlNumber {
  const [digits, power] = text.split("e") as [string, string];
  const [whole, fraction = ""] = digits.split(".") as [string, string?];
  const mantissa = BigInt(whole + fraction);
  return trimmed(mantissa, Number(power) - fraction.length + shift);
}

function trimmed(mantissa: bigint, exponent: number): SenmlNumber {
  let digits = mantissa;
  let power = exponent;
  while (digits !== 0n && digits % 10n === 0n) {
    digits /= 10n;
    power++;
  }
  return decimal(digits, power);
}

/** `value · 10^exponent`, exactly. */
export function shifted(value: SenmlNumber, exponent: number): SenmlNumber {
  if (exponent === 0) return value;
  if (typeof value === "number") return exactNumber(value, exponent);
  return decimal(value.mantissa, value.exponent + exponent);
}

/** The largest whole number that is not above `value`. */
export function wholePart(value: SenmlNumber): bigint {
  if (typeof value === "number") return BigInt(Math.floor(value));
  const { mantissa, exponent } = value;
  if (exponent >= 0) return mantissa * 10n ** BigInt(exponent);
  const unit = 10n ** BigInt(-exponent);
  const whole = mantissa / unit;
  return mantissa < 0n && whole * unit !== mantissa ? whole - 1n : whole;
}
