import { equalBytes } from "../bytes/bytes.ts";
import { ProtocolError, UsageError } from "../bytes/errors.ts";
import { type BlockHeader, decodeHeader } from "./header.ts";
import { buildTrieProof, verifyTrieProof } from "./mpt.ts";
import { decodeReceipt, type Receipt } from "./receipt.ts";
import { encodeRlp, rlpUint } from "./rlp.ts";

/** What binds a receipt to a block hash without any node: the block's header and the path through its receipts trie. */
export interface ReceiptProof {
  headerRlp: Uint8Array;
  /** Trie nodes from the root down. */
  proof: readonly Uint8Array[];
  /** Index of the transaction in its block. */
  transactionIndex: number;
}

const MAX_INDEX = 0xffffff;

function receiptKey(index: number): Uint8Array {
  if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) {
    throw new ProtocolError("FS-RECEIPT-PROOF", `a transaction index of ${index}`);
  }
  return encodeRlp(rlpUint(BigInt(index)));
}

/**
 * Proves receipt `transactionIndex` of a block.
 * @param receipts encoded receipts (`encodeReceipt`) of the whole block, in order.
 * @throws UsageError FS-RECEIPT-ROOT when the receipts do not give the header's receipts root.
 */
export function buildReceiptProof(
  headerRlp: Uint8Array,
  receipts: readonly Uint8Array[],
  transactionIndex: number,
): ReceiptProof {
  const header = decodeHeader(headerRlp);
  const entries = receipts.map((value, index) => ({ key: receiptKey(index), value }));
  const { root, proof } = buildTrieProof(entries, receiptKey(transactionIndex));
  if (!equalBytes(root, header.receiptsRoot)) {
    throw new UsageError("FS-RECEIPT-ROOT", `the receipts of block ${header.number} do not give its receipts root`, {
      context: { block: header.number, receipts: receipts.length },
    });
  }
  return { headerRlp, proof, transactionIndex };
}

/**
 * The receipt that the block with this header holds at the index. What remains to be trusted is that `header.hash` is a block
 * of the chain in question.
 * @throws ProtocolError FS-HEADER, FS-MPT, FS-RECEIPT, FS-RECEIPT-PROOF, FS-RLP.
 */
export function verifyReceiptProof({ headerRlp, proof, transactionIndex }: ReceiptProof): {
  header: BlockHeader;
  receipt: Receipt;
} {
  const header = decodeHeader(headerRlp);
  const receipt = decodeReceipt(verifyTrieProof(header.receiptsRoot, receiptKey(transactionIndex), proof));
  return { header, receipt };
}
