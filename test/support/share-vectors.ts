import { concatBytes, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { FIRST_MARK, proveShares, type Share, SumTree, sortShares, sumLeaf } from "../../protocols/shares/index.ts";

/**
 * The cases of test/vectors/shares.json, which both sides read: this one and Shares.sol. Bytes are 0x hex, integers decimal
 * text; the fields of shares stand in arrays of their own, as a contract's JSON reader takes them.
 */

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;

/** A device that is the same in every run. */
const deviceOf = (name: string): Uint8Array => sha256(utf8(`a device of the share vectors: ${name}`));

/** Small, large and largest numbers, told by the device's id alone. */
function shareOf(name: string): Share {
  const device = deviceOf(name);
  const view = new DataView(concatBytes(device).buffer);
  const size = BigInt(device[24]! % 60);
  const from = view.getBigUint64(0) >> (4n + size);
  const grown = (view.getBigUint64(8) >> (4n + size)) + 1n;
  const fromIndex = device[25]! % 5 === 0 ? FIRST_MARK : BigInt(view.getUint32(16));
  const toIndex = BigInt(view.getUint32(16)) + BigInt(view.getUint32(20)) + 1n;
  return { device, from, to: from + grown, fromIndex, toIndex };
}

/** Shares that reach the ends of their fields. */
const EXTREME: readonly Share[] = [
  { device: new Uint8Array(32), from: 0n, to: 1n, fromIndex: 0n, toIndex: 1n },
  { device: deviceOf("the largest"), from: 0n, to: FIRST_MARK, fromIndex: FIRST_MARK, toIndex: FIRST_MARK - 1n },
  {
    device: new Uint8Array(32).fill(0xff),
    from: FIRST_MARK - 1n,
    to: FIRST_MARK,
    fromIndex: FIRST_MARK - 1n,
    toIndex: FIRST_MARK,
  },
];

function caseOf(name: string, unsorted: readonly Share[]) {
  const shares = sortShares(unsorted);
  const tree = SumTree.over(shares);
  const text = (of: (share: Share) => bigint) => shares.map((share) => of(share).toString());
  let before = 0n;
  const places = shares.map((share, index) => {
    const path = tree.path(index);
    const place = {
      index,
      before: before.toString(),
      hashes: path.map(({ hash }) => hex(hash)),
      sums: path.map(({ sum }) => sum.toString()),
    };
    before += share.to - share.from;
    return place;
  });
  // Every second share, proven at once (ShareProof.sol).
  const every = shares.flatMap((_, i) => (i % 2 === 0 ? [i] : []));
  const proof = proveShares(tree, every);
  const batch = {
    indexes: every,
    hashes: proof.path.map(({ hash }) => hex(hash)),
    sums: proof.path.map(({ sum }) => sum.toString()),
    steps: hex(proof.steps),
  };
  return {
    name,
    count: shares.length,
    root: hex(tree.root.hash),
    total: tree.root.sum.toString(),
    device: shares.map(({ device }) => hex(device)),
    from: text(({ from }) => from),
    to: text(({ to }) => to),
    fromIndex: text(({ fromIndex }) => fromIndex),
    toIndex: text(({ toIndex }) => toIndex),
    leaf: shares.map((share) => hex(sumLeaf(share).hash)),
    places,
    batch,
  };
}

/** Sizes around the powers of two, where the shape of RFC 6962 is decided. */
const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17];

export const buildShareVectors = () => ({
  format: "fieldseal share vectors 1",
  cases: [
    ...COUNTS.map((count) =>
      caseOf(
        `${count} shares`,
        Array.from({ length: count }, (_, i) => shareOf(`${i} of ${count}`)),
      ),
    ),
    caseOf("the ends of the fields", EXTREME),
  ],
});
