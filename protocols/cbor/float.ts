const scratch = new DataView(new ArrayBuffer(8));

/** f16 bits of NaN in the one form that is written and accepted (RFC 8949 §4.2.2). */
export const HALF_NAN = 0x7e00;

/** The number that 16 bits of IEEE 754 binary16 hold (RFC 8949 appendix D). */
export function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

/** The binary16 bits that hold exactly `value`, or -1 when it needs more. NaN gives the one canonical NaN. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return HALF_NAN;
  if (Math.fround(value) !== value) return -1;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const mantissa = bits & 0x7fffff;
  if (exponent === -127 && mantissa === 0) return sign;
  if (exponent === 128) return sign | 0x7c00;
  if (exponent >= -14 && exponent <= 15) {
    return (mantissa & 0x1fff) === 0 ? sign | ((exponent + 15) << 10) | (mantissa >> 13) : -1;
  }
  if (exponent < -24 || exponent > 15) return -1;
  // A half's subnormal: the implicit one moves into the mantissa, and what is shifted out must be zero.
  const shift = -exponent - 1;
  const whole = mantissa | 0x800000;
  return (whole & ((1 << shift) - 1)) === 0 ? sign | (whole >> shift) : -1;
}

/** Bytes of the shortest float that holds exactly `value`: 2, 4 or 8 (preferred serialization, RFC 8949 §4.1). */
export function floatWidth(value: number): 2 | 4 | 8 {
  if (toHalf(value) >= 0) return 2;
  return Math.fround(value) === value ? 4 : 8;
}

/** The float of 2, 4 or 8 big-endian bytes at `at`. */
export function floatAt(bytes: Uint8Array, at: number, width: number): number {
  if (width === 2) return fromHalf((bytes[at]! << 8) | bytes[at + 1]!);
  for (let i = 0; i < width; i++) scratch.setUint8(i, bytes[at + i]!);
  return width === 4 ? scratch.getFloat32(0) : scratch.getFloat64(0);
}

/** True for the numbers that CBOR of this profile writes as integers: safe integers, but not -0. */
export function isIntegral(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}
