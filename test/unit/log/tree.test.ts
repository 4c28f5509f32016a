import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, equalBytes, fromHex, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import {
  emptyRoot,
  Frontier,
  leafHash,
  leafHashes,
  MerkleTree,
  nodeHash,
  rootOfLeafHashes,
  treeHash,
  verifyConsistency,
  verifyInclusion,
} from "../../../protocols/log/index.ts";
import { extend, hex, includes, Reference } from "./reference.ts";

const LARGEST = 1025;

/** Half a million proofs each: seconds on a machine that is free, more on one that is not. */
const LONG = 600_000;
const entries = Array.from({ length: LARGEST }, (_, i) => utf8(`entry ${i}`));
const reference = new Reference(entries);
const tree = new MerkleTree();
tree.append(leafHashes(entries));

const same = (ours: readonly Uint8Array[], theirs: readonly Uint8Array[]) =>
  ours.length === theirs.length && ours.every((hash, i) => equalBytes(hash, theirs[i]!));

describe("against RFC 9162's text, sizes 0 to 1,025 exhaustively", () => {
  it("has the same roots: all at once, one by one, and by growing in steps", () => {
    const frontier = new Frontier();
    for (let size = 0; size <= LARGEST; size++) {
      const expected = hex(reference.mth(0, size));
      expect(hex(treeHash(entries.slice(0, size))), `size ${size}`).toBe(expected);
      expect(hex(tree.root(size)), `size ${size}`).toBe(expected);
      expect(hex(frontier.root()), `size ${size}`).toBe(expected);
      if (size < LARGEST) frontier.append(leafHash(entries[size]!));
    }
  });

  it("makes the same inclusion proofs, every index of every size, and both verify them", { timeout: LONG }, () => {
    let checked = 0;
    for (let size = 1; size <= LARGEST; size++) {
      const root = tree.root(size);
      for (let index = 0; index < size; index++) {
        const proof = tree.inclusionProof(index, size);
        const leaf = tree.hash(0, index);
        // 525,825 proofs: plain conditions, since an `expect` each would take longer than the proofs.
        if (!same(proof, reference.path(index, 0, size))) throw new Error(`proof of ${index} in ${size} differs`);
        if (!verifyInclusion({ index, size, leafHash: leaf, proof, root })) throw new Error(`${index} in ${size}`);
        // The text's own verification costs a native call a hash: every size up to 128, then every seventh proof.
        if ((size <= 128 || (index + size) % 7 === 0) && !includes(leaf, index, size, proof, root)) {
          throw new Error(`the RFC's steps refuse ${index} in ${size}`);
        }
        checked++;
      }
    }
    expect(checked).toBe((LARGEST * (LARGEST + 1)) / 2);
  });

  it("makes the same consistency proofs, every pair of sizes, and both verify them", { timeout: LONG }, () => {
    const roots = Array.from({ length: LARGEST + 1 }, (_, size) => tree.root(size));
    for (let to = 1; to <= LARGEST; to++) {
      for (let from = 1; from <= to; from++) {
        const proof = tree.consistencyProof(from, to);
        if (!same(proof, reference.proof(from, to))) throw new Error(`proof from ${from} to ${to} differs`);
        const [fromRoot, toRoot] = [roots[from]!, roots[to]!];
        if (!verifyConsistency({ from, to, fromRoot, toRoot, proof })) throw new Error(`${from} to ${to}`);
        if (from < to && (to <= 128 || (from + to) % 7 === 0) && !extend(from, to, fromRoot, toRoot, proof)) {
          throw new Error(`the RFC's steps refuse ${from} to ${to}`);
        }
      }
    }
  });

  it("says that every tree extends the empty one and itself, with an empty proof", () => {
    for (const to of [0, 1, 7, 1024]) {
      const toRoot = tree.root(to);
      expect(tree.consistencyProof(0, to)).toEqual([]);
      expect(verifyConsistency({ from: 0, to, fromRoot: emptyRoot(), toRoot, proof: [] })).toBe(true);
      expect(verifyConsistency({ from: to, to, fromRoot: toRoot, toRoot, proof: [] })).toBe(true);
    }
  });
});

