import { concatBytes, sha256 } from "../bytes/index.ts";

/** Length of every hash in the log. */
export const HASH_SIZE = 32;

const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** MTH of the empty list: SHA-256 of no bytes (RFC 9162 §2.1.1). A copy, so that no caller can alter it for others. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** SHA-256(0x00 ‖ entry) (RFC 9162 §2.1.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF_PREFIX, entry));
}

/** SHA-256(0x01 ‖ left ‖ right) (RFC 9162 §2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concatBytes(NODE_PREFIX, left, right));
}

/** Leaf hashes of the entries, one after the other: 32 bytes each. */
export function leafHashes(entries: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(entries.length * HASH_SIZE);
  entries.forEach((entry, i) => {
    out.set(leafHash(entry), i * HASH_SIZE);
  });
  return out;
}

/** One level up: `hashes` holds an even number of hashes; out holds nodeHash of each pair. */
export function hashLevel(hashes: Uint8Array): Uint8Array {
  const out = new Uint8Array(hashes.length / 2);
  for (let at = 0; at < hashes.length; at += 2 * HASH_SIZE) {
    const middle = at + HASH_SIZE;
    out.set(nodeHash(hashes.subarray(at, middle), hashes.subarray(middle, middle + HASH_SIZE)), at / 2);
  }
  return out;
}

/** Merkle Tree Hash of leaf hashes written one after the other. */
export function rootOfLeafHashes(hashes: Uint8Array): Uint8Array {
  if (hashes.length === 0) return emptyRoot();
  let level: Uint8Array = hashes.slice();
  // A node without a right sibling moves up unchanged: the same tree as RFC 9162's split at the largest power of two.
  while (level.length > HASH_SIZE) {
    const paired = level.length - (level.length % (2 * HASH_SIZE));
    level = concatBytes(hashLevel(level.subarray(0, paired)), level.subarray(paired));
  }
  return level;
}

/** Merkle Tree Hash over the entries' bytes: MTH(D[n]) of RFC 9162 §2.1.1. */
export function treeHash(entries: readonly Uint8Array[]): Uint8Array {
  return rootOfLeafHashes(leafHashes(entries));
}
