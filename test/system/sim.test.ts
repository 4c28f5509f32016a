import { describe, expect, it } from "vitest";
import { PUBLIC_TERMS } from "../../gateway/coordinator/deploy.ts";
import { emissionInEpoch, HALVING, partOf } from "../../protocols/shares/index.ts";
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
    for (const { epoch, pool } of result.rows) {
      const parts = PUBLIC_TERMS.split.map((part) => partOf(emissionInEpoch(BigInt(epoch)), BigInt(part)));
      expect(pool).toBe(parts.reduce((sum, part) => sum + part));
    }
    expect(result.rows.slice(-2).map(({ epoch }) => BigInt(epoch))).toEqual([HALVING - 1n, HALVING]);
    expect(emissionInEpoch(HALVING)).toBe(emissionInEpoch(0n) / 2n);
    expect(result.rows.every(({ paid }) => paid > 0n)).toBe(true);
  });
});
