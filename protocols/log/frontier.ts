import { concatBytes, UsageError } from "../bytes/index.ts";
import { emptyRoot, HASH_SIZE, hashLevel, nodeHash } from "./merkle-hash.ts";
import { type HashReader, rootNodes } from "./proofs.ts";

/**
 * Receives complete subtrees as they arise: `hashes` holds the subtrees (level, first), (level, first + 1), … one
 * after the other. A left sibling that was waiting for its right one is handed over again with it.
 */
export type NodeSink = (level: number, first: number, hashes: Uint8Array) => void;

/**
 * The right edge of a growing tree: at most one hash a level, so its memory is the logarithm of the log.
 * It can append and tell the root; proofs need the hashes it hands to the sink.
 */
export class Frontier {
  readonly #waiting: (Uint8Array | undefined)[] = [];
  #size = 0;

  /** The frontier of the tree of `size` leaves whose subtrees `read` knows. */
  static from(size: number, read: HashReader): Frontier {
    const frontier = new Frontier();
    for (const { level, index } of rootNodes(size)) frontier.#waiting[level] = read(level, index).slice();
    frontier.#size = size;
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  /** A frontier of its own with the same leaves. */
  copy(): Frontier {
    const copy = new Frontier();
    copy.#waiting.push(...this.#waiting);
    copy.#size = this.#size;
    return copy;
  }

  /** The frontier of as many leaves as make up whole subtrees of this level: at most 2^level − 1 fewer. */
  floor(level: number): Frontier {
    const floor = new Frontier();
    this.#waiting.forEach((hash, at) => {
      floor.#waiting.push(at < level ? undefined : hash);
    });
    floor.#size = this.#size - (this.#size % 2 ** level);
    return floor;
  }

  /** Appends leaf hashes, given one after the other (32 bytes each). */
  append(leafHashes: Uint8Array, sink?: NodeSink): void {
    const count = leafHashes.length / HASH_SIZE;
    if (!Number.isInteger(count)) {
      throw new UsageError("FS-LOG-HASH", `${leafHashes.length} bytes are not a whole number of 32-byte hashes`);
    }
    let first = this.#size;
    let hashes = leafHashes;
    for (let level = 0; hashes.length > 0; level++) {
      const left = this.#waiting[level];
      if (left !== undefined) {
        hashes = concatBytes(left, hashes);
        first -= 1;
      }
      sink?.(level, first, hashes);
      const paired = hashes.length - (hashes.length % (2 * HASH_SIZE));
      this.#waiting[level] = paired < hashes.length ? hashes.slice(paired) : undefined;
      hashes = hashLevel(hashes.subarray(0, paired));
      first /= 2;
    }
    this.#size += count;
  }

  root(): Uint8Array {
    let hash: Uint8Array | undefined;
    for (const left of this.#waiting) {
      if (left !== undefined) hash = hash === undefined ? left.slice() : nodeHash(left, hash);
    }
    return hash ?? emptyRoot();
  }
}
