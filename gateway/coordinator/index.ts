export { type Anchor, fetchAnchor, fetchBlockHeader } from "./anchor.ts";
export { type Chain, type ChainRequest, type HttpChainOptions, httpChain } from "./chain.ts";
export {
  type ChainVerdict,
  type ContractCall,
  type Coordinator,
  compareWithChain,
  coordinatorAt,
  type GatewayHead,
  type RegisteredDevice,
  type Registration,
  type RootAt,
  type RunEntry,
  ringMark,
  runLeaf,
  runOfOne,
} from "./coordinator.ts";
export type { HttpAnswer, HttpPost } from "./http-post.ts";
export {
  decodeOutboxEntry,
  encodeOutboxEntry,
  memoryOutbox,
  type OutboxEntry,
  type OutboxStore,
  type OutboxTask,
} from "./outbox.ts";
export { KNOWN_REVERTS, type Revert, readRevert } from "./reverts.ts";
export { type BlockInfo, getBalance, getBlock, getChainId, getLatestBlock } from "./rpc.ts";
export { localTransactionSigner, type TransactionSigner } from "./signer.ts";
export type { SubmitterStatus } from "./status.ts";
export { Submitter } from "./submitter.ts";
export type { CallResult, Checkpoint, SubmitterEvent, SubmitterOptions } from "./submitter-options.ts";
