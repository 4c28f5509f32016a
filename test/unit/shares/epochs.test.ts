import { describe, expect, it } from "vitest";
import { epochAt, epochEnd, epochStart, finalAt, sealingEnd } from "../../../protocols/shares/index.ts";

const times = { genesis: 1_800_000_000n, epoch: 604_800n, sealing: 43_200n, dispute: 259_200n };

describe("epochs", () => {
  it("begin at the Ledger's creation and follow without a gap", () => {
    expect(epochAt(times, times.genesis - 1n)).toBe(0n);
    expect(epochAt(times, 0n)).toBe(0n);
    expect(epochAt(times, times.genesis)).toBe(0n);
    for (const at of [0n, 1n, 51n, 52n, 10_000n]) {
      expect(epochAt(times, epochStart(times, at))).toBe(at);
      expect(epochAt(times, epochEnd(times, at) - 1n)).toBe(at);
      expect(epochAt(times, epochEnd(times, at))).toBe(at + 1n);
    }
  });

  it("are sealed for 12 hours and disputed for 3 days", () => {
    expect(epochEnd(times, 0n)).toBe(1_800_604_800n);
    expect(sealingEnd(times, 0n)).toBe(1_800_648_000n);
    expect(finalAt(times, 0n)).toBe(1_800_907_200n);
    // A seal is final before the next epoch is sealed: at most one is open to dispute.
    expect(finalAt(times, 0n)).toBeLessThan(epochEnd(times, 1n));
  });
});
