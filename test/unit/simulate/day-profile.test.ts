import { describe, expect, it } from "vitest";
import { MeterModel, parseDayProfile, simulate, treeValues } from "../../../devices/index.ts";
import { manualClock } from "../../../firmware-bridge/port/index.ts";
import { describeVectors, readVector } from "../../support/vectors.ts";
import { rig } from "../devices/rig.ts";

const day = (rows: readonly (string | number)[], head = "ActivePower") => [head, ...rows].join("\n");
const refusal = expect.objectContaining({ code: "FS-SIMULATE-PROFILE" }) as Error;
const midnight = Date.UTC(2026, 5, 21);

describe("day profiles", () => {
  it("divide a day by their lines", () => {
    expect(parseDayProfile(day([1, -2.5, 3e2]))).toEqual({ step: 28_800, watts: [1, -2.5, 300] });
    expect(parseDayProfile("\uFEFFa;b\r\n1,5;2\r\n3;4,25\r\n\r\n", { column: "b", scale: -1000 })).toEqual({
      step: 43_200,
      watts: [-2000, -4250],
    });
  });

  it("refuse what is no day, and name the columns there are", () => {
    for (const text of [
      "",
      "ActivePower",
      day(["x"]),
      day(["1,5"]).replace("ActivePower", "a,b"),
      day([1, 2, 3, 4, 5, 6, 7]),
    ]) {
      expect(() => parseDayProfile(text, { column: "ActivePower" }), text).toThrow(refusal);
    }
    expect(() => parseDayProfile("a,b\n1,2")).toThrow(
      expect.objectContaining({ fix: expect.stringContaining("a, b") as string }) as Error,
    );
    expect(() => parseDayProfile("x".repeat(5_000_000))).toThrow(refusal);
  });

  it("drive a model: power at its time, energy both ways", async () => {
    const clock = manualClock(midnight + 6 * 3_600_000);
    const series = parseDayProfile(day([...Array(12).fill(100), ...Array(6).fill(-3600), ...Array(6).fill(720)]));
    const model = new MeterModel({ clock, series, startImport: 1000, startExport: 50 });
    expect(model.values().get("power")).toBe(100);
    await clock.advance(9 * 3_600_000);
    const values = model.values();
    expect(values.get("energy_import")).toBeCloseTo(1000 + 6 * 100, 6);
    expect(values.get("energy_export")).toBeCloseTo(50 + 3 * 3600, 6);
    expect([values.get("power"), values.get("power_import"), values.get("power_export")]).toEqual([-3600, 0, 3600]);
    await clock.advance(24 * 3_600_000);
    expect(model.values().get("energy_export")).toBeCloseTo(50 + 9 * 3600, 6);
  });

  it("come out of the driver as they went into the board, fed in and taken", async () => {
    const { clock, driver, readings, simulator } = await rig([
      {
        driver: "modbus/eastron-sdm630",
        series: { step: 3600, watts: Array.from({ length: 24 }, (_, h) => 500 - 100 * h) },
      },
    ]);
    driver("m", "modbus/eastron-sdm630", { every: 60_000 }).start();
    await clock.advance(7_200_000);
    const model = simulator.boards[0]!.model.values();
    const values = treeValues(readings.at(-1)!.reading);
    expect(values["power_w"]).toBeLessThan(-800);
    expect(Number(values["energy_export_kwh"])).toBeCloseTo(model.get("energy_export")! / 1000, 1);
    expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
  });
});

describeVectors("profiles", "day profiles of a household", () => {
  const text = (file: string) => new TextDecoder().decode(readVector(`profiles/${file}`));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

  it("are read in every form", () => {
    const consumption = parseDayProfile(text("h0-summer-weekday-non-regulated-consumption.csv"), { scale: -1 });
    expect(consumption).toMatchObject({ step: 60 });
    expect(consumption.watts[0]).toBe(587.1666);
    expect(sum(consumption.watts) / 60_000).toBeGreaterThan(5);
    expect(parseDayProfile(text("h0-summer-weekday-pv-production.csv")).step).toBe(60);
    const load = parseDayProfile(text("h0-summer-weekday-standard-load-profile.csv"), { scale: 1000 });
    expect(load).toMatchObject({ step: 900 });
    expect(load.watts[0]).toBeCloseTo(86.36, 6);
    const grid = parseDayProfile(text("timedata.csv"), { column: "_sum/GridActivePower" });
    expect(grid).toMatchObject({ step: 300 });
    expect(grid.watts[0]).toBe(-15.43333333);
  });

  it("make a meter count what they hold in a day", async () => {
    const clock = manualClock(midnight);
    const series = parseDayProfile(text("h0-summer-weekday-pv-production.csv"));
    const simulator = await simulate({
      boards: [{ driver: "sunspec/sunspec-inverter", series, startImport: 0 }],
      on: {
        onBytes: undefined,
        send: () => undefined,
        lines: [],
        open: true,
        lose: () => undefined,
        refuse: () => undefined,
      },
      clock,
    });
    await clock.advance(86_400_000);
    const made = simulator.boards[0]!.model.values().get("energy_produced")!;
    expect(made).toBeCloseTo(sum(series.watts) / 60, 3);
    await simulator.stop();
  });
});
