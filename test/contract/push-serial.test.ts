import { expect, it } from "vitest";
import { type DeviceReading, type DeviceState, DriverHost, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { Quality } from "../../protocols/reading/index.ts";
import { ptyPair } from "../support/pty-pair.ts";
import { describeWith } from "../support/requires.ts";

const DRIVERS = [
  "p1/dsmr-p1",
  "han/kamstrup-han",
  "sml/sml-meter",
  "text/openenergymonitor-emontx3",
  "mbus/mbus-heat-meter",
];

/** What the memory port shows in manual time, on real lines: baud rates and parities are what the profiles say. */
async function threeReadings(driver: string, where: { simulator: string; port?: string }): Promise<DeviceReading[]> {
  const clock = systemClock();
  const simulator = await simulate({ boards: [{ driver }], on: where.simulator, clock, interval: 50 });
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  const three = new Promise<void>((resolve) => {
    const meter = new DriverHost({ clock }).create({
      name: "m",
      driver,
      config: { port: where.port ?? simulator.port, every: 20 },
      clock,
      onReading: (reading) => {
        readings.push(reading);
        if (readings.length === 3) void meter.stop().then(resolve);
      },
      onState: (state) => states.push(state),
    });
    meter.start();
  });
  await three;
  await simulator.stop();
  expect(states).toEqual([{ device: "m", state: "online" }]);
  return readings;
}

/** A machine under load may be late, which is a gap and nothing else. */
const sound = ({ reading }: DeviceReading) => (reading.quality & ~Quality.GapBefore) === 0;

describeWith(["socat"], "boards on a pty", () => {
  it.each(DRIVERS)("%s", async (driver) => {
    const pair = await ptyPair();
    try {
      const readings = await threeReadings(driver, { simulator: pair.a, port: pair.b });
      expect(readings.every(sound)).toBe(true);
    } finally {
      await pair.end();
    }
  });
});

it.each(DRIVERS)("%s behind a TCP converter", async (driver) => {
  const readings = await threeReadings(driver, { simulator: "tcp:0" });
  expect(readings.every(sound)).toBe(true);
});
