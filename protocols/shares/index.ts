export { type EpochTimes, epochAt, epochEnd, epochStart, finalAt, sealingEnd } from "./epochs.ts";
export { FIRST_MARK, type Share, shareHash, sortShares, workOf } from "./share.ts";
export { locate, locateLeaf, type SharePlace, type SumNode, SumTree, sumLeaf, sumNode } from "./sum-tree.ts";
