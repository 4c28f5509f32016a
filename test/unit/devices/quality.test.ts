import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assess, findDriver, initialQuality, type QualityState } from "../../../devices/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";

const sdm = findDriver("modbus/eastron-sdm630");
const EVERY = 10_000;

/** Feeds readings of one meter, ten seconds apart, and gives quality and work after each. */
function feed(
  energies: readonly (number | { energy: number; after?: number; power?: number })[],
  start = initialQuality(),
) {
  let state: QualityState = start;
  let at = 0;
  return energies.map((entry, i) => {
    const { energy, after = EVERY, power = i } = typeof entry === "number" ? { energy: entry } : entry;
    at += after;
    const values = new Map<string, number>([
      ["power", power],
      ["frequency", 50],
      ["energy_import", energy],
    ]);
    const result = assess(sdm, state, { at, values, malformed: false }, EVERY);
    state = result.state;
    return [result.quality, result.work] as const;
  });
}

describe("quality of readings", () => {
  it("lets plausible readings pass and floors the work register", () => {
    expect(feed([1000, 1020.9, 1030.2])).toEqual([
      [0, 1000n],
      [0, 1020n],
      [0, 1030n],
    ]);
  });

  it("marks a register that fell, and the work register stays", () => {
    expect(feed([1000, 0, 1010])).toEqual([
      [0, 1000n],
      [Quality.RegisterFell, 1000n],
      [0, 1010n],
    ]);
  });

  it("does not count a lone spike, and counts on when it is over", () => {
    expect(feed([1000, 9_000_000, 1010, 1020])).toEqual([
      [0, 1000n],
      [Quality.StepTooLarge, 1000n],
      [0, 1010n],
      [0, 1020n],
    ]);
  });

  it("counts all that was metered during an outage", () => {
    expect(feed([1000, { energy: 80_000, after: 3_600_000 }])).toEqual([
      [0, 1000n],
      [Quality.GapBefore, 80_000n],
    ]);
  });

  it("marks values outside their bounds and does not count them", () => {
    expect(feed([{ energy: 1000, power: 95_000 }])).toEqual([[Quality.OutOfBounds, 1000n]]);
    expect(feed([1000, 2e9])[1]).toEqual([Quality.OutOfBounds | Quality.StepTooLarge, 1000n]);
  });

  it("marks gauges that never move", () => {
    const same = Array.from({ length: 61 }, (_, i) => ({ energy: 1000 + i, power: 5 }));
    const marks = feed(same).map(([quality]) => quality);
    expect(marks.slice(0, 60).every((quality) => quality === 0)).toBe(true);
    expect(marks[60]).toBe(Quality.Stuck);
    expect(feed([...same, { energy: 1061, power: 6 }]).at(-1)![0]).toBe(0);
  });

  it("goes on where a restarted gateway left off", () => {
    const restarted = initialQuality({ work: 5000n, at: -60_000 });
    expect(feed([4000], restarted)).toEqual([[Quality.RegisterFell | Quality.GapBefore, 5000n]]);
    expect(feed([5040], restarted)).toEqual([[Quality.GapBefore, 5040n]]);
    expect(feed([9_000_000], restarted)[0]![1]).toBe(5000n);
  });

  it("never lets the work register fall or outrun the meter", () => {
    const step = fc.record({ energy: fc.nat(2_000_000), after: fc.integer({ min: 1, max: 100_000 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1 }), (steps) => {
        let last = 0n;
        let most = 0;
        feed(steps).forEach(([, work], i) => {
          most = Math.max(most, steps[i]!.energy);
          expect(work).toBeGreaterThanOrEqual(last);
          expect(Number(work)).toBeLessThanOrEqual(most);
          last = work;
        });
      }),
    );
  });
});
