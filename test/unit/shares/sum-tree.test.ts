import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, ProtocolError, toHex, UsageError } from "../../../protocols/bytes/index.ts";
import { encodeArguments, keccak256 } from "../../../protocols/evm/index.ts";
import {
  FIRST_MARK,
  locate,
  locateLeaf,
  proveShares,
  rootOfShares,
  type Share,
  type SumNode,
  SumTree,
  shareHash,
  sortShares,
  sumLeaf,
  sumNode,
} from "../../../protocols/shares/index.ts";

const shareOf = (i: number, work = BigInt(i + 1)): Share => ({
  device: new Uint8Array(32).fill(i),
  from: 100n,
  to: 100n + work,
  fromIndex: 3n,
  toIndex: 4n,
});
const leavesOf = (works: readonly bigint[]) => works.map((work, i) => sumLeaf(shareOf(i, work)));

/** RFC 6962 §2.1, with sums: the definition, not the way it is computed. */
function defined(leaves: readonly SumNode[]): SumNode {
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sumNode(defined(leaves.slice(0, split)), defined(leaves.slice(split)));
}

const word = (type: string, value: bigint) => {
  const bits = Number(type.slice(4));
  return encodeArguments(`(${type})`, [value]).subarray(32 - bits / 8);
};

describe("a sum tree", () => {
  it("hashes a leaf as packed bytes: 00, device, from, to, fromIndex, toIndex", () => {
    const share: Share = { device: new Uint8Array(32).fill(7), from: 5n, to: 9n, fromIndex: FIRST_MARK, toIndex: 2n };
    const numbers = [share.from, share.to, share.fromIndex, share.toIndex].map((value) => word("uint64", value));
    expect(shareHash(share)).toEqual(keccak256(concatBytes(Uint8Array.of(0), share.device, ...numbers)));
    expect(sumLeaf(share).sum).toBe(4n);
  });

  it("hashes a node as packed bytes: 01, left sum, left hash, right sum, right hash", () => {
    const [left, right] = leavesOf([3n, (1n << 64n) - 200n]) as [SumNode, SumNode];
    const packed = concatBytes(
      fromHex("01"),
      word("uint128", left.sum),
      left.hash,
      word("uint128", right.sum),
      right.hash,
    );
    expect(sumNode(left, right)).toEqual({ hash: keccak256(packed), sum: left.sum + right.sum });
  });

  it("has the shape of RFC 6962, and a path for each place that fits there only", () => {
    for (let count = 1; count <= 40; count++) {
      const leaves = leavesOf(Array.from({ length: count }, (_, i) => BigInt(i + 1)));
      const tree = new SumTree(leaves);
      expect(tree.root).toEqual(defined(leaves));
      let before = 0n;
      for (const [index, leaf] of leaves.entries()) {
        const path = tree.path(index);
        expect(locateLeaf(leaf, index, count, path)).toEqual({
          root: tree.root.hash,
          total: tree.root.sum,
          before,
        });
        expect(tree.at(before)).toBe(index);
        before += leaf.sum;
        expect(tree.at(before - 1n)).toBe(index);
        for (const other of [index - 1, index + 1]) {
          if (other < 0 || other >= count) continue;
          let root: Uint8Array | undefined;
          try {
            root = locateLeaf(leaf, other, count, path).root;
          } catch (error) {
            expect((error as ProtocolError).code).toBe("FS-SHARE-PATH");
          }
          expect(root).not.toEqual(tree.root.hash);
        }
      }
    }
  });

  it("proves the place within the total: changed sums and hashes lead elsewhere", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1n, 1n << 60n), { minLength: 2, maxLength: 60 }),
        fc.nat(),
        fc.nat(),
        fc.bigInt(1n, 1n << 40n),
        (works, pick, step, less) => {
          const leaves = leavesOf(works);
          const tree = new SumTree(leaves);
          const index = pick % leaves.length;
          const path = tree.path(index);
          const at = step % path.length;
          const changed = path.map((node, i) => (i === at ? { ...node, sum: node.sum + less } : node));
          expect(locateLeaf(leaves[index]!, index, leaves.length, changed).root).not.toEqual(tree.root.hash);
          const inflated = { ...leaves[index]!, sum: leaves[index]!.sum + less };
          expect(locateLeaf(inflated, index, leaves.length, path).root).not.toEqual(tree.root.hash);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("refuses paths of other lengths and places outside", () => {
    const leaves = leavesOf([1n, 2n, 3n, 4n, 5n]);
    const tree = new SumTree(leaves);
    const path = tree.path(2);
    const refused = (index: number, count: number, steps: SumNode[]) => {
      try {
        locateLeaf(leaves[2]!, index, count, steps);
      } catch (error) {
        return error instanceof ProtocolError ? error.code : String(error);
      }
      return "accepted";
    };
    expect(refused(2, 5, path.slice(1))).toBe("FS-SHARE-PATH");
    expect(refused(2, 5, [...path, path[0]!])).toBe("FS-SHARE-PATH");
    expect(refused(5, 5, path)).toBe("FS-SHARE-PATH");
    expect(refused(-1, 5, path)).toBe("FS-SHARE-PATH");
    expect(refused(0, 0, [])).toBe("FS-SHARE-PATH");
    expect(refused(0.5, 5, path)).toBe("FS-SHARE-PATH");
    expect(refused(2, 2 ** 60, path)).toBe("FS-SHARE-PATH");
    expect(refused(2, 5, Array(65).fill(path[0]))).toBe("FS-SHARE-PATH");
    expect(
      refused(
        2,
        5,
        path.map((step) => ({ ...step, sum: 1n << 127n })),
      ),
    ).toBe("FS-SHARE-SUM");
    expect(() => tree.path(5)).toThrow(UsageError);
    expect(() => tree.at(15n)).toThrow(UsageError);
    expect(() => tree.at(-1n)).toThrow(UsageError);
    expect(() => new SumTree([])).toThrow(UsageError);
  });

  it("proves any shares at once, as the stack program of ShareProof.sol", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), fc.nat(), (picked, extra) => {
        const shares = picked.map((_, i) => shareOf(i));
        const tree = SumTree.over(shares);
        const indexes = picked.flatMap((yes, i) => (yes || i === extra % picked.length ? [i] : []));
        const proof = proveShares(tree, indexes);
        const own = indexes.map((i) => shares[i]!);
        expect(rootOfShares(own, proof)).toEqual(tree.root);
        // Each step once, none for what is below a neighbour.
        expect(proof.steps.filter((step) => step === 0).length).toBe(own.length);
        const inflated = own.with(0, { ...own[0]!, to: own[0]!.to + 1n });
        expect(rootOfShares(inflated, proof)).not.toEqual(tree.root);
        expect(() => rootOfShares(own.slice(1), proof)).toThrow(ProtocolError);
        expect(() => rootOfShares([...own, own[0]!], proof)).toThrow(ProtocolError);
        expect(() => rootOfShares(own, { ...proof, steps: proof.steps.slice(1) })).toThrow(ProtocolError);
        expect(() => rootOfShares(own, { ...proof, steps: Uint8Array.of(...proof.steps, 2) })).toThrow(ProtocolError);
        expect(() => rootOfShares(own, { ...proof, path: [...proof.path, tree.root] })).toThrow(ProtocolError);
      }),
      { numRuns: 100 },
    );
    const tree = SumTree.over([shareOf(0), shareOf(1)]);
    for (const indexes of [[], [1, 0], [0, 0], [2], [-1], [0.5]]) {
      expect(() => proveShares(tree, indexes)).toThrow(UsageError);
    }
    expect(() => rootOfShares([shareOf(0)], { path: [], steps: Uint8Array.of(3) })).toThrow(ProtocolError);
  });

  it("refuses shares without work, and fields that do not fit", () => {
    const share = shareOf(1);
    expect(() => sumLeaf({ ...share, to: share.from })).toThrow(/holds no work/);
    expect(() => sumLeaf({ ...share, to: 0n })).toThrow(/holds no work/);
    expect(() => sumLeaf({ ...share, to: 1n << 64n })).toThrow(/no u64/);
    expect(() => sumLeaf({ ...share, fromIndex: -1n })).toThrow(/no u64/);
    expect(() => sumLeaf({ ...share, device: new Uint8Array(31) })).toThrow(/32 bytes/);
    expect(() => locate({ ...share, to: share.from }, 0, 1, [])).toThrow(ProtocolError);
  });

  it("tells any two shares apart", () => {
    const share = shareOf(3);
    const variants: Share[] = [
      share,
      ...(["from", "to", "fromIndex", "toIndex"] as const).map((name) => ({ ...share, [name]: share[name] + 1n })),
      ...Array.from({ length: 32 }, (_, i) => ({ ...share, device: share.device.with(i, 0xaa) })),
    ];
    expect(new Set(variants.map((variant) => toHex(shareHash(variant)))).size).toBe(37);
  });

  it("sorts by device and refuses a second share of one", () => {
    const shares = [shareOf(9), shareOf(2), shareOf(200)];
    expect(sortShares(shares).map(({ device }) => device[0])).toEqual([2, 9, 200]);
    expect(() => sortShares([...shares, shareOf(2, 77n)])).toThrow(/two shares/);
  });
});
