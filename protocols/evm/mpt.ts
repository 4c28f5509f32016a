import { compareBytes, concatBytes, equalBytes } from "../bytes/bytes.ts";
import { ProtocolError, UsageError } from "../bytes/errors.ts";
import { fromHex } from "../bytes/text.ts";
import { keccak256 } from "./keccak.ts";
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpList } from "./rlp.ts";

/** Root of a trie that holds nothing: Keccak-256 of the empty byte string's RLP. */
export const EMPTY_TRIE_ROOT: Readonly<Uint8Array> = fromHex(
  "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
);

const CODE = "FS-MPT";
const MAX_NODES = 64;
const MAX_PROOF_BYTES = 1 << 20;
/** A node shorter than a hash is embedded in its parent instead of being referred to (yellow paper, appendix D). */
const HASH_LENGTH = 32;

function nibblesOf(key: Uint8Array): Uint8Array {
  const out = new Uint8Array(key.length * 2);
  key.forEach((byte, i) => {
    out[2 * i] = byte >> 4;
    out[2 * i + 1] = byte & 15;
  });
  return out;
}

/** Hex-prefix form of a path: first nibble holds the leaf flag and the oddness. */
function hexPrefix(nibbles: Uint8Array, leaf: boolean): Uint8Array {
  const odd = nibbles.length % 2;
  const out = new Uint8Array(1 + (nibbles.length - odd) / 2);
  out[0] = (leaf ? 0x20 : 0) | (odd ? 0x10 | nibbles[0]! : 0);
  for (let i = odd; i < nibbles.length; i += 2) out[1 + (i - odd) / 2] = (nibbles[i]! << 4) | nibbles[i + 1]!;
  return out;
}

function readHexPrefix(bytes: Uint8Array): { leaf: boolean; nibbles: Uint8Array } {
  const first = bytes[0];
  if (first === undefined || first > 0x3f) throw new ProtocolError(CODE, "a trie path has no valid prefix");
  const odd = (first & 0x10) !== 0;
  if (!odd && (first & 15) !== 0) throw new ProtocolError(CODE, "a trie path has padding that is not zero");
  const tail = nibblesOf(bytes.subarray(1));
  return { leaf: (first & 0x20) !== 0, nibbles: odd ? concatBytes(Uint8Array.of(first & 15), tail) : tail };
}

export interface TrieEntry {
  key: Uint8Array;
  value: Uint8Array;
}

interface PathEntry {
  nibbles: Uint8Array;
  value: Uint8Array;
}

interface BuiltNode {
  value: RlpValue;
  /** RLP of the nodes from here to the wanted key, only those that are referred to by hash; this one first. */
  proof: Uint8Array[];
  encoded: Uint8Array;
}

function reference(node: BuiltNode): RlpValue {
  return node.encoded.length < HASH_LENGTH ? node.value : keccak256(node.encoded);
}

function commonPrefix(entries: readonly PathEntry[], from: number): number {
  const first = entries[0]!.nibbles;
  const last = entries[entries.length - 1]!.nibbles;
  let at = from;
  while (at < first.length && at < last.length && first[at] === last[at]) at++;
  return at - from;
}

function made(value: RlpValue, wanted: boolean, below: Uint8Array[] = []): BuiltNode {
  const encoded = encodeRlp(value);
  const proof = wanted ? (encoded.length < HASH_LENGTH ? below : [encoded, ...below]) : [];
  return { value, encoded, proof };
}

/** The node over sorted `entries`, whose paths agree before `depth`. */
function build(entries: readonly PathEntry[], depth: number, target: Uint8Array | undefined): BuiltNode {
  const only = entries[0]!;
  const wanted = target !== undefined;
  if (entries.length === 1) return made([hexPrefix(only.nibbles.subarray(depth), true), only.value], wanted);
  const shared = commonPrefix(entries, depth);
  if (shared > 0) {
    const below = build(entries, depth + shared, target);
    const path = hexPrefix(only.nibbles.subarray(depth, depth + shared), false);
    return made([path, reference(below)], wanted, below.proof);
  }
  const slots: RlpValue[] = Array.from({ length: 17 }, () => new Uint8Array(0));
  let rest = entries;
  if (only.nibbles.length === depth) {
    slots[16] = only.value;
    rest = entries.slice(1);
  }
  let proof: Uint8Array[] = [];
  for (let from = 0; from < rest.length; ) {
    const nibble = rest[from]!.nibbles[depth]!;
    let to = from + 1;
    while (to < rest.length && rest[to]!.nibbles[depth] === nibble) to++;
    const onPath = target !== undefined && target[depth] === nibble;
    const child = build(rest.slice(from, to), depth + 1, onPath ? target : undefined);
    slots[nibble] = reference(child);
    if (onPath) proof = child.proof;
    from = to;
  }
  return made(slots, wanted, proof);
}

