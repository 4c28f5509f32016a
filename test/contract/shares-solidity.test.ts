import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalChain, startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { FieldsealError, fromHex, toHex } from "../../protocols/bytes/index.ts";
import {
  locate,
  proveShares,
  rootOfShares,
  type Share,
  type SumNode,
  SumTree,
  sortShares,
} from "../../protocols/shares/index.ts";
import { Random } from "../support/mutate.ts";
import { type ShareContract, shareContract } from "../support/share-contract.ts";
import type { buildShareVectors } from "../support/share-vectors.ts";

type Vectors = ReturnType<typeof buildShareVectors>;
const vectors = JSON.parse(readFileSync(new URL("../vectors/shares.json", import.meta.url), "utf8")) as Vectors;
const bytes = (text: string) => fromHex(text.slice(2));
const hex = (value: Uint8Array) => `0x${toHex(value)}`;
const pathOf = (hashes: readonly string[], sums: readonly string[]): SumNode[] =>
  hashes.map((hash, i) => ({ hash: bytes(hash), sum: BigInt(sums[i]!) }));

let local: LocalChain;
let solidity: ShareContract;
beforeAll(async () => {
  local = await startLocalChain();
  solidity = await shareContract(local.chain);
});
afterAll(async () => {
  await local?.stop();
});

/** What a side says, or that it refuses. */
async function said<T>(work: () => T | Promise<T>): Promise<T | "refused"> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FieldsealError && error.code !== "FS-CHAIN-RPC") return "refused";
    throw error;
  }
}

describe("the contracts' sum tree", () => {
  it.each(vectors.cases.map((item) => [item.name, item] as const))("test/vectors/shares.json: %s", async (_, item) => {
    const shares = item.device.map<Share>((device, i) => ({
      device: bytes(device),
      from: BigInt(item.from[i]!),
      to: BigInt(item.to[i]!),
      fromIndex: BigInt(item.fromIndex[i]!),
      toIndex: BigInt(item.toIndex[i]!),
    }));
    for (const { index, before, hashes, sums } of item.places) {
      const [root, total, left] = await solidity.locate(shares[index]!, index, item.count, pathOf(hashes, sums));
      expect([hex(root), total, left]).toEqual([item.root, BigInt(item.total), BigInt(before)]);
    }
    const { indexes, hashes, sums, steps } = item.batch;
    const proof = { path: pathOf(hashes, sums), steps: bytes(steps) };
    const own = indexes.map((i) => shares[i]!);
    const [root, total] = await solidity.rootOf(own, proof);
    expect([hex(root), total]).toEqual([item.root, BigInt(item.total)]);
  });

  it("says what ours says of random trees, and refuses what ours refuses", async () => {
    const random = new Random(7);
    const share = (): Share => {
      const from = BigInt(random.below(1 << 30));
      const to = from + BigInt(random.below(1 << 20));
      return { device: random.bytes(32), from, to, fromIndex: BigInt(random.below(99)), toIndex: 100n };
    };
    let refused = 0;
    for (let round = 0; round < 150; round++) {
      const shares = sortShares(Array.from({ length: 1 + random.below(20) }, share)).map((one) =>
        one.to === one.from ? { ...one, to: one.from + 1n } : one,
      );
      const tree = SumTree.over(shares);
      const index = random.below(shares.length);
      const path = tree.path(index);
      // One in three is damaged.
      const damage = random.below(6);
      if (damage === 0 && path.length > 0) path.splice(random.below(path.length), 1);
      if (damage === 1) path.push(path[0] ?? tree.root);
      const at = damage === 2 ? index + random.below(3) : index;
      const one = damage === 3 ? { ...shares[index]!, to: shares[index]!.from } : shares[index]!;
      const count = shares.length;
      const ours = await said(() => {
        const { root, total, before } = locate(one, at, count, path);
        return [root, total, before];
      });
      expect(await said(() => solidity.locate(one, at, count, path))).toEqual(ours);
      if (ours === "refused") refused++;

      const indexes = shares.flatMap((_, i) => (i === index || random.below(2) === 0 ? [i] : []));
      const proof = proveShares(tree, indexes);
      const steps = proof.steps.slice();
      if (damage < 3) steps[random.below(steps.length)] = random.below(4);
      const own = indexes.map((i) => shares[i]!);
      const changed = { path: proof.path, steps };
      const root = await said(() => {
        const { hash, sum } = rootOfShares(own, changed);
        return [hash, sum];
      });
      expect(await said(() => solidity.rootOf(own, changed))).toEqual(root);
      if (root === "refused") refused++;
    }
    expect(refused).toBeGreaterThan(20);
  });
});
