import { describe, expect, it } from "vitest";
import { PulseCounter } from "../../../devices/drivers/firmata/pulse-counter.ts";
import { findDriver, lintProfile, profile, READINGS, withPulseConstant } from "../../../devices/index.ts";

describe("a meter's own constant", () => {
  const meter = findDriver("firmata/s0-pulse-meter");
  const of = (pulses: number | undefined) => withPulseConstant(meter, pulses).measurements[0]!;

  it("goes before the profile's", () => {
    expect(of(800)).toMatchObject({ firmata: { pulses: 2, impulses: 800, pullup: true }, step: 22 });
    expect(of(undefined)).toEqual(meter.measurements[0]);
    // A single pulse of 100 Wh is no jump.
    expect(of(10).step).toBeGreaterThanOrEqual(100);
    expect(of(2000).step).toBe(17);
    expect(lintProfile(withPulseConstant(meter, 0.01))).toEqual([]);
  });

  it("is nothing to other sensors", () => {
    const other = findDriver("firmata/bme280");
    expect(withPulseConstant(other, 800)).toEqual(other);
  });
});

describe("pulse counter", () => {
  const feed = (counter: PulseCounter, ...edges: [boolean, number][]) => {
    for (const [active, at] of edges) counter.take(active, at);
    return counter.pulses;
  };

  it("counts one for each clean pulse", () => {
    const counter = new PulseCounter({ debounce: 10 });
    expect(feed(counter, [false, 0], [true, 100], [false, 130], [true, 160], [false, 190])).toBe(2);
    expect(counter.bounces).toBe(0);
  });

  it("counts one for a contact that bounces when it closes and when it opens", () => {
    const counter = new PulseCounter({ debounce: 10 });
    const closing: [boolean, number][] = [
      [true, 100],
      [false, 101],
      [true, 102],
      [false, 104],
      [true, 105],
    ];
    const opening: [boolean, number][] = [
      [false, 145],
      [true, 146],
      [false, 148],
      [true, 149],
      [false, 150],
    ];
    expect(feed(counter, [false, 0], ...closing, ...opening)).toBe(1);
    expect(counter.bounces).toBe(4);
    expect(feed(counter, [true, 200], [false, 240])).toBe(2);
  });

  it("counts no pulse whose beginning it did not see", () => {
    const counter = new PulseCounter({ debounce: 10 });
    expect(feed(counter, [true, 0], [false, 50])).toBe(0);
    expect(feed(counter, [true, 100])).toBe(1);
    counter.lose();
    expect(feed(counter, [true, 500], [false, 530], [true, 600])).toBe(2);
  });
});

describe("lint", () => {
  it("finds what a Firmata profile cannot mean", () => {
    const sound = findDriver("firmata/bme280").measurements[0]!;
    const broken = profile({
      id: "broken",
      vendor: "any",
      model: "any",
      link: "firmata",
      source: "none",
      work: READINGS,
      firmata: { sampling: 1 },
      measurements: [
        { ...sound, firmata: { chip: "bme280", quantity: "wind", address: 0x80 } },
        { ...sound, name: "soil_moisture", unit: "/100", firmata: { analog: 16, points: [[5, 1]], decimals: 1 } },
        { ...sound, name: "door_open", unit: "", firmata: { digital: 2 } },
        { ...sound, name: "humidity", unit: "%RH", firmata: { dht: 2, model: 22, quantity: "humidity" } },
        { ...sound, name: "illuminance", unit: "lx", firmata: { oneWire: 200, rom: "xx" } },
        { ...sound, name: "pressure", unit: "Pa", firmata: { pulses: 3, impulses: 0 } },
      ],
    });
    const problems = lintProfile(broken).map(({ path, message }) => `${path} ${message}`);
    for (const part of [
      "firmata.sampling",
      "temperature.firmata.quantity",
      "temperature.firmata.address",
      "soil_moisture.firmata.analog",
      "soil_moisture.firmata.points",
      "door_open.firmata.digital",
      "humidity.firmata pin 2 is used twice",
      "illuminance.firmata must be on a pin",
      "illuminance.firmata.rom",
      "pressure.firmata.pulses",
      "pressure.firmata.impulses",
    ]) {
      expect(
        problems.some((text) => text.includes(part)),
        part,
      ).toBe(true);
    }
  });
});
