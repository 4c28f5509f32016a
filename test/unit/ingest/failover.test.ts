import { describe, expect, it } from "vitest";
import type { Chain } from "../../../gateway/coordinator/chain.ts";
import { failoverChain } from "../../../gateway/coordinator/failover.ts";
import { EnvironmentError, ProtocolError, TimeoutError } from "../../../protocols/bytes/index.ts";

interface Point extends Chain {
  calls: number;
  fail: Error | undefined;
}

function points(count: number): Point[] {
  return Array.from({ length: count }, (_, i) => ({
    calls: 0,
    fail: undefined,
    async request() {
      this.calls++;
      await Promise.resolve();
      if (this.fail) throw this.fail;
      return i;
    },
  }));
}

const down = new EnvironmentError("FS-CHAIN-UNREACHABLE", "down");
const ask = { method: "eth_chainId" };

describe("several end points as one", () => {
  it.each([
    ["cannot be reached", down],
    ["answers 503", new EnvironmentError("FS-CHAIN-STATUS", "503")],
    ["is too late", new TimeoutError("FS-CHAIN-TIMEOUT", "late")],
    ["answers with what is no answer", new ProtocolError("FS-CHAIN-ANSWER", "not JSON")],
  ])("asks the next one when one %s, and stays with it", async (_, fail) => {
    const [a, b, c] = points(3) as [Point, Point, Point];
    const chain = failoverChain([a, b, c]);
    a.fail = fail;
    expect(await chain.request(ask)).toBe(1);
    expect(await chain.request(ask)).toBe(1);
    expect([a.calls, b.calls, c.calls]).toEqual([1, 2, 0]);
    b.fail = fail;
    expect(await chain.request(ask)).toBe(2);
  });

  it.each(["FS-CHAIN-RPC", "FS-CHAIN-REVERT"])("takes %s for an answer", async (code) => {
    const [a, b] = points(2) as [Point, Point];
    a.fail = new EnvironmentError(code, "execution reverted");
    await expect(failoverChain([a, b]).request(ask)).rejects.toBe(a.fail);
    expect(b.calls).toBe(0);
  });

  it("asks each of them once, whatever other requests meet meanwhile", async () => {
    const [a, b] = points(2) as [Point, Point];
    a.fail = down;
    const chain = failoverChain([a, b]);
    expect(await Promise.all([1, 2, 3, 4].map(() => chain.request(ask)))).toEqual([1, 1, 1, 1]);
    expect([a.calls, b.calls]).toEqual([4, 4]);
  });

  it("fails with the last one's error when all fail", async () => {
    const [a, b] = points(2) as [Point, Point];
    a.fail = new EnvironmentError("FS-CHAIN-STATUS", "503");
    b.fail = down;
    await expect(failoverChain([a, b]).request(ask)).rejects.toBe(down);
  });

  it("is not made of nothing", () => {
    expect(() => failoverChain([])).toThrow(/no end point/);
  });
});
