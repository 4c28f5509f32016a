import { OneWire, Sysex } from "./constants.ts";
import { pack7, toPairs } from "./seven-bit.ts";

/** Requests without their start and end, as sysex writers of libraries take them. */

/** Turns the I2C bus on. */
export const i2cConfig = (): number[] => [Sysex.i2cConfig, 0, 0];

/** Writes bytes to an I2C device. */
export const i2cWrite = (address: number, bytes: Iterable<number>): number[] => [
  Sysex.i2cRequest,
  address,
  0,
  ...toPairs(bytes),
];

/** Reads once (i2c.md: mode bits 01), from a register where the device has them. */
export const i2cRead = (address: number, register: number | undefined, count: number): number[] => [
  Sysex.i2cRequest,
  address,
  0b01 << 3,
  ...toPairs(register === undefined ? [count] : [register, count]),
];

/** Makes a pin a one-wire bus that stays powered after writing. */
export const oneWireConfig = (pin: number): number[] => [Sysex.oneWire, OneWire.config, pin, 0];

export const oneWireSearch = (pin: number): number[] => [Sysex.oneWire, OneWire.search, pin];

/** Resets the bus, addresses a device (all of them without `rom`), writes. */
export function oneWireWrite(pin: number, rom: Uint8Array | undefined, bytes: Iterable<number>): number[] {
  const address = rom ? OneWire.select : OneWire.skip;
  const bits = OneWire.reset | address | OneWire.write;
  return [Sysex.oneWire, bits, pin, ...pack7([...(rom ?? []), ...bytes])];
}

/** As `oneWireWrite`, and reads `count` bytes; the reply carries `correlation` (16 bits). */
export function oneWireRead(
  pin: number,
  rom: Uint8Array,
  bytes: Iterable<number>,
  count: number,
  correlation: number,
): number[] {
  const bits = OneWire.reset | OneWire.select | OneWire.write | OneWire.read;
  const head = [count & 0xff, count >> 8, correlation & 0xff, correlation >> 8];
  return [Sysex.oneWire, bits, pin, ...pack7([...rom, ...head, ...bytes])];
}

/** One reading of a DHT11 or DHT22 (dhtsensor.md "Attach sensor"). */
export const dhtRead = (pin: number, model: 11 | 22): number[] => [Sysex.dht, model === 11 ? 1 : 2, pin];
