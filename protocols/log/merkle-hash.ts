import { sha256, sha256Engine, UsageError } from "../bytes/index.ts";

/** Length of every hash in the log. */
export const HASH_SIZE = 32;

const LEAF_PREFIX = 0x00;

/** MTH of the empty list: SHA-256 of no bytes (RFC 9162 §2.1.1). A copy, so that no caller can alter it for others. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** SHA-256(0x00 ‖ entry) (RFC 9162 §2.1.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256Engine().hashPrefixed(LEAF_PREFIX, entry);
}

/** SHA-256(0x01 ‖ left ‖ right), for hashes of 32 bytes (RFC 9162 §2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_SIZE || right.length !== HASH_SIZE) {
    throw new UsageError(
      "FS-LOG-HASH",
      `a node is hashed from two hashes, not ${left.length} and ${right.length} bytes`,
    );
  }
  return sha256Engine().hashNode(left, right);
}

/** Leaf hashes of the entries, one after the other: 32 bytes each. */
export function leafHashes(entries: readonly Uint8Array[]): Uint8Array {
  return sha256Engine().hashAll(entries, LEAF_PREFIX);
}

function checkWhole(hashes: Uint8Array, unit: number): Uint8Array {
  if (hashes.length % unit === 0) return hashes;
  throw new UsageError("FS-LOG-HASH", `${hashes.length} bytes are not a multiple of ${unit}`);
}

/** One level up: `hashes` holds an even number of hashes, out holds the node hash of each pair. */
export function hashLevel(hashes: Uint8Array): Uint8Array {
  return sha256Engine().hashPairs(checkWhole(hashes, 2 * HASH_SIZE));
}

/** Merkle Tree Hash of leaf hashes written one after the other. */
export function rootOfLeafHashes(hashes: Uint8Array): Uint8Array {
  if (hashes.length === 0) return emptyRoot();
  // A node without a right sibling moves up unchanged: the same tree as RFC 9162's split at the largest power of two.
  return sha256Engine().hashTree(checkWhole(hashes, HASH_SIZE));
}

/** Merkle Tree Hash over the entries' bytes: MTH(D[n]) of RFC 9162 §2.1.1. */
export function treeHash(entries: readonly Uint8Array[]): Uint8Array {
  return rootOfLeafHashes(leafHashes(entries));
}
