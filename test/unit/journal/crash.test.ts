import { describe, expect, it } from "vitest";
import type { StaleGuard } from "../../../gateway/journal/format.ts";
import { tryCrashes } from "../../support/journal-crash.ts";

const states = Number(process.env["FIELDSEAL_CRASHES"] ?? 20_000);

describe("the journal under power cuts, kills and failed syncs", () => {
  it(`loses nothing acknowledged, doubles nothing and keeps order in ${states} crash states`, async () => {
    const result = await tryCrashes({ seed: 20_261_122, states });
    expect(result.failures).toEqual([]);
    expect(result.states).toBeGreaterThanOrEqual(states);
    expect(result.torn).toBeGreaterThan(states / 200);
    expect(result.twice).toBeGreaterThan(states / 20);
    expect(result.segments).toBeGreaterThan(states / 1000);
  }, 900_000);
});

describe("the same oracle, so that it is known to be able to fail", () => {
  it("notices a disk that says synced before it is", async () => {
    const { failures } = await tryCrashes({ seed: 1, states: 20_000, liesAboutSync: true });
    expect(failures.join()).toMatch(/was acknowledged/);
  });

  it("notices records of an earlier use of a segment", async () => {
    const noGuard: StaleGuard = { seeds: () => ({ record: 1, group: 1 }), ordered: false };
    const { failures } = await tryCrashes({ seed: 1, states: 20_000, guard: noGuard });
    expect(failures.join()).toMatch(/follows record|came back|never appended/);
  });
});
