import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { locate, rootOfShares, type Share, SumTree, shareHash } from "../../../protocols/shares/index.ts";
import { buildShareVectors } from "../../support/share-vectors.ts";

type Vectors = ReturnType<typeof buildShareVectors>;
const vectors = JSON.parse(readFileSync(new URL("../../vectors/shares.json", import.meta.url), "utf8")) as Vectors;
const bytes = (text: string) => fromHex(text.slice(2));
const hex = (value: Uint8Array) => `0x${toHex(value)}`;

describe("test/vectors/shares.json", () => {
  it("is what the code makes (npx tsx test/support/share-vectors-main.ts writes it anew)", () => {
    expect(vectors).toEqual(buildShareVectors());
  });

  it.each(vectors.cases.map((item) => [item.name, item] as const))("%s", (_, item) => {
    const shares = item.device.map<Share>((device, i) => ({
      device: bytes(device),
      from: BigInt(item.from[i]!),
      to: BigInt(item.to[i]!),
      fromIndex: BigInt(item.fromIndex[i]!),
      toIndex: BigInt(item.toIndex[i]!),
    }));
    expect(shares.map((share) => hex(shareHash(share)))).toEqual(item.leaf);
    expect(hex(SumTree.over(shares).root.hash)).toBe(item.root);
    for (const { index, before, hashes, sums } of item.places) {
      const path = hashes.map((hash, i) => ({ hash: bytes(hash), sum: BigInt(sums[i]!) }));
      const place = locate(shares[index]!, index, item.count, path);
      expect([hex(place.root), place.total, place.before]).toEqual([item.root, BigInt(item.total), BigInt(before)]);
    }
    const { indexes, hashes, sums, steps } = item.batch;
    const path = hashes.map((hash, i) => ({ hash: bytes(hash), sum: BigInt(sums[i]!) }));
    const proven = rootOfShares(
      indexes.map((i) => shares[i]!),
      { path, steps: bytes(steps) },
    );
    expect([hex(proven.hash), proven.sum]).toEqual([item.root, BigInt(item.total)]);
  });
});
