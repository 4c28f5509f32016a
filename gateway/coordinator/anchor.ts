import { EnvironmentError, equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  buildReceiptProof,
  decodeHeader,
  encodeReceipt,
  encodeRlp,
  type Log,
  type Receipt,
  type ReceiptProof,
  type RlpValue,
  rlpUint,
  verifyReceiptProof,
} from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import {
  data,
  getBlockJson,
  getChainId,
  getReceiptJson,
  readArray,
  readData,
  readObject,
  readQuantity,
} from "./rpc.ts";

/** Where a transaction stands in a chain, checkable without the chain (`verifyReceiptProof`). */
export interface Anchor extends ReceiptProof {
  chainId: bigint;
  transactionHash: Uint8Array;
  blockNumber: bigint;
  blockHash: Uint8Array;
}

/** Header fields in RLP order (execution-specs, `Header`), as JSON-RPC names them; the second part came with forks, in this order. */
const FIELDS: readonly (readonly [name: string, kind: "data" | "quantity"])[] = [
  ["parentHash", "data"],
  ["sha3Uncles", "data"],
  ["miner", "data"],
  ["stateRoot", "data"],
  ["transactionsRoot", "data"],
  ["receiptsRoot", "data"],
  ["logsBloom", "data"],
  ["difficulty", "quantity"],
  ["number", "quantity"],
  ["gasLimit", "quantity"],
  ["gasUsed", "quantity"],
  ["timestamp", "quantity"],
  ["extraData", "data"],
  ["mixHash", "data"],
  ["nonce", "data"],
];
const FORK_FIELDS: readonly (readonly [name: string, kind: "data" | "quantity"])[] = [
  ["baseFeePerGas", "quantity"],
  ["withdrawalsRoot", "data"],
  ["blobGasUsed", "quantity"],
  ["excessBlobGas", "quantity"],
  ["parentBeaconBlockRoot", "data"],
  ["requestsHash", "data"],
  ["blockAccessListHash", "data"],
];

function headerRlpOf(json: Record<string, unknown>): Uint8Array {
  const read = ([name, kind]: readonly [string, "data" | "quantity"]): RlpValue =>
    kind === "data" ? readData(json[name], name) : rlpUint(readQuantity(json[name], name));
  const forks = FORK_FIELDS.filter(([name]) => json[name] !== undefined && json[name] !== null);
  return encodeRlp([...FIELDS, ...forks].map(read));
}

/**
 * A block's header as RLP, checked to have the hash the node states.
 * @throws EnvironmentError FS-CHAIN-BLOCK when the node does not have the block; ProtocolError FS-CHAIN-HEADER when the header
 *   cannot be rebuilt, FS-CHAIN-ANSWER.
 */
export async function fetchBlockHeader(chain: Chain, number: bigint): Promise<Uint8Array> {
  const json = await getBlockJson(chain, number);
  if (json === undefined) throw new EnvironmentError("FS-CHAIN-BLOCK", `the end point does not have block ${number}`);
  const hash = readData(json["hash"], "the block hash", 32);
  const rebuilt = headerRlpOf(json);
  if (equalBytes(decodeHeader(rebuilt).hash, hash)) return rebuilt;
  // A fork this list does not know: the node may still give the bytes themselves.
  const answer = await chain.request({ method: "debug_getRawHeader", params: [json["number"]] }).catch(() => undefined);
  const raw = answer === undefined ? undefined : readData(answer, "the raw header");
  if (raw !== undefined && equalBytes(decodeHeader(raw).hash, hash)) return raw;
  throw new ProtocolError("FS-CHAIN-HEADER", `the header of block ${number} does not give the block's hash`, {
    fix: "Use an end point that serves debug_getRawHeader, or update Fieldseal for this chain's newest fork.",
  });
}

function logOf(value: unknown): Log {
  const json = readObject(value, "a log");
  return {
    address: readData(json["address"], "a log's address", 20),
    topics: readArray(json["topics"], "a log's topics", 4).map((topic) => readData(topic, "a topic", 32)),
    data: readData(json["data"], "a log's data"),
  };
}

