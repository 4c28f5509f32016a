import { equalBytes, FieldsealError } from "../../protocols/bytes/index.ts";
import { encodeCheckpoint, Frontier, leafHash, leafHashes, MerkleTree, TILE_WIDTH } from "../../protocols/log/index.ts";
import { type LogFiles, LogStore } from "../batch/index.ts";
import type { CommitmentEvidence, LeafEvidence, LoggedEntry } from "../coordinator/faults.ts";
import type { Published } from "./published.ts";

/** Entries and bytes that one commitment may add before it counts as unreadable: a gateway must not fill our memory. */
const MOST_ENTRIES = 1 << 16;
const MOST_BYTES = 64 << 20;

/** What came of looking for a committed log. */
export type Taken =
  | { kind: "taken" }
  /** The published log does not hold all of its entries, or cannot be read. */
  | { kind: "missing"; first: number; why: string }
  /** The published entries have another root. */
  | { kind: "other" };

/** The same evidence that `Faults.forked` takes. */
export interface Fork {
  index: bigint;
  a: LeafEvidence;
  b: LeafEvidence;
}

/**
 * Our copy of another gateway's log, as far as it is committed: a gateway that takes its log back has not taken it from here. Entries
 * are added only when they lead to a root that the chain holds.
 */
export class Mirror {
  readonly #store: LogStore;
  readonly #name: string;
  #frontier = new Frontier();

  /** @param name what the log is called here: the gateway's address. */
  constructor(name: string, files: LogFiles) {
    this.#name = name;
    this.#store = new LogStore({ files });
  }

  /** @throws EnvironmentError FS-LOG-…. */
  async open(): Promise<void> {
    await this.#store.open();
    for await (const { attestation } of this.#store.entries(0)) this.#frontier.append(leafHash(attestation));
  }

  get size(): number {
    return this.#store.size;
  }

  entries(from: number): AsyncGenerator<{ index: number; attestation: Uint8Array }> {
    return this.#store.entries(from);
  }

  /** Exact bytes of an entry below `size`. */
  entry(index: number): Promise<Uint8Array> {
    return this.#store.entry(index);
  }

  /** Whether the copy leads to a commitment's root. */
  async leadsTo({ size, root }: CommitmentEvidence): Promise<boolean> {
    return Number(size) <= this.size && equalBytes(await this.#store.root(Number(size)), root);
  }

  /** How many entries from our size on may be read at once. */
  get reach(): bigint {
    return BigInt(this.size + MOST_ENTRIES);
  }

  /** Copies what a commitment adds, when it leads to the commitment's root. */
  async take(commitment: CommitmentEvidence, source: Published): Promise<Taken> {
    const size = Number(commitment.size);
    const added: Uint8Array[] = [];
    const missing = await readEntries(source, this.size, size, (entry) => added.push(entry));
    if (missing) return missing;
    const grown = this.#frontier.copy();
    if (added.length > 0) grown.append(leafHashes(added));
    if (!equalBytes(grown.root(), commitment.root)) return { kind: "other" };
    if (added.length === 0) return { kind: "taken" };
    await this.#store.append(added.map((attestation) => ({ attestation, readings: [] })));
    // The chain vouches for the head, not a signature. A note has at least one; this one is by no key.
    const head = { origin: `mirror/${this.#name}`, size, root: commitment.root };
    const nobody = { name: head.origin, keyId: 0, signature: Uint8Array.of(0) };
    await this.#store.publish(encodeCheckpoint(head, [nobody]));
    this.#frontier = grown;
    return { kind: "taken" };
  }

  /** An entry of the copy, proven in a commitment that the copy leads to. */
  async logged(commitment: CommitmentEvidence, index: number): Promise<LoggedEntry> {
    const entry = await this.#store.entry(index);
    const path = await this.#store.proof(index, Number(commitment.size));
    return { commitment, index: BigInt(index), entry, path };
  }

  /** Every hash of the copy. */
  async tree(): Promise<MerkleTree> {
    const tree = new MerkleTree();
    for await (const { attestation } of this.#store.entries(0)) tree.append(leafHash(attestation));
    return tree;
  }

  /**
   * Looks whether the gateway now publishes another history, which leads to a commitment that our copy does not.
   * @param known a commitment that our copy leads to.
   */
  async forkOf(known: CommitmentEvidence, other: CommitmentEvidence, source: Published): Promise<Fork | undefined> {
    const tree = new MerkleTree();
    const hashes: Uint8Array[] = [];
    const size = Number(other.size);
    if (BigInt(size) > this.reach) return undefined;
    const missing = await readEntries(source, 0, size, (entry) => hashes.push(leafHash(entry)));
    if (missing) return undefined;
    for (const hash of hashes) tree.append(hash);
    if (!equalBytes(tree.root(), other.root)) return undefined;
    let index = 0;
    for await (const { attestation } of this.#store.entries(0)) {
      if (index >= Number(known.size) || index >= size) return undefined;
      const leaf = leafHash(attestation);
      if (!equalBytes(leaf, hashes[index]!)) {
        const a = { commitment: known, leaf, path: await this.#store.proof(index, Number(known.size)) };
        const b = { commitment: other, leaf: hashes[index]!, path: tree.inclusionProof(index, size) };
        return { index: BigInt(index), a, b };
      }
      index++;
    }
    return undefined;
  }
}

/** Hands over entries [from, to) of a published log; says where it ended when it does not hold them all. */
async function readEntries(
  source: Published,
  from: number,
  to: number,
  take: (entry: Uint8Array) => void,
): Promise<Extract<Taken, { kind: "missing" }> | undefined> {
  if (to - from > 2 * MOST_ENTRIES) {
    return { kind: "missing", first: from, why: `${to - from} entries at once are more than are read` };
  }
  let bytes = 0;
  for (let index = from; index < to; ) {
    const tile = Math.floor(index / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, to - tile * TILE_WIDTH);
    let items: Uint8Array[];
    try {
      items = await source.entries(tile, width);
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      return { kind: "missing", first: index, why: error.message };
    }
    for (; index < tile * TILE_WIDTH + width; index++) {
      const entry = items[index % TILE_WIDTH];
      if (entry === undefined) return { kind: "missing", first: index, why: "the bundle is too short" };
      bytes += entry.length;
      if (bytes > MOST_BYTES) return { kind: "missing", first: index, why: "its entries are longer than are read" };
      if (entry.length === 0) return { kind: "missing", first: index, why: "an entry without bytes" };
      take(Uint8Array.from(entry));
    }
  }
  return undefined;
}
