import { describe, expect, it } from "vitest";
import { fromHex } from "../../../protocols/bytes/index.ts";
import {
  bh1750Tenths,
  bme280Calibration,
  bme280Values,
  checkRom,
  crc8Maxim,
  ds18b20Temperature,
  ina219Bus,
  ina219Shunt,
  ina260Current,
} from "../../../protocols/sensors/index.ts";

const bad = expect.objectContaining({ code: "FS-SENSOR-DATA" }) as Error;

describe("BME280", () => {
  // Bosch's example of the compensation (BST-BMP280-DS001 §3.12): its calibration, 519888 and 415148.
  const low = fromHex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017");
  const high = fromHex("7201001329031e");
  const calibration = () => bme280Calibration(low, fromHex("4b"), high);

  it("computes temperature and pressure of the data sheet's example", () => {
    const values = bme280Values(calibration(), fromHex("655ac07eed008000"));
    expect(values.temperature).toBe(2508);
    // 100653.25 Pa: what the published integer formula gives; the figure's 100653.27 is of the floating-point one.
    expect(values.pressure).toBe(25_767_233);
    expect(values.humidity).toBeUndefined();
  });

  it("keeps humidity between 0 and 100 %, growing with its count", () => {
    const at = (count: number) => {
      const data = fromHex("655ac07eed000000");
      data[6] = count >> 8;
      data[7] = count & 0xff;
      return bme280Values(calibration(), data).humidity!;
    };
    expect(at(0)).toBe(0);
    expect(at(0xffff)).toBe(100 * 1024);
    for (let count = 0; count < 0x7f00; count += 256) expect(at(count + 256)).toBeGreaterThanOrEqual(at(count));
  });

  it("refuses what is no calibration or no measurement", () => {
    expect(() => bme280Calibration(new Uint8Array(24), fromHex("4b"), high)).toThrow(bad);
    expect(() => bme280Calibration(new Uint8Array(24).fill(255), fromHex("4b"), high)).toThrow(bad);
    expect(() => bme280Calibration(low.subarray(1), fromHex("4b"), high)).toThrow(bad);
    expect(() => bme280Values(calibration(), fromHex("8000008000008000"))).toThrow(bad);
    expect(() => bme280Values(calibration(), fromHex("00"))).toThrow(bad);
  });
});

describe("DS18B20", () => {
  // Maxim 19-7487 table 1, in front of the data sheet's defaults (TH 75, TL 70, 12 bits) and their check byte.
  const scratchpad = (raw: number, config = 0x7f) => {
    const bytes = Uint8Array.of(raw & 0xff, (raw >> 8) & 0xff, 0x4b, 0x46, config, 0xff, 0x0c, 0x10, 0);
    bytes[8] = crc8Maxim(bytes.subarray(0, 8));
    return bytes;
  };

  it.each([
    [0x07d0, 125],
    [0x0191, 25.0625],
    [0x0008, 0.5],
    [0x0000, 0],
    [0xfff8, -0.5],
    [0xff5e, -10.125],
    [0xfc90, -55],
  ])("%s is %d degrees", (raw, degrees) => {
    expect(ds18b20Temperature(scratchpad(raw)) / 16).toBe(degrees);
  });

  it("has the check byte of application note 27, and no undefined bits", () => {
    // Maxim application note 27: ROM 02 1C B8 01 00 00 00 has A2.
    expect(crc8Maxim(fromHex("021cb801000000"))).toBe(0xa2);
    expect(() => checkRom(fromHex("021cb801000000a2"))).not.toThrow();
    expect(() => checkRom(fromHex("021cb801000000a3"))).toThrow(bad);
    expect(ds18b20Temperature(scratchpad(0x0197, 0x1f))).toBe(0x0190);
  });

  it("notices every flipped bit, and a bus without a sensor", () => {
    const good = scratchpad(0x0191);
    for (let bit = 0; bit < 72; bit++) {
      const spoiled = good.slice();
      spoiled[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => ds18b20Temperature(spoiled)).toThrow(bad);
    }
    expect(() => ds18b20Temperature(new Uint8Array(9))).toThrow(bad);
    expect(() => ds18b20Temperature(new Uint8Array(9).fill(0xff))).toThrow(bad);
  });
});

describe("light and current", () => {
  it("decode the data sheets' examples", () => {
    // Rohm BH1750FVI, "Measurement sequence example": 10000011 10010000 is 28067 lx.
    expect(bh1750Tenths(fromHex("8390"))).toBe(280_667);
    // TI SBOS448G table 7: -320 mV is 0x8300.
    expect(ina219Shunt(fromHex("8300"))).toBe(-32_000);
    // SBOS448G table 8: 11.98 V on the bus, 20 mV across the shunt.
    expect(ina219Bus(fromHex("5d98"))).toBe(11_980);
    expect(ina219Shunt(fromHex("07d0"))).toBe(2000);
    // SBOS656C table 5: 0xFFFF is -1.25 mA.
    expect(ina260Current(fromHex("ffff"))).toBe(-1);
    expect(() => ina219Bus(fromHex("5d"))).toThrow(bad);
  });
});