// The entries, roots and proofs that certificate-transparency's C++ and Go trees have been tested with since 2012
// (merkletree/merkle_tree_test.cc, transparency-dev/merkle testonly): 8 entries.
describe("the certificate-transparency test tree", () => {
  const inputs = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ].map(fromHex);
  const roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];
  const grown = new MerkleTree();

  it("has the published roots", () => {
    expect(hex(emptyRoot())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    inputs.forEach((input, i) => {
      grown.append(leafHash(input));
      expect(hex(grown.root())).toBe(roots[i]);
      expect(hex(treeHash(inputs.slice(0, i + 1)))).toBe(roots[i]);
    });
  });

  it("has the published inclusion and consistency proofs", () => {
    expect(grown.inclusionProof(0, 8).map(hex)).toEqual([
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    expect(grown.inclusionProof(5, 8).map(hex)).toEqual([
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(grown.consistencyProof(6, 8).map(hex)).toEqual([
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    expect(grown.consistencyProof(2, 5).map(hex)).toEqual([
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]);
  });
});

describe("bad proofs", () => {
  const flipped = (bytes: Uint8Array, bit = 0) => {
    const copy = bytes.slice();
    copy[bit >> 3]! ^= 1 << (bit & 7);
    return copy;
  };

  it("are refused: altered, cut, extended, swapped, for another leaf, index, size or root", () => {
    for (const [index, size] of [
      [0, 1],
      [0, 2],
      [4, 5],
      [6, 7],
      [10, 100],
      [1000, 1025],
      [1024, 1025],
    ] as const) {
      const leaf = tree.hash(0, index);
      const root = tree.root(size);
      const proof = tree.inclusionProof(index, size);
      const good = { index, size, leafHash: leaf, proof, root };
      expect(verifyInclusion(good)).toBe(true);
      const bad = [
        { ...good, leafHash: flipped(leaf) },
        { ...good, root: flipped(root, 255) },
        { ...good, root: root.subarray(1) },
        { ...good, leafHash: leaf.subarray(1) },
        { ...good, proof: [...proof, root] },
        { ...good, proof: [leaf, ...proof] },
        ...proof.map((hash, i) => ({ ...good, proof: proof.with(i, flipped(hash, i)) })),
        ...proof.map((hash, i) => ({ ...good, proof: proof.with(i, hash.subarray(0, 31)) })),
        ...proof.map((_, i) => ({ ...good, proof: proof.filter((_, j) => j !== i) })),
        { ...good, index: index + 1 },
        { ...good, index: index - 1 },
        { ...good, index: index + 0.5 },
        { ...good, index: Number.NaN },
        { ...good, size: index },
        { ...good, size: 2 ** 53 },
        // An inner node passed off as a leaf.
        ...(size > 2 ? [{ index: 0, size: 2, leafHash: tree.hash(1, 0), proof: [tree.hash(1, 1)], root }] : []),
      ];
      for (const attempt of bad) {
        if (attempt.size === 4 && attempt.leafHash === tree.hash(1, 0)) continue;
        expect(verifyInclusion(attempt)).toBe(false);
      }
    }
  });

  it("of consistency are refused likewise", () => {
    for (const [from, to] of [
      [1, 2],
      [3, 7],
      [4, 7],
      [6, 8],
      [64, 1000],
      [700, 1025],
    ] as const) {
      const good = {
        from,
        to,
        fromRoot: tree.root(from),
        toRoot: tree.root(to),
        proof: tree.consistencyProof(from, to),
      };
      const { proof } = good;
      expect(verifyConsistency(good)).toBe(true);
      const bad = [
        { ...good, fromRoot: flipped(good.fromRoot) },
        { ...good, toRoot: flipped(good.toRoot) },
        { ...good, fromRoot: new Uint8Array(0) },
        { ...good, from: from - 1 },
        { ...good, from: from + 1 },
        { ...good, from: to, to: from },
        { ...good, from: -1 },
        { ...good, from: 0 },
        { ...good, from: 0, fromRoot: emptyRoot() },
        { ...good, from: to },
        { ...good, proof: [] },
        { ...good, proof: [...proof, good.toRoot] },
        { ...good, proof: [good.fromRoot, ...proof] },
        ...proof.map((hash, i) => ({ ...good, proof: proof.with(i, flipped(hash, 8 * i)) })),
        ...proof.map((_, i) => ({ ...good, proof: proof.filter((_, j) => j !== i) })),
      ];
      for (const attempt of bad) expect(verifyConsistency(attempt)).toBe(false);
    }
    expect(verifyConsistency({ from: 0, to: 0, fromRoot: emptyRoot(), toRoot: tree.root(1), proof: [] })).toBe(false);
    expect(verifyConsistency({ from: 0, to: 1, fromRoot: tree.root(1), toRoot: tree.root(1), proof: [] })).toBe(false);
  });

  it("cannot be asked for outside the tree", () => {
    for (const ask of [
      () => tree.inclusionProof(0, 0),
      () => tree.inclusionProof(5, 5),
      () => tree.inclusionProof(-1),
      () => tree.inclusionProof(0.5),
      () => tree.inclusionProof(0, LARGEST + 1),
      () => tree.consistencyProof(6, 5),
      () => tree.consistencyProof(-1, 5),
      () => tree.root(LARGEST + 1),
      () => tree.append(new Uint8Array(33)),
      () => rootOfLeafHashes(new Uint8Array(31)),
    ]) {
      expect(ask).toThrow(UsageError);
    }
  });
});

describe("properties", () => {
  it("holds for trees grown in steps of any sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 12 }), (steps) => {
        const grown = new MerkleTree();
        const frontier = new Frontier();
        let at = 0;
        for (const step of steps) {
          const hashes = concatBytes(...entries.slice(at, at + step).map(leafHash));
          grown.append(hashes);
          frontier.append(hashes);
          at += step;
        }
        expect(grown.size).toBe(at);
        expect(frontier.size).toBe(at);
        expect(hex(grown.root())).toBe(hex(reference.mth(0, at)));
        expect(hex(frontier.root())).toBe(hex(reference.mth(0, at)));
        const resumed = Frontier.from(at, (level, index) => grown.hash(level, index));
        resumed.append(leafHash(utf8("next")));
        frontier.append(leafHash(utf8("next")));
        expect(hex(resumed.root())).toBe(hex(frontier.root()));
      }),
      { numRuns: 60 },
    );
  });

  it("verifies far beyond 32 bits: a proof in a tree of 2^52 + 3 leaves built by hand", () => {
    const size = 2 ** 52 + 3;
    const leaf = leafHash(utf8("last"));
    const left = [leafHash(utf8("pair")), leafHash(utf8("huge"))];
    const root = nodeHash(left[1]!, nodeHash(left[0]!, leaf));
    const good = { index: size - 1, size, leafHash: leaf, proof: left, root };
    expect(verifyInclusion(good)).toBe(true);
    expect(verifyInclusion({ ...good, index: size - 2 })).toBe(false);
    expect(verifyInclusion({ ...good, size: size - 2 ** 51 })).toBe(false);
  });

  it("hands each subtree to the sink once it is complete", () => {
    const seen: string[] = [];
    const frontier = new Frontier();
    const put = (level: number, first: number, hashes: Uint8Array) =>
      seen.push(`${level}:${first}+${hashes.length / 32}`);
    frontier.append(leafHashes(entries.slice(0, 3)), put);
    frontier.append(leafHashes(entries.slice(3, 4)), put);
    expect(seen).toEqual(["0:0+3", "1:0+1", "0:2+2", "1:0+2", "2:0+1"]);
  });
});
