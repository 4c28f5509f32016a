import { copyOf, equalBytes } from "../../protocols/bytes/index.ts";
import { selector, wordToUint } from "../../protocols/evm/index.ts";
import { inclusionNodes, leafHash, type MerkleTree, verifyInclusion } from "../../protocols/log/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { data, readData, readObject } from "../coordinator/rpc.ts";
import type { Asked } from "./asking.ts";

/** What a gateway showed on demand. */
export interface ShownEntry {
  entry: Uint8Array;
  path: Uint8Array[];
}

const ANSWER = "answer(address,(uint64,uint64,bytes32),uint64,bytes,bytes32[])";
/** Words before the two lengths: gateway, commitment 3, index, and where entry and path stand. */
const HEAD = 7;
const WORD = 32;
/** A tree of 2^53 entries. */
const MOST_PATH = 64;

/** Reads the call data of `Faults.answer`; undefined when it is another call, or cut. */
export function decodeAnswer(input: Uint8Array): ShownEntry | undefined {
  if (input.length < 4 + HEAD * WORD || !equalBytes(input.subarray(0, 4), selector(ANSWER))) return undefined;
  const body = input.subarray(4);
  /** A length at `at`, and where what it counts begins. */
  const sized = (offset: number, most: number): { at: number; length: number } | undefined => {
    if (offset + WORD > body.length) return undefined;
    const length = wordToUint(body.subarray(offset, offset + WORD));
    return length <= BigInt(most) ? { at: offset + WORD, length: Number(length) } : undefined;
  };
  const offsetOf = (word: number): number => {
    const offset = wordToUint(body.subarray(word * WORD, (word + 1) * WORD));
    return offset < BigInt(body.length) ? Number(offset) : body.length;
  };
  const entry = sized(offsetOf(5), body.length);
  const path = sized(offsetOf(6), MOST_PATH);
  if (!entry || !path || entry.at + entry.length > body.length || path.at + path.length * WORD > body.length) {
    return undefined;
  }
  const hashes = Array.from({ length: path.length }, (_, i) =>
    copyOf(body, path.at + i * WORD, path.at + (i + 1) * WORD),
  );
  return { entry: copyOf(body, entry.at, entry.at + entry.length), path: hashes };
}

/** The entry that a transaction showed; undefined when it cannot be read out of its call data. */
export async function shownIn(chain: Chain, transaction: Uint8Array): Promise<ShownEntry | undefined> {
  const json = await chain.request({ method: "eth_getTransactionByHash", params: [data(transaction)] });
  return json === null ? undefined : decodeAnswer(readData(readObject(json, "a transaction")["input"], "its input"));
}

/** Entries [from, to) in which two histories differ. */
export interface Range {
  from: bigint;
  to: bigint;
}

/**
 * What an answer out of another history says about where it leaves ours: the hashes beside its entry are those of whole stretches.
 * @param tree our copy of the log.
 * @param known entries of the copy that are committed.
 * @returns "leaf" when the shown entry itself differs; a narrower stretch to ask about next; undefined when nothing differs.
 */
export function whereDifferent(
  { size, root, index }: Extract<Asked, { what: "entry" }>,
  { entry, path }: ShownEntry,
  tree: MerkleTree,
  known: number,
): "leaf" | Range | undefined {
  const at = Number(index);
  const leaf = leafHash(entry);
  if (!verifyInclusion({ index: at, size: Number(size), leafHash: leaf, proof: path, root })) return undefined;
  if (at < known && !equalBytes(tree.hash(0, at), leaf)) return "leaf";
  let unknown: Range | undefined;
  for (const [i, nodes] of inclusionNodes(at, Number(size)).entries()) {
    const [first, last] = [nodes[0]!, nodes.at(-1)!];
    const from = first.index * 2 ** first.level;
    const to = (last.index + 1) * 2 ** last.level;
    if (from >= known) continue;
    const range = { from: BigInt(from), to: BigInt(Math.min(to, known)) };
    // A stretch beyond our copy, or of several subtrees, is one hash that ours cannot be compared with.
    if (nodes.length > 1 || to > known) unknown = range;
    else if (!equalBytes(tree.hash(first.level, first.index), path[i]!)) return range;
  }
  return unknown;
}
