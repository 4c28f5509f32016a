import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { Chain } from "./chain.ts";
import { type BlockInfo, getPriorityFee } from "./rpc.ts";

/** Wei per unit of gas. */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** Where the node does not say what to tip. */
const DEFAULT_TIP = 1_000_000_000n;

const least = (a: bigint, b: bigint) => (a < b ? a : b);
const most = (a: bigint, b: bigint) => (a > b ? a : b);

/**
 * What to offer now: room for the base fee to double, never more than the cap.
 * @returns undefined when even the present base fee is above the cap.
 */
export async function suggestFees(chain: Chain, { baseFeePerGas }: BlockInfo, cap: bigint): Promise<Fees | undefined> {
  let tip: bigint;
  try {
    tip = await getPriorityFee(chain);
  } catch (error) {
    if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-RPC") throw error;
    tip = DEFAULT_TIP;
  }
  if (baseFeePerGas + 1n > cap) return undefined;
  const maxFeePerGas = least(2n * baseFeePerGas + tip, cap);
  return { maxFeePerGas, maxPriorityFeePerGas: least(tip, maxFeePerGas) };
}

/** Nodes replace a waiting transaction when both fees rise by at least 10 %; 12.5 % is what all of them accept. */
const raised = (fee: bigint) => fee + fee / 8n + 1n;

/** Fees that replace a waiting transaction, or undefined when the cap does not allow it. */
export function raiseFees(old: Fees, suggested: Fees | undefined, cap: bigint): Fees | undefined {
  const maxFeePerGas = most(raised(old.maxFeePerGas), suggested?.maxFeePerGas ?? 0n);
  const tip = most(raised(old.maxPriorityFeePerGas), suggested?.maxPriorityFeePerGas ?? 0n);
  return maxFeePerGas > cap ? undefined : { maxFeePerGas, maxPriorityFeePerGas: least(tip, maxFeePerGas) };
}
