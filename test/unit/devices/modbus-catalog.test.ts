import { describe, expect, it } from "vitest";
import { catalog, driverId, READINGS } from "../../../devices/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";
import { rig } from "./rig.ts";

describe.each(catalog.filter(({ link }) => link === "modbus").map((profile) => [driverId(profile), profile] as const))(
  "%s as a simulator",
  (driver, profile) => {
    it("is read whole, without a mark, and counts what its model counts", async () => {
      const { clock, driver: make, readings, simulator, states } = await rig([{ driver, startImport: 50_000 }]);
      make("m", driver, { every: 10_000 }).start();
      await clock.advance(1_800_000);
      expect(states).toEqual([{ device: "m", state: "online" }]);
      expect(readings.length).toBeGreaterThanOrEqual(175);
      const required = profile.measurements.filter(({ optional }) => !optional).map(({ name }) => name);
      for (const { reading } of readings) {
        expect(reading.quality).toBe(0);
        expect(reading.measurements.map(({ name }) => name)).toEqual(expect.arrayContaining(required));
      }
      if (profile.work === READINGS) return;
      const counted = simulator.boards[0]!.model.values().get(profile.work)!;
      const { resolution = 1 } = profile.measurements.find(({ name }) => name === profile.work)!;
      expect(counted).toBeGreaterThan(Number(readings[0]!.work) + 50);
      expect(counted - Number(readings.at(-1)!.work)).toBeLessThan(resolution + 20);
    });

    it("falls silent, sends garbage and wrong checks, and lets its register fall", async () => {
      const { clock, driver: make, readings, simulator } = await rig([{ driver }]);
      const { faults } = simulator.boards[0]!;
      make("m", driver, { every: 1000 }).start();
      await clock.advance(20_000);
      const works: bigint[] = [];
      for (const fault of ["garbage", "silent", "bad-crc", "register-fell"] as const) {
        faults.add(fault);
        await clock.advance(10_000);
        if (fault === "register-fell" && profile.work !== READINGS) {
          expect(readings.at(-1)!.reading.quality & Quality.RegisterFell).not.toBe(0);
        }
        faults.clear();
        await clock.advance(70_000);
        works.push(readings.at(-1)!.work);
        expect(readings.at(-1)!.reading.quality).toBe(0);
      }
      expect(works).toEqual([...works].sort((a, b) => (a < b ? -1 : 1)));
    });
  },
);
