export { commitmentsOfEpoch, type DatedCommitment, type EpochCommitments } from "./epoch-commitments.ts";
export { type EpochShare, type EpochSpan, type Left, shareOfEpoch } from "./epoch-shares.ts";
export { type PrepareOptions, prepareEpoch, standingsAfter } from "./prepare.ts";
export { type PreparedEpoch, type PreparedSeal, SealFiles, treeOf } from "./seal-files.ts";
export { type Cited, readEntry, type Standing } from "./standing.ts";
export { type Pay, type PayTerms, payOf } from "./why.ts";
