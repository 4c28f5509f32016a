import { equalBytes, UsageError } from "../bytes/index.ts";
import { emptyRoot, HASH_SIZE, nodeHash } from "./merkle-hash.ts";

/** A complete subtree of 2^level leaves: leaves [index·2^level, (index+1)·2^level). Level 0 is a leaf. */
export interface Node {
  level: number;
  index: number;
}

/** Where proofs get the hashes of complete subtrees from: memory, or tiles on disk. */
export type HashReader = (level: number, index: number) => Uint8Array;

/** Largest tree the package handles: sizes are JavaScript's safe integers. */
export const MAX_SIZE = Number.MAX_SAFE_INTEGER;

function usage(what: string, context: Record<string, unknown>): UsageError {
  return new UsageError("FS-LOG-RANGE", what, { context, fix: "Ask for a place inside the tree." });
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw usage(`a tree cannot have ${size} leaves`, { size });
}

/** The largest power of two that is smaller than n, for n > 1 (k of RFC 9162 §2.1.1). */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The complete subtrees, left to right, that make up leaves [from, to); `from` is a multiple of the first one's size. */
function rangeNodes(from: number, to: number): Node[] {
  const nodes: Node[] = [];
  for (let at = from; at < to; ) {
    let level = 0;
    let width = 1;
    while (width * 2 <= to - at) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** For each hash of the inclusion proof, leaf's sibling first, the subtrees it is made of (PATH of RFC 9162 §2.1.3.1). */
export function inclusionNodes(index: number, size: number): Node[][] {
  checkSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw usage(`leaf ${index} is not in a tree of ${size}`, { index, size });
  }
  const path: Node[][] = [];
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + split(to - from);
    if (index < middle) {
      path.push(rangeNodes(middle, to));
      to = middle;
    } else {
      path.push(rangeNodes(from, middle));
      from = middle;
    }
  }
  return path.reverse();
}

/** For each hash of the consistency proof the subtrees it is made of (PROOF of RFC 9162 §2.1.4.1). Empty from size 0. */
export function consistencyNodes(from: number, to: number): Node[][] {
  checkSize(to);
  if (!Number.isSafeInteger(from) || from < 0 || from > to) {
    throw usage(`a tree of ${to} leaves is not an extension of one of ${from}`, { from, to });
  }
  if (from === 0) return [];
  const path: Node[][] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + split(end - start);
    if (from <= middle) {
      path.push(rangeNodes(middle, end));
      end = middle;
    } else {
      path.push(rangeNodes(start, middle));
      start = middle;
    }
  }
  // The subtree the old tree ends with: the verifier has it already when it is the whole old tree.
  if (start > 0) path.push(rangeNodes(start, end));
  return path.reverse();
}

/** The subtrees that the root of a tree of this size is made of, left to right. */
export function rootNodes(size: number): Node[] {
  checkSize(size);
  return rangeNodes(0, size);
}

function combine(nodes: readonly Node[], read: HashReader): Uint8Array {
  let hash: Uint8Array | undefined;
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { level, index } = nodes[i]!;
    const left = read(level, index);
    hash = hash === undefined ? left : nodeHash(left, hash);
  }
  return hash ?? emptyRoot();
}

/** Root of the tree of the first `size` leaves. */
export function treeRoot(size: number, read: HashReader): Uint8Array {
  return combine(rootNodes(size), read);
}

/**
 * Hashes that prove leaf `index` in the tree of `size` leaves, the leaf's sibling first (RFC 9162 §2.1.3.1).
 * @throws UsageError FS-LOG-RANGE unless 0 ≤ index < size.
 */
export function inclusionProof(index: number, size: number, read: HashReader): Uint8Array[] {
  return inclusionNodes(index, size).map((nodes) => combine(nodes, read));
}

/**
 * Hashes that prove that the tree of `to` leaves extends the one of `from` (RFC 9162 §2.1.4.1).
 * Every tree extends the empty one: that proof is empty.
 * @throws UsageError FS-LOG-RANGE unless 0 ≤ from ≤ to.
 */
export function consistencyProof(from: number, to: number, read: HashReader): Uint8Array[] {
  return consistencyNodes(from, to).map((nodes) => combine(nodes, read));
}

export interface Inclusion {
  index: number;
  size: number;
  leafHash: Uint8Array;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}

const isHash = (bytes: Uint8Array) => bytes.length === HASH_SIZE;
const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;

/** True when the proof leads from the leaf at `index` to the root of the tree of `size` leaves (RFC 9162 §2.1.3.2). */
export function verifyInclusion({ index, size, leafHash, proof, root }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (!isHash(leafHash) || !isHash(root) || !proof.every(isHash)) return false;
  const isRightChild: boolean[] = [];
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + split(to - from);
    isRightChild.push(index >= middle);
    if (index < middle) to = middle;
    else from = middle;
  }
  if (proof.length !== isRightChild.length) return false;
  let hash = leafHash;
  for (const sibling of proof) {
    hash = isRightChild.pop() ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  }
  return equalBytes(hash, root);
}

export interface Consistency {
  from: number;
  to: number;
  fromRoot: Uint8Array;
  toRoot: Uint8Array;
  proof: readonly Uint8Array[];
}

/** True when the proof shows that the tree of `to` leaves begins with the tree of `from` leaves (RFC 9162 §2.1.4.2). */
export function verifyConsistency({ from, to, fromRoot, toRoot, proof }: Consistency): boolean {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (!isHash(fromRoot) || !isHash(toRoot) || !proof.every(isHash)) return false;
  if (from === 0) {
    const empty = emptyRoot();
    return proof.length === 0 && equalBytes(fromRoot, empty) && (to > 0 || equalBytes(toRoot, empty));
  }
  const inLeft: boolean[] = [];
  let start = 0;
  let end = to;
  while (end !== from) {
    const middle = start + split(end - start);
    inLeft.push(from <= middle);
    if (from <= middle) end = middle;
    else start = middle;
  }
  const hashes = [...proof];
  const seed = start === 0 ? fromRoot : hashes.shift();
  if (seed === undefined || hashes.length !== inLeft.length) return false;
  let before = seed;
  let after = seed;
  for (const sibling of hashes) {
    if (inLeft.pop()) {
      after = nodeHash(after, sibling);
    } else {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
    }
  }
  return equalBytes(before, fromRoot) && equalBytes(after, toRoot);
}
