import {
  BME280,
  bme280Calibration,
  bme280Values,
  crc8Maxim,
  DS18B20,
  INA219,
  INA260,
} from "../../protocols/sensors/index.ts";
import type { FirmataChip } from "../sections/firmata.ts";

/** A sensor on the simulated I2C bus. */
export interface ChipTwin {
  write(bytes: Uint8Array): void;
  /** @param register undefined: from where the last read or write left off. */
  read(register: number | undefined, count: number): Uint8Array;
}

/** What it measures now, by quantity. */
type Measure = (quantity: string) => number;

const words = (...values: number[]): number[] => values.flatMap((value) => [value & 0xff, (value >> 8) & 0xff]);
const big = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 0xff, value & 0xff);
const limit = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.round(value)));

// A calibration of its own, of the size real ones have.
const LOW = Uint8Array.from([
  ...words(27_911, 26_114, 50),
  ...words(36_842, -10_571, 3024, 6720, -61, -7, 9900, -10_230, 4285),
]);
const H1 = Uint8Array.of(75);
// H2 362, H3 0, H4 331, H5 50, H6 30.
const HIGH = Uint8Array.of(...words(362), 0, 331 >> 4, (331 & 0x0f) | ((50 & 0x0f) << 4), 50 >> 4, 30);
const CALIBRATION = bme280Calibration(LOW, H1, HIGH);

/** The raw value whose compensated one is nearest to what is wanted; `value` grows or falls with it throughout. */
function bisect(most: number, wanted: number, value: (raw: number) => number): number {
  let [low, high] = [0, most];
  const grows = value(most) > value(0);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value(middle) < wanted === grows) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bme280Data(temperature: number, pressure: number, humidity: number): Uint8Array {
  const data = new Uint8Array(8);
  const twenty = (at: number, raw: number) => data.set([raw >> 12, (raw >> 4) & 0xff, (raw & 0x0f) << 4], at);
  const compensated = () => bme280Values(CALIBRATION, data);
  const tuned = (most: number, wanted: number, put: (raw: number) => void, read: () => number | undefined) => {
    const value = (raw: number) => {
      put(raw);
      return read() ?? 0;
    };
    put(bisect(most, wanted, value));
  };
  tuned(
    0x7ffff,
    temperature * 100,
    (raw) => twenty(3, raw),
    () => compensated().temperature,
  );
  tuned(
    0x7ffff,
    pressure * 256,
    (raw) => twenty(0, raw),
    () => compensated().pressure,
  );
  tuned(
    0x7fff,
    humidity * 1024,
    (raw) => data.set(big(raw), 6),
    () => compensated().humidity,
  );
  return data;
}

function bme280(measure: Measure): ChipTwin {
  let data: Uint8Array = Uint8Array.of(0x80, 0, 0, 0x80, 0, 0, 0x80, 0);
  const at = (register: number): Uint8Array => {
    if (register === BME280.id) return Uint8Array.of(BME280.chipId);
    if (register === BME280.calibrationLow) return LOW;
    if (register === BME280.calibrationH1) return H1;
    if (register === BME280.calibrationHigh) return HIGH;
    return register === BME280.data ? data : new Uint8Array(0);
  };
  return {
    write([register, value = 0]) {
      // Any mode but sleep measures.
      const measures = register === BME280.control && (value & 3) !== 0;
      if (measures) data = bme280Data(measure("temperature"), measure("pressure"), measure("humidity"));
    },
    read: (register = 0, count) => padded(at(register), count),
  };
}

/** What lies behind the registers of a sensor reads as zeros here. */
function padded(bytes: Uint8Array, count: number): Uint8Array {
  const out = new Uint8Array(count);
  out.set(bytes.subarray(0, count));
  return out;
}

const bh1750 = (measure: Measure): ChipTwin => ({
  write: () => undefined,
  read: (_, count) => padded(big(limit(measure("illuminance") * 1.2, 0, 0xffff)), count),
});

const ina219 = (measure: Measure): ChipTwin => ({
  write: () => undefined,
  read(register, count) {
    // 100 milliohms: 10 µV are 0.1 mA.
    if (register === INA219.shunt) return padded(big(limit(measure("current") * 10_000, -32_768, 32_767)), count);
    return padded(big(limit(measure("voltage") * 250, 0, 0x1fff) << 3), count);
  },
});

const ina260 = (measure: Measure): ChipTwin => ({
  write: () => undefined,
  read(register, count) {
    const values: Readonly<Record<number, number>> = {
      [INA260.current]: limit(measure("current") * 800, -32_768, 32_767),
      [INA260.bus]: limit(measure("voltage") * 800, 0, 0xffff),
      [INA260.power]: limit(Math.abs(measure("voltage") * measure("current")) * 100, 0, 0xffff),
      [INA260.maker]: INA260.makerId,
    };
    return padded(big(values[register ?? 0] ?? 0), count);
  },
});

export const CHIP_TWINS: Readonly<Record<FirmataChip, (measure: Measure) => ChipTwin>> = {
  bme280,
  bh1750,
  ina219,
  ina260,
};

/** Address of the simulated one-wire sensor. */
export const ROM = (() => {
  const serial = Uint8Array.of(DS18B20.family, 0x53, 0x49, 0x4d, 0x30, 0x30, 0x31);
  return Uint8Array.of(...serial, crc8Maxim(serial));
})();

/** @param temperature degrees Celsius. */
export function scratchpad(temperature: number): Uint8Array {
  const raw = Math.round(temperature * 16);
  const bytes = Uint8Array.of(raw & 0xff, (raw >> 8) & 0xff, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10);
  return Uint8Array.of(...bytes, crc8Maxim(bytes));
}