/**
 * Builds the Merkle-Patricia trie over `entries` and the proof for one of its keys.
 * @returns the root, and the nodes from the root to the value, as `verifyTrieProof` takes them.
 */
export function buildTrieProof(
  entries: readonly TrieEntry[],
  key: Uint8Array,
): { root: Uint8Array; proof: Uint8Array[] } {
  const sorted = entries
    .map(({ key, value }) => ({ nibbles: nibblesOf(key), value }))
    .sort((a, b) => compareBytes(a.nibbles, b.nibbles));
  for (let i = 0; i < sorted.length; i++) {
    const twice = i > 0 && equalBytes(sorted[i - 1]!.nibbles, sorted[i]!.nibbles);
    if (twice || sorted[i]!.value.length === 0) {
      throw new UsageError("FS-MPT-ENTRIES", `entry ${i} of a trie is empty or there twice`);
    }
  }
  const target = nibblesOf(key);
  if (!sorted.some((entry) => equalBytes(entry.nibbles, target))) {
    throw new UsageError("FS-MPT-ENTRIES", "the key to prove is not among the entries of the trie");
  }
  const root = build(sorted, 0, target);
  const proof = root.encoded.length < HASH_LENGTH ? [root.encoded, ...root.proof] : root.proof;
  return { root: keccak256(root.encoded), proof };
}

/**
 * Checks that the trie with `root` holds a value under `key`, and returns it. Every node of the proof must be used, in order
 * from the root down; embedded nodes are part of their parents.
 * @throws ProtocolError FS-MPT, FS-RLP.
 */
export function verifyTrieProof(root: Uint8Array, key: Uint8Array, proof: readonly Uint8Array[]): Uint8Array {
  const size = proof.reduce((sum, node) => sum + node.length, 0);
  if (proof.length === 0 || proof.length > MAX_NODES || size > MAX_PROOF_BYTES) {
    throw new ProtocolError(CODE, `a trie proof of ${proof.length} nodes and ${size} bytes`);
  }
  const path = nibblesOf(key);
  let used = 0;
  const open = (hash: Uint8Array): readonly RlpValue[] => {
    const node = proof[used];
    if (node === undefined) throw new ProtocolError(CODE, `node ${used} of the trie proof is missing`);
    if (!equalBytes(keccak256(node), hash)) {
      throw new ProtocolError(CODE, `node ${used} of the trie proof does not have the hash its parent names`, {
        context: { node: used },
      });
    }
    used++;
    return rlpList(decodeRlp(node, { maxDepth: 8, maxItems: 600 }), "a trie node", CODE);
  };
  const follow = (child: RlpValue | undefined): readonly RlpValue[] => {
    if (!(child instanceof Uint8Array)) return rlpList(child, "a trie node", CODE);
    return open(rlpBytes(child, "a reference to a trie node", HASH_LENGTH, CODE));
  };
  const found = (value: RlpValue | undefined): Uint8Array => {
    const bytes = rlpBytes(value, "the value of a trie node", undefined, CODE);
    if (bytes.length === 0) throw new ProtocolError(CODE, "the trie holds no value under the key");
    if (used !== proof.length)
      throw new ProtocolError(CODE, `${proof.length - used} nodes of the trie proof are unused`);
    return bytes;
  };

  let node = open(root);
  for (let at = 0; ; ) {
    if (node.length === 17) {
      if (at === path.length) return found(node[16]);
      node = follow(node[path[at]!]);
      at++;
      continue;
    }
    if (node.length !== 2) throw new ProtocolError(CODE, `a trie node has ${node.length} items`);
    const { leaf, nibbles } = readHexPrefix(rlpBytes(node[0], "the path of a trie node", undefined, CODE));
    if (!leaf && nibbles.length === 0) throw new ProtocolError(CODE, "an extension node with an empty path");
    if (!equalBytes(nibbles, path.subarray(at, at + nibbles.length))) {
      throw new ProtocolError(CODE, "the trie proof leads to another key");
    }
    at += nibbles.length;
    if (leaf) {
      if (at !== path.length) throw new ProtocolError(CODE, "the trie proof ends before the key does");
      return found(node[1]);
    }
    node = follow(node[1]);
  }
}
