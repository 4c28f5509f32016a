import { concatBytes, ProtocolError, UsageError } from "../bytes/index.ts";
import { keccak256 } from "../evm/index.ts";
import { type Share, shareHash, workOf } from "./share.ts";

/**
 * A subtree of a seal: its hash and the work under it. The tree has the shape of RFC 6962 (split at the largest power of two
 * below the number of leaves), and each node binds the sums of its two sides, so that a path proves the place of a share
 * within the total, not only that it is there.
 */
export interface SumNode {
  /** 32 bytes. */
  hash: Uint8Array;
  /** u128. */
  sum: bigint;
}

/** Where a share stands in its seal. */
export interface SharePlace {
  root: Uint8Array;
  total: bigint;
  /** Work of all shares left of it: the share covers [before, before + work) of [0, total). */
  before: bigint;
}

const U128_END = 1n << 128n;
const U64_MAX = (1n << 64n) - 1n;
/** A seal's `count` is a u64, so a path has 64 steps at most. */
const MAX_PATH = 64;
const INNER = Uint8Array.of(0x01);

function sum16(value: bigint): Uint8Array {
  const out = new Uint8Array(16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, value >> 64n);
  view.setBigUint64(8, value & U64_MAX);
  return out;
}

/** Leaf of a share. @throws ProtocolError FS-SHARE-EMPTY; UsageError FS-SHARE-FIELD. */
export function sumLeaf(share: Share): SumNode {
  return { hash: shareHash(share), sum: workOf(share) };
}

/** keccak256(01 ‖ left sum 16 ‖ left hash ‖ right sum 16 ‖ right hash). @throws ProtocolError FS-SHARE-SUM beyond u128. */
export function sumNode(left: SumNode, right: SumNode): SumNode {
  const sum = left.sum + right.sum;
  if (sum >= U128_END) throw new ProtocolError("FS-SHARE-SUM", "the work of a seal does not fit 128 bits");
  return { hash: keccak256(concatBytes(INNER, sum16(left.sum), left.hash, sum16(right.sum), right.hash)), sum };
}

/** A seal's tree over its leaves, all levels kept: building a path is a walk. */
export class SumTree {
  /** `#levels[0]` are the leaves; an odd node at a level's end rises as it is, which gives RFC 6962's shape. */
  readonly #levels: SumNode[][];

  /** @throws UsageError FS-SHARE-NONE without leaves; ProtocolError FS-SHARE-SUM. */
  constructor(leaves: readonly SumNode[]) {
    if (leaves.length === 0) throw new UsageError("FS-SHARE-NONE", "a seal has at least one share");
    this.#levels = [[...leaves]];
    for (let level = this.#levels[0]!; level.length > 1; ) {
      const above: SumNode[] = [];
      for (let i = 0; i < level.length; i += 2) {
        above.push(i + 1 < level.length ? sumNode(level[i]!, level[i + 1]!) : level[i]!);
      }
      this.#levels.push(above);
      level = above;
    }
  }

  /** The tree over shares in the order given; a seal's are sorted by `sortShares`. */
  static over(shares: readonly Share[]): SumTree {
    return new SumTree(shares.map(sumLeaf));
  }

  get count(): number {
    return this.#levels[0]!.length;
  }

  /** Levels above the leaves. */
  get height(): number {
    return this.#levels.length - 1;
  }

  /** Subtree `at` of the nodes that span 2^level leaves, counted from the left; undefined beyond the last leaf. */
  node(level: number, at: number): SumNode | undefined {
    return this.#levels[level]?.[at];
  }

  /** Root hash and total work: what a seal states. */
  get root(): SumNode {
    return this.#levels.at(-1)![0]!;
  }

  /** Siblings from leaf `index` up to the root. @throws UsageError FS-SHARE-RANGE. */
  path(index: number): SumNode[] {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.count) {
      throw new UsageError("FS-SHARE-RANGE", `the seal has ${this.count} shares; there is no share ${index}`);
    }
    const path: SumNode[] = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = level[at ^ 1];
      if (sibling !== undefined) path.push(sibling);
      at >>= 1;
    }
    return path;
  }

  /** Index of the share that covers `point` of [0, total). @throws UsageError FS-SHARE-RANGE. */
  at(point: bigint): number {
    if (point < 0n || point >= this.root.sum) {
      throw new UsageError("FS-SHARE-RANGE", `the seal covers [0, ${this.root.sum}); ${point} lies outside`);
    }
    let left = point;
    let at = 0;
    for (let level = this.#levels.length - 2; level >= 0; level--) {
      at *= 2;
      const { sum } = this.#levels[level]![at]!;
      if (left < sum) continue;
      left -= sum;
      at += 1;
    }
    return at;
  }
}

/**
 * Follows a path from a leaf to the root. Index and count decide on which side each step stands and how many there are, as in
 * RFC 9162 §2.1.3.2, so that a path fits one place only.
 * @param path bottom-up.
 * @throws ProtocolError FS-SHARE-PATH when it is no path of that place, FS-SHARE-SUM.
 */
export function locateLeaf(leaf: SumNode, index: number, count: number, path: readonly SumNode[]): SharePlace {
  const wrong = (why: string) =>
    new ProtocolError("FS-SHARE-PATH", `a path for share ${index} of ${count} ${why}`, { context: { index, count } });
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count) {
    throw wrong("names no place of the seal");
  }
  if (path.length > MAX_PATH) throw wrong(`has ${path.length} steps`);
  // Numbers up to 2^53: halved by division, as bit operations end at 2^32.
  const half = (n: number) => Math.floor(n / 2);
  let fn = index;
  let sn = count - 1;
  let node = leaf;
  let before = 0n;
  for (const step of path) {
    if (sn === 0) throw wrong("is too long");
    if (fn % 2 === 1 || fn === sn) {
      before += step.sum;
      node = sumNode(step, node);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      node = sumNode(node, step);
    }
    fn = half(fn);
    sn = half(sn);
  }
  if (sn !== 0) throw wrong("is too short");
  return { root: node.hash, total: node.sum, before };
}

/** `locateLeaf` of a share. @throws ProtocolError FS-SHARE-PATH, FS-SHARE-SUM, FS-SHARE-EMPTY; UsageError FS-SHARE-FIELD. */
export function locate(share: Share, index: number, count: number, path: readonly SumNode[]): SharePlace {
  return locateLeaf(sumLeaf(share), index, count, path);
}
