import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, ProtocolError, toHex, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import {
  consistencyProof,
  decodeEntryBundle,
  encodeEntryBundle,
  inclusionProof,
  leafHashes,
  MerkleTree,
  parseTileIndexPath,
  parseTilePath,
  tileHashReader,
  tileIndexPath,
  tileOfNode,
  tilePath,
  tileWidth,
  treeRoot,
} from "../../../protocols/log/index.ts";

describe("tile paths", () => {
  // C2SP tlog-tiles, "Merkle Tree".
  it("are those of the specification's example: index 1234067 is x001/x234/067", () => {
    expect(tileIndexPath(1_234_067)).toBe("x001/x234/067");
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe("tile/0/x001/x234/067");
    expect(tilePath({ level: "entries", index: 1000, width: 8 })).toBe("tile/entries/x001/000.p/8");
    expect(tilePath({ level: 63, index: 0, width: 255 })).toBe("tile/63/000.p/255");
  });

  it("read back as they were written (property)", () => {
    const level = fc.oneof(fc.constant("entries" as const), fc.nat(63));
    const index = fc.maxSafeNat();
    fc.assert(
      fc.property(level, index, fc.integer({ min: 1, max: 256 }), (l, i, width) => {
        expect(parseTilePath(tilePath({ level: l, index: i, width }))).toEqual({ level: l, index: i, width });
        expect(parseTileIndexPath(tileIndexPath(i, width))).toEqual({ index: i, width });
      }),
    );
  });

  it.each([
    "",
    "tile",
    "tile/0",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/data/000",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/x000/x001/000",
    "tile/0/001/000",
    "tile/0/x001",
    "tile/0/x001/x000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/000.p/",
    "tile/0/000.p",
    "tile/0/000/",
    "/tile/0/000",
    "tile/0/../000",
    "tile/0/000\n",
    "tile/0/x999/x999/x999/x999/x999/999",
  ])("%j is not one", (path) => {
    expect(() => parseTilePath(path)).toThrow(ProtocolError);
  });

  it("are not made for places that no tile has", () => {
    for (const [index, width] of [
      [-1, 256],
      [0.5, 256],
      [2 ** 53, 256],
      [0, 0],
      [0, 257],
    ] as const) {
      expect(() => tileIndexPath(index, width)).toThrow(UsageError);
    }
    expect(() => tilePath({ level: 64, index: 0, width: 1 })).toThrow(UsageError);
  });
});

describe("tiles of a tree", () => {
  // C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000 and one of 256.
  it("have the widths of the specification's examples", () => {
    const widths = (level: number, size: number, tiles: number) =>
      Array.from({ length: tiles }, (_, n) => tileWidth(level, n, size));
    expect(widths(0, 70_000, 275)).toEqual([...Array<number>(273).fill(256), 112, 0]);
    expect(widths(1, 70_000, 3)).toEqual([256, 17, 0]);
    expect(widths(2, 70_000, 2)).toEqual([1, 0]);
    expect(widths(3, 70_000, 1)).toEqual([0]);
    expect([tileWidth(0, 0, 256), tileWidth(1, 0, 256)]).toEqual([256, 1]);
  });

  const entries = Array.from({ length: 70_000 }, (_, i) => utf8(`entry ${i}`));
  const tree = new MerkleTree();
  tree.append(leafHashes(entries));

  /** The tile as its definition says: hash i is MTH of leaves [(256 n + i)·256^L, (256 n + i + 1)·256^L). */
  const tile = ({ level, index, width }: { level: number; index: number; width: number }) =>
    concatBytes(...Array.from({ length: width }, (_, i) => tree.hash(8 * level, 256 * index + i)));

  it("give the roots and proofs that memory gives", () => {
    for (const size of [1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537, 69_999, 70_000]) {
      const read = tileHashReader(size, tile);
      expect(toHex(treeRoot(size, read))).toBe(toHex(tree.root(size)));
      for (const index of [0, size >> 1, size - 1]) {
        expect(inclusionProof(index, size, read).map(toHex)).toEqual(tree.inclusionProof(index, size).map(toHex));
        if (index > 0) {
          expect(consistencyProof(index, size, read).map(toHex)).toEqual(tree.consistencyProof(index, size).map(toHex));
        }
      }
    }
  });

  it("are refused when their length is not that of their width", () => {
    const short = tileHashReader(300, (at) => tile(at).subarray(1));
    expect(() => short(0, 0)).toThrow(ProtocolError);
    expect(() => tileHashReader(300, tile)(8, 1)).toThrow(UsageError);
  });

  it("hold every subtree of the tree at a known place", () => {
    expect(tileOfNode(0, 299, 300)).toEqual({ level: 0, index: 1, width: 44 });
    expect(tileOfNode(7, 1, 300)).toEqual({ level: 0, index: 0, width: 256 });
    expect(tileOfNode(8, 0, 300)).toEqual({ level: 1, index: 0, width: 1 });
    expect(tileOfNode(17, 0, 2 ** 40)).toEqual({ level: 2, index: 0, width: 256 });
  });
});

describe("entry bundles", () => {
  // 00 03 61 62 63 00 00 00 01 FF   three entries: "abc", nothing, FF
  // |     |        |     |     |
  // len   entry    len   len   entry
  it("put each entry behind its length, two bytes big-endian", () => {
    const entries = [utf8("abc"), new Uint8Array(0), Uint8Array.of(0xff)];
    const bundle = encodeEntryBundle(entries);
    expect(toHex(bundle)).toBe("000361626300000001ff");
    expect(decodeEntryBundle(bundle, 3)).toEqual(entries);
    expect(() => decodeEntryBundle(bundle, 2)).toThrow(ProtocolError);
    expect(() => decodeEntryBundle(bundle.subarray(0, -1))).toThrow(ProtocolError);
    expect(() => decodeEntryBundle(concatBytes(bundle, Uint8Array.of(0)))).toThrow(ProtocolError);
  });

  it("hold 256 entries of up to 65,535 bytes", () => {
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(UsageError);
    expect(decodeEntryBundle(encodeEntryBundle([new Uint8Array(65_535)]))[0]).toHaveLength(65_535);
    expect(() => encodeEntryBundle(Array<Uint8Array>(257).fill(new Uint8Array(0)))).toThrow(UsageError);
    expect(decodeEntryBundle(new Uint8Array(512))).toHaveLength(256);
    expect(() => decodeEntryBundle(new Uint8Array(514))).toThrow(ProtocolError);
  });

  it("read back as they were written (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 256 }), (entries) => {
        expect(decodeEntryBundle(encodeEntryBundle(entries), entries.length)).toEqual(entries);
      }),
      { numRuns: 50 },
    );
  });
});
