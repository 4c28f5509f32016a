export {
  type AbiValue,
  decodeWords,
  encodeArguments,
  encodeCall,
  eventTopic,
  selector,
  wordToAddress,
  wordToUint,
} from "./abi.ts";
export { addressOfPublicKey, createdAddress, fromAddressText, toAddressText } from "./address.ts";
export { type Commitment, commitmentsOf, decodeCommitted, encodeCommit } from "./coordinator.ts";
export { type BlockHeader, decodeHeader } from "./header.ts";
export { keccak256 } from "./keccak.ts";
export { buildTrieProof, EMPTY_TRIE_ROOT, type TrieEntry, verifyTrieProof } from "./mpt.ts";
export { decodeReceipt, encodeReceipt, type Log, logsBloom, type Receipt } from "./receipt.ts";
export { buildReceiptProof, type ReceiptProof, verifyReceiptProof } from "./receipt-proof.ts";
export { decodeRlp, encodeRlp, type RlpLimits, type RlpValue, rlpUint } from "./rlp.ts";
export {
  addressOfPrivateKey,
  decodeTransaction,
  type SignedTransaction,
  signedTransaction,
  signTransaction,
  type TransactionFields,
  type TransactionSignature,
  transactionHash,
  transactionSender,
  unsignedTransaction,
} from "./transaction.ts";
