import { type Clock, sleep } from "../../firmware-bridge/port/clock.ts";
import {
  EnvironmentError,
  equalBytes,
  fromHex,
  ProtocolError,
  TimeoutError,
  toHex,
} from "../../protocols/bytes/index.ts";
import { toAddressText, transactionHash } from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import { suggestFees } from "./fees.ts";
import { readRevert } from "./reverts.ts";
import {
  estimateGas,
  getBalance,
  getLatestBlock,
  getNonce,
  getPendingNonce,
  getReceiptJson,
  readData,
  readQuantity,
} from "./rpc.ts";
import { sendRaw } from "./send.ts";
import type { TransactionSigner } from "./signer.ts";
import { ether, gwei } from "./status.ts";
import { TransactionMaker } from "./transaction-maker.ts";

/** An account that sends single calls, as a person does; a gateway's own calls go through its `Submitter`. */
export interface SendingAccount {
  chain: Chain;
  chainId: bigint;
  signer: TransactionSigner;
  clock: Clock;
  /** Most wei per unit of gas that is ever offered. */
  maxFeePerGas: bigint;
  /** Most time until a transaction is in a block, ms. Default: two minutes. */
  timeout?: number;
}

export interface CallEstimate {
  gas: bigint;
  /** Wei that this gas costs at the present base fee and tip. */
  cost: bigint;
}

export interface SentCall {
  /** 32 bytes. */
  hash: Uint8Array;
  block: bigint;
  gasUsed: bigint;
  /** Wei. */
  cost: bigint;
}

const POLL_MS = 200;
const TIMEOUT_MS = 120_000;

/**
 * An error with the reason of the contract's custom error in words, where it is one; else the error itself.
 * @param label what was called.
 */
export function explained(error: unknown, label: string): unknown {
  if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-REVERT") return error;
  const { data } = error.context;
  const revert = typeof data === "string" ? readRevert(fromHex(data.slice(2))) : undefined;
  const why = revert ? `${revert.text} (${revert.name})` : "it gives no reason";
  return new EnvironmentError("FS-CHAIN-REVERT", `${label}: the contract refuses: ${why}`, {
    context: { ...error.context, label, ...(revert ? { revert: revert.name } : {}) },
    cause: error,
    fix: "Nothing was changed. Change what the reason names, and try again.",
  });
}

/**
 * What a call would take if it were sent now; nothing is sent.
 * @param from 20 bytes.
 * @param cap most wei per unit of gas.
 * @throws EnvironmentError FS-CHAIN-REVERT with the contract's reason, FS-CHAIN-FUNDS, FS-CHAIN-FEE; what `Chain.request` throws.
 */
export async function estimateCall(
  chain: Chain,
  from: Uint8Array,
  call: ContractCall,
  cap: bigint,
): Promise<CallEstimate> {
  const { to, data, value = 0n, label } = call;
  const balance = await getBalance(chain, from);
  const short = (need: bigint) =>
    new EnvironmentError(
      "FS-CHAIN-FUNDS",
      `${label}: the account ${toAddressText(from)} holds ${ether(balance)} ETH, and ${ether(need)} are needed`,
      { fix: `Send more than ${ether(need - balance)} ETH to it: fees may rise.` },
    );
  // Nodes refuse to estimate what cannot be paid, each in its own words.
  if (balance < value) throw short(value);
  const latest = await getLatestBlock(chain);
  const fees = await suggestFees(chain, latest, cap);
  if (!fees) {
    throw new EnvironmentError(
      "FS-CHAIN-FEE",
      `the chain asks ${gwei(latest.baseFeePerGas)} per gas, the most allowed is ${gwei(cap)}`,
      { fix: "Wait, or raise coordinator.max_fee_gwei." },
    );
  }
  let gas: bigint;
  try {
    gas = await estimateGas(chain, { from, to, data, value });
  } catch (error) {
    throw explained(error, label);
  }
  if (balance < value + gas * fees.maxFeePerGas) throw short(value + gas * fees.maxFeePerGas);
  return { gas, cost: gas * (latest.baseFeePerGas + fees.maxPriorityFeePerGas) };
}

/**
 * A transaction's receipt as JSON, once it is in a block.
 * @throws TimeoutError FS-CHAIN-PENDING; what `Chain.request` throws.
 */
export async function waitForReceipt(
  { chain, clock, timeout = TIMEOUT_MS }: Pick<SendingAccount, "chain" | "clock" | "timeout">,
  hash: Uint8Array,
  label: string,
): Promise<Record<string, unknown>> {
  for (let waited = 0; ; waited += POLL_MS) {
    const receipt = await getReceiptJson(chain, hash);
    if (receipt !== undefined) {
      if (equalBytes(readData(receipt["transactionHash"], "the receipt's transaction", 32), hash)) return receipt;
      throw new ProtocolError("FS-CHAIN-RECEIPT", `${label}: the end point answers with another transaction's receipt`);
    }
    if (waited >= timeout) {
      throw new TimeoutError(
        "FS-CHAIN-PENDING",
        `${label}: transaction 0x${toHex(hash)} is in no block after ${timeout / 1000} s`,
        { fix: "It may still be mined: look for it before the call is sent again." },
      );
    }
    await sleep(clock, POLL_MS);
  }
}

const underway = (label: string, account: Uint8Array) =>
  new EnvironmentError("FS-CHAIN-NONCE", `${label}: another transaction of ${toAddressText(account)} is on its way`, {
    fix: "Try again when it is in a block.",
  });

/**
 * Sends one call and waits until it is in a block.
 * @throws EnvironmentError FS-CHAIN-REVERT with the contract's reason, FS-CHAIN-FUNDS, FS-CHAIN-FEE, FS-CHAIN-ID, FS-CHAIN-NONCE;
 *   TimeoutError FS-CHAIN-PENDING; what `Chain.request` throws.
 */
export async function sendCall(account: SendingAccount, call: ContractCall): Promise<SentCall> {
  const { chain, chainId, signer, maxFeePerGas } = account;
  const maker = new TransactionMaker(chain, chainId, signer, maxFeePerGas);
  const nonce = await getNonce(chain, signer.address);
  // A transaction with the number of one that waits would take its place, or be refused.
  if ((await getPendingNonce(chain, signer.address)) > nonce) throw underway(call.label, signer.address);
  let raw: Uint8Array;
  try {
    raw = await maker.sign(call, nonce, await getLatestBlock(chain));
  } catch (error) {
    throw explained(error, call.label);
  }
  const outcome = await sendRaw(chain, chainId, raw);
  if (outcome === "nonce-used" || outcome === "underpriced") throw underway(call.label, signer.address);
  const hash = transactionHash(raw);
  const receipt = await waitForReceipt(account, hash, call.label);
  if (readQuantity(receipt["status"], "the status") !== 1n) {
    // Refused now, though not when it was estimated: asked once more, the contract says why.
    await estimateCall(chain, signer.address, call, maxFeePerGas);
    throw explained(new EnvironmentError("FS-CHAIN-REVERT", "reverted"), call.label);
  }
  const gasUsed = readQuantity(receipt["gasUsed"], "the gas used");
  const price = readQuantity(receipt["effectiveGasPrice"], "the gas price");
  return { hash, block: readQuantity(receipt["blockNumber"], "the block"), gasUsed, cost: gasUsed * price };
}
