import { expect, it } from "vitest";
import { LiveValues } from "../../../gateway/ingest/live-values.ts";
import { Quality } from "../../../protocols/reading/index.ts";

const reading = (energy: number, power: number, quality = 0) => ({
  time: 1_700_000_000_000,
  quality,
  measurements: [
    { name: "power", unit: "W", value: power },
    { name: "energy_import", unit: "Wh", value: energy },
  ],
});

it("shows a counter in doubt as it was when last believed, and gauges as they are", () => {
  const live = new LiveValues();
  expect(live.of("a", reading(1000, 5))).toEqual({ power_w: 5, energy_import_kwh: 1 });
  expect(live.of("a", reading(0, 6, Quality.RegisterFell))).toEqual({ power_w: 6, energy_import_kwh: 1 });
  expect(live.of("a", reading(9e9, 7, Quality.StepTooLarge))).toEqual({ power_w: 7, energy_import_kwh: 1 });
  expect(live.of("a", reading(1010, 8, Quality.GapBefore))).toEqual({ power_w: 8, energy_import_kwh: 1.01 });
});

it("shows no counter before one was believed, and keeps devices apart", () => {
  const live = new LiveValues();
  live.of("b", reading(5000, 1));
  expect(live.of("a", reading(0, 6, Quality.RegisterFell))).toEqual({ power_w: 6 });
});
