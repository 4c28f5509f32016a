import { describe, expect, it } from "vitest";
import { emissionInEpoch, HALVING } from "../../protocols/shares/index.ts";
import { CHEATS } from "../sim/cheats.ts";
import { Simulation } from "../sim/sim.ts";
import { faultsOf } from "../sim/sound.ts";

describe("epochs with honest and cheating gateways on a local chain", () => {
  it("every cheat costs its stake, every honest device is paid by the rule to the unit, before and after the halving", async () => {
    const busy = Array.from({ length: 2 * CHEATS.length + 1 }, (_, i) => i);
    const result = await Simulation.run({
      epochs: [...busy, 51, 52],
      cheatsIn: CHEATS.map((_, i) => 2 * i + 1),
      devices: 50,
    });
    expect(faultsOf(result)).toEqual([]);
    expect(result.slashed.map(({ fault }) => fault)).toEqual(CHEATS.map(({ fault }) => fault));
    expect(new Set(CHEATS.map(({ fault }) => fault)).size).toBe(10);
    const [before, after] = result.rows.slice(-2);
    expect(before!.pool).toBe(2n * after!.pool);
    expect([BigInt(before!.epoch), BigInt(after!.epoch)]).toEqual([HALVING - 1n, HALVING]);
    expect(after!.pool).toBeLessThanOrEqual(emissionInEpoch(HALVING));
    expect(result.rows.every(({ paid }) => paid > 0n)).toBe(true);
  });
});
