import { fromHex, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import type { Chain } from "./chain.ts";

/** Strict readers of JSON-RPC values (ethereum/execution-apis, "base types"). All throw ProtocolError FS-CHAIN-ANSWER. */

const bad = (what: string, why: string) =>
  new ProtocolError("FS-CHAIN-ANSWER", `${what} in the end point's answer ${why}`, {
    fix: "Try another JSON-RPC end point.",
  });

/** `0x` and the shortest hex of an integer. */
export const quantity = (value: bigint): string => `0x${value.toString(16)}`;
/** `0x` and two hex digits a byte. */
export const data = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;

export function readQuantity(value: unknown, what: string): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw bad(what, "is not a quantity");
  return BigInt(value);
}

export function readData(value: unknown, what: string, length?: number): Uint8Array {
  if (typeof value !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(value)) throw bad(what, "is not hex data");
  const bytes = fromHex(value.slice(2));
  if (length !== undefined && bytes.length !== length) throw bad(what, `has ${bytes.length} bytes, not ${length}`);
  return bytes;
}

export function readObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(what, "is not an object");
  return value as Record<string, unknown>;
}

export function readArray(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(what, "is not an array");
  if (value.length > most) throw bad(what, `has ${value.length} items, more than ${most}`);
  return value;
}

/** What is needed of a block as the node tells it. */
export interface BlockInfo {
  number: bigint;
  hash: Uint8Array;
  /** Seconds since 1970. */
  timestamp: bigint;
  baseFeePerGas: bigint;
}

export type BlockTag = "latest" | "finalized" | "safe" | bigint;
const tag = (block: BlockTag) => (typeof block === "bigint" ? quantity(block) : block);

export async function getChainId(chain: Chain): Promise<bigint> {
  return readQuantity(await chain.request({ method: "eth_chainId" }), "the chain id");
}

/** The block's JSON, or undefined when the node does not have it. */
export async function getBlockJson(chain: Chain, block: BlockTag): Promise<Record<string, unknown> | undefined> {
  const answer = await chain.request({ method: "eth_getBlockByNumber", params: [tag(block), false] });
  return answer === null ? undefined : readObject(answer, "the block");
}

export async function getBlock(chain: Chain, block: BlockTag): Promise<BlockInfo | undefined> {
  const json = await getBlockJson(chain, block);
  if (json === undefined) return undefined;
  const number = readQuantity(json["number"], "the block number");
  if (typeof block === "bigint" && number !== block) throw bad("the block", `is block ${number}, not ${block}`);
  return {
    number,
    hash: readData(json["hash"], "the block hash", 32),
    timestamp: readQuantity(json["timestamp"], "the block's time"),
    baseFeePerGas: json["baseFeePerGas"] === undefined ? 0n : readQuantity(json["baseFeePerGas"], "the base fee"),
  };
}

/** The newest block. @throws ProtocolError FS-CHAIN-ANSWER when the node has none. */
export async function getLatestBlock(chain: Chain): Promise<BlockInfo> {
  const latest = await getBlock(chain, "latest");
  if (latest === undefined) throw bad("the latest block", "is missing");
  return latest;
}

/** How many transactions of the account are in blocks: its next nonce, whatever waits in the node's pool. */
export async function getNonce(chain: Chain, account: Uint8Array): Promise<bigint> {
  const answer = await chain.request({ method: "eth_getTransactionCount", params: [data(account), "latest"] });
  return readQuantity(answer, "the nonce");
}

/** The next nonce after what waits in the node's pool, as far as it tells. */
export async function getPendingNonce(chain: Chain, account: Uint8Array): Promise<bigint> {
  const answer = await chain.request({ method: "eth_getTransactionCount", params: [data(account), "pending"] });
  return readQuantity(answer, "the pending nonce");
}

/** Wei. */
export async function getBalance(chain: Chain, account: Uint8Array): Promise<bigint> {
  return readQuantity(
    await chain.request({ method: "eth_getBalance", params: [data(account), "latest"] }),
    "the balance",
  );
}

export interface CallRequest {
  from?: Uint8Array;
  to: Uint8Array | undefined;
  data: Uint8Array;
  /** Wei. */
  value?: bigint;
}

const callJson = (call: CallRequest) => ({
  ...(call.from ? { from: data(call.from) } : {}),
  ...(call.to ? { to: data(call.to) } : {}),
  data: data(call.data),
  ...(call.value ? { value: quantity(call.value) } : {}),
});

export async function call(chain: Chain, request: CallRequest): Promise<Uint8Array> {
  return readData(
    await chain.request({ method: "eth_call", params: [callJson(request), "latest"] }),
    "the call's result",
  );
}

export async function estimateGas(chain: Chain, request: CallRequest): Promise<bigint> {
  return readQuantity(
    await chain.request({ method: "eth_estimateGas", params: [callJson(request)] }),
    "the gas estimate",
  );
}

export async function getPriorityFee(chain: Chain): Promise<bigint> {
  return readQuantity(await chain.request({ method: "eth_maxPriorityFeePerGas" }), "the priority fee");
}

/** Hands over a raw transaction; its hash as the node computed it. */
export async function sendRawTransaction(chain: Chain, raw: Uint8Array): Promise<Uint8Array> {
  return readData(await chain.request({ method: "eth_sendRawTransaction", params: [data(raw)] }), "the hash", 32);
}

export async function hasTransaction(chain: Chain, hash: Uint8Array): Promise<boolean> {
  return (await chain.request({ method: "eth_getTransactionByHash", params: [data(hash)] })) !== null;
}

/** A transaction's receipt as JSON, or undefined while it is in no block the node knows. */
export async function getReceiptJson(chain: Chain, hash: Uint8Array): Promise<Record<string, unknown> | undefined> {
  const answer = await chain.request({ method: "eth_getTransactionReceipt", params: [data(hash)] });
  return answer === null ? undefined : readObject(answer, "the receipt");
}