/** A receipt of JSON-RPC as the receipts trie holds it. */
export function receiptOf(json: Record<string, unknown>): Receipt {
  const type = json["type"] === undefined ? 0n : readQuantity(json["type"], "the transaction type");
  // Roll-ups append these two to the receipts of their deposit transactions.
  const extra = ["depositNonce", "depositReceiptVersion"]
    .filter((name) => json[name] !== undefined && json[name] !== null)
    .map((name) => readQuantity(json[name], name));
  return {
    type: Number(type),
    status: readQuantity(json["status"], "the status") === 1n,
    cumulativeGasUsed: readQuantity(json["cumulativeGasUsed"], "the gas used"),
    logs: readArray(json["logs"], "the logs", 100_000).map(logOf),
    ...(extra.length > 0 ? { extra } : {}),
  };
}

async function blockReceipts(chain: Chain, block: Record<string, unknown>): Promise<Record<string, unknown>[]> {
  const hashes = readArray(block["transactions"], "the block's transactions", 100_000);
  try {
    const answer = await chain.request({ method: "eth_getBlockReceipts", params: [block["number"]] });
    if (answer !== null)
      return readArray(answer, "the block's receipts", 100_000).map((r) => readObject(r, "a receipt"));
  } catch (error) {
    if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-RPC") throw error;
    // The method is not served everywhere; one by one is slower and gives the same.
  }
  const receipts: Record<string, unknown>[] = [];
  for (const hash of hashes) {
    const receipt = await getReceiptJson(chain, readData(hash, "a transaction hash", 32));
    if (receipt === undefined)
      throw new EnvironmentError("FS-CHAIN-BLOCK", "the end point lacks a receipt of the block");
    receipts.push(receipt);
  }
  return receipts;
}

/**
 * The proof that a transaction's receipt is in a block. It is verified before it is returned: nothing of the node's answer is
 * believed but that the block hash is the chain's.
 * @throws EnvironmentError FS-CHAIN-BLOCK when transaction or block is not there; ProtocolError FS-CHAIN-HEADER,
 *   FS-CHAIN-ANSWER, FS-CHAIN-RECEIPT when the answers contradict each other.
 */
export async function fetchAnchor(chain: Chain, transactionHash: Uint8Array): Promise<Anchor> {
  const own = await getReceiptJson(chain, transactionHash);
  if (own === undefined) throw new EnvironmentError("FS-CHAIN-BLOCK", "the transaction is in no block");
  const blockNumber = readQuantity(own["blockNumber"], "the receipt's block");
  const transactionIndex = Number(readQuantity(own["transactionIndex"], "the receipt's index"));
  const chainId = await getChainId(chain);
  const headerRlp = await fetchBlockHeader(chain, blockNumber);
  const block = await getBlockJson(chain, blockNumber);
  if (block === undefined) throw new EnvironmentError("FS-CHAIN-BLOCK", `the end point lost block ${blockNumber}`);
  const receipts = (await blockReceipts(chain, block)).map((json) => encodeReceipt(receiptOf(json)));
  const contradiction = (why: string, cause?: unknown) =>
    new ProtocolError("FS-CHAIN-RECEIPT", `the receipt of ${data(transactionHash).slice(0, 10)}… ${why}`, {
      fix: "Try another JSON-RPC end point.",
      ...(cause === undefined ? {} : { cause }),
    });
  const hashes = readArray(block["transactions"], "the block's transactions", 100_000);
  if (hashes[transactionIndex] !== data(transactionHash)) throw contradiction("is not at the index it states");
  let proof: ReceiptProof;
  try {
    proof = buildReceiptProof(headerRlp, receipts, transactionIndex);
  } catch (cause) {
    throw contradiction("is not in the receipts root of its block", cause);
  }
  const { header } = verifyReceiptProof(proof);
  return { ...proof, chainId, transactionHash, blockNumber, blockHash: header.hash };
}
