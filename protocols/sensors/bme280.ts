import { ProtocolError } from "../bytes/index.ts";

/** Registers of a BME280 (Bosch BST-BME280-DS001 v1.24 §5.3, table 18). */
export const BME280 = {
  id: 0xd0,
  chipId: 0x60,
  calibrationLow: 0x88,
  calibrationH1: 0xa1,
  calibrationHigh: 0xe1,
  humidityControl: 0xf2,
  control: 0xf4,
  data: 0xf7,
} as const;

/** Trimming values (§4.2.2, table 16). */
export interface Bme280Calibration {
  t: readonly [number, number, number];
  p: readonly number[];
  h: readonly [number, number, number, number, number, number];
}

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const s16 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) << 16) >> 16;
const s8 = (value: number): number => (value << 24) >> 24;

/**
 * @param low 24 bytes from 0x88. @param h1 one byte at 0xA1. @param high seven bytes from 0xE1.
 * @throws ProtocolError FS-SENSOR-DATA when that is no calibration.
 */
export function bme280Calibration(low: Uint8Array, h1: Uint8Array, high: Uint8Array): Bme280Calibration {
  if (low.length < 24 || h1.length < 1 || high.length < 7)
    throw new ProtocolError("FS-SENSOR-DATA", "short calibration");
  const [t1, p1] = [u16(low, 0), u16(low, 6)];
  // An empty bus reads as all zeros or all ones.
  if (t1 === 0 || p1 === 0 || (t1 === 0xffff && p1 === 0xffff)) {
    throw new ProtocolError("FS-SENSOR-DATA", "a BME280 without calibration");
  }
  const h4 = (s8(high[3]!) << 4) | (high[4]! & 0x0f);
  const h5 = (s8(high[5]!) << 4) | (high[4]! >> 4);
  return {
    t: [t1, s16(low, 2), s16(low, 4)],
    p: [p1, ...Array.from({ length: 8 }, (_, i) => s16(low, 8 + 2 * i))],
    h: [h1[0]!, s16(high, 0), high[2]!, h4, h5, s8(high[6]!)],
  };
}

/** Undefined: the measurement is switched off. */
export interface Bme280Values {
  /** Hundredths of a degree Celsius. */
  temperature: number;
  /** Pascals times 256. */
  pressure: number | undefined;
  /** Percent relative humidity times 1024. */
  humidity: number | undefined;
}

/**
 * @param data eight bytes from 0xF7.
 * @throws ProtocolError FS-SENSOR-DATA when they are too few, or there is no temperature.
 */
export function bme280Values(calibration: Bme280Calibration, data: Uint8Array): Bme280Values {
  if (data.length < 8) throw new ProtocolError("FS-SENSOR-DATA", "short measurement of a BME280");
  const twenty = (at: number) => (data[at]! << 12) | (data[at + 1]! << 4) | (data[at + 2]! >> 4);
  const [pressure, temperature] = [twenty(0), twenty(3)];
  const humidity = (data[6]! << 8) | data[7]!;
  // §5.4.8: the value after reset, and of a measurement that is skipped.
  if (temperature === 0x80000) throw new ProtocolError("FS-SENSOR-DATA", "a BME280 has measured nothing yet");
  const fine = fineTemperature(calibration, temperature);
  return {
    temperature: (fine * 5 + 128) >> 8,
    pressure: pressure === 0x80000 ? undefined : compensatedPressure(calibration, pressure, fine),
    humidity: humidity === 0x8000 ? undefined : compensatedHumidity(calibration, humidity, fine),
  };
}

// §4.2.3: 32-bit integers throughout.
function fineTemperature({ t: [t1, t2, t3] }: Bme280Calibration, raw: number): number {
  const coarse = (((raw >> 3) - (t1 << 1)) * t2) >> 11;
  const offset = (raw >> 4) - t1;
  return coarse + ((((offset * offset) >> 12) * t3) >> 14);
}

// §4.2.3: 64-bit integers; the result is Q24.8.
function compensatedPressure({ p }: Bme280Calibration, raw: number, fine: number): number {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9] = p.map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const base = BigInt(fine) - 128_000n;
  const offset = base * base * p6 + ((base * p5) << 17n) + (p4 << 35n);
  const slope = (((base * base * p3) >> 8n) + ((base * p2) << 12n) + (1n << 47n)) * p1;
  const divisor = slope >> 33n;
  if (divisor === 0n) throw new ProtocolError("FS-SENSOR-DATA", "a BME280 with an impossible calibration");
  const first = (((1_048_576n - BigInt(raw)) << 31n) - offset) * 3125n;
  const value = first / divisor;
  const square = (p9 * (value >> 13n) * (value >> 13n)) >> 25n;
  const linear = (p8 * value) >> 19n;
  return Number(((value + square + linear) >> 8n) + (p7 << 4n));
}

// §4.2.3: Q22.10, limited to 0 … 100 %. The products exceed what a double holds exactly.
function compensatedHumidity({ h }: Bme280Calibration, raw: number, fine: number): number {
  const [h1, h2, h3, h4, h5, h6] = h.map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const base = BigInt(fine) - 76_800n;
  const left = ((BigInt(raw) << 14n) - (h4 << 20n) - h5 * base + 16_384n) >> 15n;
  const scale = (((base * h6) >> 10n) * (((base * h3) >> 11n) + 32_768n)) >> 10n;
  const right = ((scale + 2_097_152n) * h2 + 8192n) >> 14n;
  const product = left * right;
  const value = product - (((((product >> 15n) * (product >> 15n)) >> 7n) * h1) >> 4n);
  const limited = value < 0n ? 0n : value > 419_430_400n ? 419_430_400n : value;
  return Number(limited >> 12n);
}
