import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PayTerms, payOf } from "../../../gateway/rewards/index.ts";
import {
  advance,
  allowance,
  type DeviceTerms,
  duration,
  emissionInEpoch,
  MINED,
  type Share,
  workPool,
} from "../../../protocols/shares/index.ts";

const shareOf = (work: bigint): Share => ({
  device: new Uint8Array(32),
  from: 10n,
  to: 10n + work,
  fromIndex: 0n,
  toIndex: 1n,
});
const terms = (changes: Partial<PayTerms> = {}): PayTerms => ({
  epoch: 0n,
  split: 8000n,
  auditPart: 500n,
  gatewayPart: 1000n,
  totalWork: 3n,
  ...changes,
});

describe("what a share is paid", () => {
  it("is each number of the rule", () => {
    // 6 × 10^27 over 104 epochs of the first year, 80 % for the kind, 95 % of it for work, a third of it, 90 % to the owner.
    const emission = 57_692_307_692_307_692_307_692_307n;
    expect(payOf(shareOf(1n), terms())).toEqual({
      emission,
      pool: 43_846_153_846_153_846_153_846_153n,
      work: 1n,
      totalWork: 3n,
      gross: 14_615_384_615_384_615_384_615_384n,
      forGateway: 1_461_538_461_538_461_538_461_538n,
      forOwner: 13_153_846_153_846_153_846_153_846n,
    });
  });

  it("halves every 52 epochs, and all of it is at most what is mined", () => {
    expect(emissionInEpoch(51n)).toBe(emissionInEpoch(0n));
    expect(emissionInEpoch(52n)).toBe(emissionInEpoch(0n) / 2n);
    let sum = 0n;
    for (let epoch = 0n; epoch < 6000n; epoch++) sum += emissionInEpoch(epoch);
    expect(sum).toBeLessThanOrEqual(MINED);
    expect(MINED - sum).toBeLessThan(10_000n);
    expect(emissionInEpoch(6000n)).toBe(0n);
  });

  it("never sums up to more than the pool", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1n, 1n << 60n), { minLength: 1, maxLength: 40 }),
        fc.bigInt(0n, 600n),
        (works, epoch) => {
          const totalWork = works.reduce((a, b) => a + b);
          const paid = works.reduce((sum, work) => sum + payOf(shareOf(work), terms({ epoch, totalWork })).gross, 0n);
          const pool = workPool(epoch, 8000n, 500n);
          expect(paid).toBeLessThanOrEqual(pool);
          expect(pool - paid).toBeLessThan(BigInt(works.length));
        },
      ),
    );
  });

  it("is bounded by cap × time: what a duration allows is the work, one second less is not", () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 1n << 40n), fc.bigInt(1n, 1n << 40n), (cap, work) => {
        const time = duration(cap, work);
        expect(allowance(cap, time)).toBeGreaterThanOrEqual(work);
        expect(allowance(cap, time - 1n)).toBeLessThan(work);
      }),
    );
  });

  it("is refused for the reasons the contract has", () => {
    const device: DeviceTerms = { kind: 0, cap: 3600n, since: 0n, mark: 0n, end: 1000n, until: 5000n };
    const mark = { to: 10n, at: 0n };
    expect(advance({ ...mark, to: 11n }, shareOf(5n), device, 0n, 1000n)).toBe("behind-mark");
    expect(advance(mark, shareOf(991n), device, 0n, 1000n)).toBe("key-ended");
    expect(advance(mark, shareOf(5n), device, 5000n, 6000n)).toBe("epoch-after-end");
    expect(advance({ ...mark, at: 998n }, shareOf(3n), device, 0n, 1000n)).toBe("over-cap");
    expect(advance({ ...mark, at: 2000n }, shareOf(1n), device, 0n, 1000n)).toBe("over-cap");
    expect(advance(mark, shareOf(5n), device, 0n, 1000n)).toEqual({ to: 15n, at: 5n });
    // What a share leaves of its own epoch stays good.
    expect(advance(mark, shareOf(5n), device, 100n, 1000n)).toEqual({ to: 15n, at: 100n });
  });
});
