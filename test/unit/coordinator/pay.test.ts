import { describe, expect, it } from "vitest";
import faultsArtifact from "../../../gateway/coordinator/artifacts/Faults.json" with { type: "json" };
import ledgerArtifact from "../../../gateway/coordinator/artifacts/Ledger.json" with { type: "json" };
import marketArtifact from "../../../gateway/coordinator/artifacts/Market.json" with { type: "json" };
import registryArtifact from "../../../gateway/coordinator/artifacts/Registry.json" with { type: "json" };
import rewardsArtifact from "../../../gateway/coordinator/artifacts/Rewards.json" with { type: "json" };
import tokenArtifact from "../../../gateway/coordinator/artifacts/Token.json" with { type: "json" };
import type { ShareBatch } from "../../../gateway/coordinator/claiming.ts";
import {
  approveCall,
  certificateId,
  certificateOf,
  MARKET_CALLS,
  marketCalls,
  marketReads,
} from "../../../gateway/coordinator/market-calls.ts";
import { PAY_REASONS } from "../../../gateway/coordinator/pay-reasons.ts";
import { REWARDS_CALLS, rewardsCalls, rewardsReads } from "../../../gateway/coordinator/rewards-calls.ts";
import { concatBytes, equalBytes, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { encodeArguments, selector } from "../../../protocols/evm/index.ts";

interface Parameter {
  type: string;
  components?: readonly Parameter[];
}
interface Item {
  type: string;
  name?: string;
  inputs?: readonly Parameter[];
}

const canonical = ({ type, components }: Parameter): string =>
  components ? type.replace("tuple", `(${components.map(canonical).join(",")})`) : type;
const signatures = (abi: readonly Item[], type: string) =>
  abi
    .filter((item) => item.type === type)
    .map(({ name, inputs = [] }) => `${name}(${inputs.map(canonical).join(",")})`);

const address = (byte: number) => new Uint8Array(20).fill(byte);
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const seal = { gateway: address(0x6a), epoch: 2n, kind: 3 };
const batch: ShareBatch = {
  ...seal,
  shares: [{ device: hash(4), from: 5n, to: 9n, fromIndex: 1n, toIndex: 3n }],
  proof: { path: [{ hash: hash(5), sum: 7n }], steps: Uint8Array.of(0, 1, 2) },
};

/** A contract that answers every call with these words, and the calls it got. */
function answering(...words: bigint[]) {
  const asked: { to: string; data: string }[] = [];
  const chain = {
    request: ({ params = [] }: { params?: readonly unknown[] }) => {
      asked.push(params[0] as { to: string; data: string });
      const types = `(${words.map(() => "uint256").join(",")})`;
      return Promise.resolve(`0x${toHex(encodeArguments(types, words))}`);
    },
  };
  return { chain, asked };
}

describe("calls of the paying contracts", () => {
  it("have the signatures that the contracts have", () => {
    const rewards = signatures(rewardsArtifact.abi, "function");
    expect(rewards).toEqual(expect.arrayContaining(Object.values(REWARDS_CALLS)));
    const market = signatures(marketArtifact.abi, "function");
    expect(market).toEqual(expect.arrayContaining(Object.values(MARKET_CALLS)));
    expect(signatures(tokenArtifact.abi, "function")).toContain("approve(address,uint256)");
  });

  it("have words for every custom error, and for no other", () => {
    const elsewhere = [ledgerArtifact, registryArtifact, faultsArtifact].flatMap(({ abi }) => signatures(abi, "error"));
    const own = [tokenArtifact, rewardsArtifact, marketArtifact].flatMap(({ abi }) => signatures(abi, "error"));
    const missing = [...new Set(own)].filter((signature) => !elsewhere.includes(signature));
    expect(Object.keys(PAY_REASONS).sort()).toEqual(missing.sort());
  });

  it("use no value that an error does not have", () => {
    for (const [signature, text] of Object.entries(PAY_REASONS)) {
      const count = signature.endsWith("()") ? 0 : signature.split(",").length;
      for (const [, place] of text.matchAll(/\{([0-9])\}/g)) expect(Number(place), signature).toBeLessThan(count);
    }
  });

  it("are encoded with their selectors", () => {
    const rewards = rewardsCalls(address(1));
    const market = marketCalls(address(2));
    const key = { alg: "ES256", bytes: new Uint8Array(64).fill(8) } as const;
    const receipt = {
      gateway: seal.gateway,
      statement: new Uint8Array(160),
      body: new Uint8Array(128),
      provider: key,
      consumer: key,
      signature: new Uint8Array(64),
      countersignature: new Uint8Array(64),
    };
    const made = [
      [rewards.accrue([hash(1)]), REWARDS_CALLS.accrue],
      [rewards.delegate(address(3)), REWARDS_CALLS.delegate],
      [rewards.vouch(seal), REWARDS_CALLS.vouch],
      [rewards.collect(address(3), seal), REWARDS_CALLS.collect],
      [rewards.censure(address(3), seal), REWARDS_CALLS.censure],
      [market.buyCredits(hash(1), 5n), MARKET_CALLS.buyCredits],
      [market.settle(receipt), MARKET_CALLS.settle],
      [market.issue(address(3), batch), MARKET_CALLS.issue],
      [market.list(1n, 2n, 3n), MARKET_CALLS.list],
      [market.buy(1n, 2n), MARKET_CALLS.buy],
      [market.cancel(1n), MARKET_CALLS.cancel],
      [market.retire(1n, 2n, "bakery"), MARKET_CALLS.retire],
    ] as const;
    for (const [call, signature] of made) expect(call.data.subarray(0, 4), signature).toEqual(selector(signature));
    expect(made.every(([{ to }], i) => equalBytes(to, address(i < 5 ? 1 : 2)))).toBe(true);
    expect(approveCall(address(7), address(2), 9n).to).toEqual(address(7));
    expect(toHex(market.retire(1n, 2n, "bakery").data)).toContain(toHex(new TextEncoder().encode("bakery")));
  });

  it("refuse a beneficiary that the contract refuses", () => {
    const market = marketCalls(address(2));
    expect(() => market.retire(1n, 2n, "é".repeat(129))).toThrow(
      expect.objectContaining({ code: "FS-MARKET-BENEFICIARY" }),
    );
    expect(market.retire(1n, 2n, "é".repeat(128)).data.length).toBeGreaterThan(256);
  });

  it("name device and epoch in a certificate's id", () => {
    const device = concatBytes(fromHex("ab".repeat(28)), fromHex("cdcdcdcd"));
    const id = certificateId(device, 7n);
    expect(id.toString(16)).toBe(`${"ab".repeat(28)}00000007`);
    expect(certificateOf(id)).toEqual({ device: device.slice(0, 28), epoch: 7n });
  });
});

describe("answers of the paying contracts", () => {
  it("are read as numbers", async () => {
    const { chain, asked } = answering(300n, 1_800_000_000n, 3n, 2n);
    const reads = rewardsReads(chain, address(1));
    expect(await reads.paidMark(hash(1))).toEqual({ to: 300n, time: 1_800_000_000n, epochs: 3n, finished: 2n });
    expect(asked[0]?.to).toBe(`0x${"01".repeat(20)}`);
    expect(await rewardsReads(answering(0n, 0n, 0n, 0n).chain, address(1)).certifiedMark(hash(1))).toBeUndefined();
    expect(await rewardsReads(answering(5n).chain, address(1)).credit(address(3))).toBe(5n);
    expect(await rewardsReads(answering(6n).chain, address(1)).votes(address(3))).toBe(6n);
    const word = await rewardsReads(answering(3n, 1n, 4n).chain, address(1)).vouch(address(3), seal);
    expect(word).toEqual({ weight: 3n, settled: true, weights: 4n });
    const figures = await rewardsReads(answering(9n).chain, address(1)).pool(0n, 3);
    expect(figures).toEqual({ pool: 9n, workPool: 9n, auditPool: 9n, paid: 9n, unallocated: 9n });
  });

  it("are read from the Market", async () => {
    const reads = (...words: bigint[]) => marketReads(answering(...words).chain, address(2));
    expect(await reads(4n).credits(hash(1))).toBe(4n);
    expect(await reads(4n).settled(hash(1), hash(2))).toBe(4n);
    expect(await reads(4n).balance(address(3), 1n)).toBe(4n);
    expect(await reads(4n).supply(1n)).toBe(4n);
    expect(await reads(4n).listings()).toBe(4n);
    expect(await reads(0n, 0n, 0n, 0n).listing(1n)).toBeUndefined();
    const seller = concatBytes(new Uint8Array(19), Uint8Array.of(5));
    expect(await reads(5n, 2n, 3n, 4n).listing(1n)).toEqual({ seller, amount: 2n, id: 3n, price: 4n });
  });
});
