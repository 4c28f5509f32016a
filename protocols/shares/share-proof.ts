import { ProtocolError, UsageError } from "../bytes/index.ts";
import type { Share } from "./share.ts";
import { type SumNode, type SumTree, sumLeaf, sumNode } from "./sum-tree.ts";

/** Steps of a proof (ShareProof.sol): the next share, the next neighbour, or joining the two on top of the stack. */
const SHARE = 0;
const NEIGHBOUR = 1;
const JOIN = 2;

/** Proves several shares of one seal at once: what is above several of them is hashed once. */
export interface ShareProof {
  /** Subtrees that hold none of the shares, from left to right. */
  path: SumNode[];
  /** The program that makes the root, one byte a step. */
  steps: Uint8Array;
}

/**
 * The proof of some shares of a seal, from left to right.
 * @param indexes ascending, each once. @throws UsageError FS-SHARE-RANGE.
 */
export function proveShares(tree: SumTree, indexes: readonly number[]): ShareProof {
  const rising = indexes.every((index, i) => Number.isSafeInteger(index) && index > (indexes[i - 1] ?? -1));
  if (indexes.length === 0 || !rising || indexes.at(-1)! >= tree.count) {
    throw new UsageError("FS-SHARE-RANGE", `the places of shares ascend below the seal's count of ${tree.count}`);
  }
  const path: SumNode[] = [];
  const steps: number[] = [];
  let next = 0;
  // Level by level from the top: a subtree spans 2^level leaves.
  const walk = (level: number, at: number): void => {
    const end = (at + 1) * 2 ** level;
    if (next >= indexes.length || indexes[next]! >= end) {
      path.push(tree.node(level, at)!);
      steps.push(NEIGHBOUR);
    } else if (level === 0) {
      next++;
      steps.push(SHARE);
    } else {
      walk(level - 1, 2 * at);
      if (tree.node(level - 1, 2 * at + 1) === undefined) return;
      walk(level - 1, 2 * at + 1);
      steps.push(JOIN);
    }
  };
  walk(tree.height, 0);
  return { path, steps: Uint8Array.from(steps) };
}

/**
 * Root and total work of the tree that a proof describes, as `ShareProof.rootOf` computes them.
 * @throws ProtocolError FS-SHARE-PATH for a program that leaves something over or lacks something, FS-SHARE-SUM, FS-SHARE-EMPTY;
 *   UsageError FS-SHARE-FIELD.
 */
export function rootOfShares(shares: readonly Share[], { path, steps }: ShareProof): SumNode {
  const broken = (at: number) =>
    new ProtocolError("FS-SHARE-PATH", `the proof of ${shares.length} shares breaks at step ${at}`, {
      context: { at },
    });
  const stack: SumNode[] = [];
  let share = 0;
  let neighbour = 0;
  for (const [at, step] of steps.entries()) {
    if (step === SHARE && share < shares.length) stack.push(sumLeaf(shares[share++]!));
    else if (step === NEIGHBOUR && neighbour < path.length) stack.push(path[neighbour++]!);
    else if (step === JOIN && stack.length >= 2) stack.splice(-2, 2, sumNode(stack.at(-2)!, stack.at(-1)!));
    else throw broken(at);
  }
  if (stack.length !== 1 || share !== shares.length || neighbour !== path.length) throw broken(steps.length);
  return stack[0]!;
}
