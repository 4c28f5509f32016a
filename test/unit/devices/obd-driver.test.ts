import { describe, expect, it } from "vitest";
import { numberOf } from "../../../protocols/reading/index.ts";
import { rig } from "./rig.ts";

const DRIVER = "obd/obd2-odometer";

async function car(driver = DRIVER) {
  const site = await rig([{ driver }]);
  const van = site.driver("van", driver, { every: 1000 });
  const values = () =>
    new Map(site.readings.at(-1)!.reading.measurements.map(({ name, value }) => [name, value as number]));
  const end = async () => {
    await van.stop();
    await site.simulator.stop();
  };
  return { ...site, van, values, end };
}

describe("a car behind an ELM327", () => {
  it("is found, asked what it has, and read", async () => {
    const { van, clock, readings, states, values, end } = await car();
    van.start();
    await clock.advance(10_000);
    expect(readings.length).toBeGreaterThanOrEqual(9);
    expect(numberOf(values().get("engine_speed")!)).toBe(1850);
    expect(values().get("vehicle_speed")).toBe(57);
    expect(String(values().get("module_voltage"))).toBe("14.1");
    expect(values().get("vin")).toMatch(/^[A-HJ-NPR-Z0-9]{17}$/);
    // 16 m/s, in the odometer's steps of 100 m.
    expect(Number(readings.at(-1)!.work - readings[0]!.work)).toBeGreaterThanOrEqual(100);
    expect(readings.at(-1)!.reading.quality).toBe(0);
    expect(states).toEqual([{ device: "van", state: "online" }]);
    await end();
  });

  it("that sleeps is offline with a reason, and read again when it wakes", async () => {
    const { van, clock, simulator, readings, states, end } = await car();
    simulator.boards[0]!.faults.add("silent");
    van.start();
    await clock.advance(30_000);
    expect(states).toMatchObject([{ state: "offline", code: "FS-OBD-NO-CAR" }]);
    simulator.boards[0]!.faults.clear();
    await clock.advance(70_000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    simulator.boards[0]!.faults.add("silent");
    await clock.advance(10_000);
    expect(states.map(({ code }) => code)).toContain("FS-OBD-NO-DATA");
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-OBD-NO-CAR" });
    const before = readings.length;
    simulator.boards[0]!.faults.clear();
    await clock.advance(130_000);
    expect(readings.length).toBeGreaterThan(before);
    await end();
  });

  it("whose frames are spoiled costs those readings and no other", async () => {
    const { van, clock, simulator, readings, end } = await car("obd/obd2-distance");
    van.start();
    await clock.advance(5_000);
    simulator.boards[0]!.faults.add("bad-crc");
    await clock.advance(2_000);
    simulator.boards[0]!.faults.clear();
    const before = readings.length;
    await clock.advance(5_000);
    expect(readings.length).toBeGreaterThanOrEqual(before + 4);
    expect(van.counters().refusals).toBeGreaterThan(0);
    await end();
  });

  it("is read over an adapter that is pulled and plugged in again, and stops at any moment", async () => {
    const { van, clock, device, readings, states, end } = await car();
    van.start();
    await clock.advance(3_000);
    device.lose("unplugged");
    await clock.advance(500);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-PORT-LOST" });
    const before = readings.length;
    await clock.advance(10_000);
    expect(readings.length).toBeGreaterThan(before);
    expect(van.counters().reconnects).toBe(1);
    await end();
    for (let ms = 0; ms < 3; ms++) {
      const other = await car();
      other.van.start();
      await other.clock.advance(ms);
      await other.end();
      const { length } = other.readings;
      await other.clock.advance(5_000);
      expect(other.readings).toHaveLength(length);
    }
  });

  it("whose adapter says nothing is told to be so", async () => {
    const { van, clock, simulator, states, end } = await car();
    await simulator.stop();
    van.start();
    await clock.advance(10_000);
    expect(states[0]).toMatchObject({ state: "offline", code: "FS-OBD-TIMEOUT" });
    await end();
  });
});
