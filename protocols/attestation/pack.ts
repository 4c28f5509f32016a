import { UsageError } from "../bytes/index.ts";
import { leafHash, leafHashes, MerkleTree, treeHash, verifyInclusion } from "../log/index.ts";
import { MAX_PACK } from "./statement.ts";

function checkPack(readings: readonly Uint8Array[]): void {
  if (readings.length === 0 || readings.length > MAX_PACK) {
    throw new UsageError("FS-PACK-COUNT", `a pack has 1…${MAX_PACK} readings, not ${readings.length}`);
  }
}

/** `root` of a statement of kind 0: RFC 6962 §2.1 tree hash over the readings' exact bytes, in order; 32 bytes. */
export function packRoot(readings: readonly Uint8Array[]): Uint8Array {
  checkPack(readings);
  return treeHash(readings);
}

/** The hashes that lead from reading `index` to the pack's root, nearest first: at most 10 (RFC 6962 §2.1.1). */
export function packPath(readings: readonly Uint8Array[], index: number): Uint8Array[] {
  checkPack(readings);
  const tree = new MerkleTree();
  tree.append(leafHashes(readings));
  return tree.inclusionProof(index);
}

/** Whether the reading is number `index` of a pack of `count` with this root. */
export function verifyPackPath(pack: {
  reading: Uint8Array;
  index: number;
  count: number;
  path: readonly Uint8Array[];
  root: Uint8Array;
}): boolean {
  const { reading, index, count, path, root } = pack;
  return verifyInclusion({ index, size: count, leafHash: leafHash(reading), proof: path, root });
}
