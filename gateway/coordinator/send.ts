import { EnvironmentError, equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import { transactionHash } from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import { getChainId, sendRawTransaction } from "./rpc.ts";

/** What the node made of a transaction that was handed to it. */
export type SendOutcome = "accepted" | "known" | "nonce-used" | "underpriced";

/**
 * Nodes report these by text under one code (-32000): geth, Nethermind, Besu, Erigon, Reth and anvil, in their words. The text
 * only decides what is tried next; what is true is read from the chain.
 */
const TEXTS: readonly (readonly [RegExp, SendOutcome | "funds"])[] = [
  [/already known|already imported|known transaction|alreadyknown/i, "known"],
  [/nonce.{0,12}too low|oldnonce|nonce.{0,20}already used/i, "nonce-used"],
  [/underpriced|fee too low|gas price too low|feetoolow/i, "underpriced"],
  [/insufficient funds|insufficient balance|insufficientfunds/i, "funds"],
];

/** @throws EnvironmentError FS-CHAIN-ID when the end point serves another chain than `chainId`. */
export async function requireChainId(chain: Chain, chainId: bigint): Promise<void> {
  const got = await getChainId(chain);
  if (got === chainId) return;
  throw new EnvironmentError("FS-CHAIN-ID", `the end point serves chain ${got}, not ${chainId}`, {
    context: { got: Number(got), want: Number(chainId) },
    fix: "Set the end point of the right chain; nothing is sent to another one.",
  });
}

/**
 * Hands a raw transaction to the node, after asking it once more which chain it serves.
 * @throws EnvironmentError FS-CHAIN-ID, FS-CHAIN-FUNDS; what `Chain.request` throws.
 */
export async function sendRaw(chain: Chain, chainId: bigint, raw: Uint8Array): Promise<SendOutcome> {
  await requireChainId(chain, chainId);
  try {
    const hash = await sendRawTransaction(chain, raw);
    if (!equalBytes(hash, transactionHash(raw))) {
      throw new ProtocolError("FS-CHAIN-ANSWER", "the end point names another hash for the transaction it was given");
    }
    return "accepted";
  } catch (error) {
    if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-RPC") throw error;
    const message = String(error.context["rpcMessage"]);
    const [, outcome] = TEXTS.find(([pattern]) => pattern.test(message)) ?? [];
    if (outcome === undefined) throw error;
    if (outcome !== "funds") return outcome;
    throw new EnvironmentError("FS-CHAIN-FUNDS", "the gateway's account cannot pay for the transaction", {
      cause: error,
      fix: "Send funds to the gateway's address.",
    });
  }
}
