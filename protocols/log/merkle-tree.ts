import { InternalError, UsageError } from "../bytes/index.ts";
import { Frontier } from "./frontier.ts";
import { HASH_SIZE } from "./merkle-hash.ts";
import { consistencyProof, inclusionProof, treeRoot } from "./proofs.ts";

/** One level's hashes, in memory that doubles as it fills. */
class Level {
  #bytes = new Uint8Array(4 * HASH_SIZE);
  #length = 0;

  put(first: number, hashes: Uint8Array): void {
    const at = first * HASH_SIZE;
    const end = at + hashes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(hashes, at);
    this.#length = end;
  }

  get(index: number): Uint8Array {
    const at = index * HASH_SIZE;
    if (at + HASH_SIZE > this.#length) throw new InternalError("FS-LOG-NODE", `no hash ${index} on this level`);
    return this.#bytes.slice(at, at + HASH_SIZE);
  }
}

/**
 * A Merkle tree that keeps every hash in memory (64 bytes a leaf), for packs and for logs of a moderate size.
 * A log on disk uses `Frontier` for appending and `inclusionProof`/`consistencyProof` over its tiles.
 */
export class MerkleTree {
  readonly #frontier = new Frontier();
  readonly #levels: Level[] = [];

  get size(): number {
    return this.#frontier.size;
  }

  /** Appends one leaf hash, or several written one after the other. */
  append(leafHashes: Uint8Array): void {
    this.#frontier.append(leafHashes, (level, first, hashes) => {
      this.#levels[level] ??= new Level();
      this.#levels[level].put(first, hashes);
    });
  }

  /** Hash of the complete subtree `index` on `level`. */
  hash(level: number, index: number): Uint8Array {
    const found = this.#levels[level];
    if (found === undefined) throw new InternalError("FS-LOG-NODE", `the tree has no level ${level}`);
    return found.get(index);
  }

  #within(size: number): number {
    if (size > this.size) {
      throw new UsageError("FS-LOG-RANGE", `the tree has ${this.size} leaves, not ${size}`, {
        context: { size, has: this.size },
        fix: "Ask for a place inside the tree.",
      });
    }
    return size;
  }

  /** Root of the tree of the first `size` leaves (all of them by default). */
  root(size = this.size): Uint8Array {
    return treeRoot(this.#within(size), (level, index) => this.hash(level, index));
  }

  /** @throws UsageError FS-LOG-RANGE unless 0 ≤ index < size ≤ the tree's size. */
  inclusionProof(index: number, size = this.size): Uint8Array[] {
    return inclusionProof(index, this.#within(size), (level, at) => this.hash(level, at));
  }

  /** @throws UsageError FS-LOG-RANGE unless 0 ≤ from ≤ to ≤ the tree's size. */
  consistencyProof(from: number, to = this.size): Uint8Array[] {
    return consistencyProof(from, this.#within(to), (level, at) => this.hash(level, at));
  }
}
