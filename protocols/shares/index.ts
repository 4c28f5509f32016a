export { allowance, duration, earned, emissionInEpoch, HALVING, MINED, partOf, WHOLE, workPool } from "./emission.ts";
export { type EpochTimes, epochAt, epochEnd, epochStart, finalAt, sealingEnd } from "./epochs.ts";
export { advance, allowedWork, type DeviceTerms, firstMark, KINDS, type Mark, type ShareFault } from "./marks.ts";
export { FIRST_MARK, type Share, shareHash, sortShares, workOf } from "./share.ts";
export { proveShares, rootOfShares, type ShareProof } from "./share-proof.ts";
export { locate, locateLeaf, type SharePlace, type SumNode, SumTree, sumLeaf, sumNode } from "./sum-tree.ts";
