import { createInterface } from "node:readline/promises";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, EnvironmentError, toHex } from "../../protocols/bytes/index.ts";
import type { ContractCall } from "../coordinator/index.ts";
import { estimateCall, sendCall } from "../coordinator/sending.ts";
import { type AccountOptions, openAccount } from "./account.ts";
import { outputOf } from "./context.ts";
import { addressText, type CoordinatorSite } from "./coordinator-site.ts";
import type { Output } from "./output.ts";
import { formatUnits } from "./units.ts";

/** One transaction in the document of `--json`; amounts of wei and gas as text. */
export interface TransactionDocument {
  call: string;
  to: string;
  value_wei: string;
  /** Null where the call can only be estimated after the one before it. */
  gas_estimate: string | null;
  cost_estimate_wei: string | null;
  gas_used?: string;
  cost_wei?: string;
  block?: string;
  tx?: string;
}

export interface SubmitDocument {
  account: string;
  chain: string;
  dry_run: boolean;
  transactions: TransactionDocument[];
}

const count = (gas: bigint): string => gas.toLocaleString("en");

/** Asks a person; scripts and `--yes` have answered already. @throws CancelledError FS-CANCELLED. */
export async function confirm(out: Output, options: AccountOptions, question: string): Promise<void> {
  if (options.yes || out.json || process.stdin.isTTY !== true) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CancelledError("FS-CANCELLED", "nothing was sent");
}

/** What the first of several calls makes possible cannot be estimated before it. */
async function estimate(site: CoordinatorSite, from: Uint8Array, made: ContractCall, first: boolean) {
  try {
    return await estimateCall(site.chain, from, made, site.maxFeePerGas);
  } catch (error) {
    if (!first && error instanceof EnvironmentError && error.code === "FS-CHAIN-REVERT") return undefined;
    throw error;
  }
}

function announce(out: Output, { call, value_wei, gas_estimate, cost_estimate_wei }: TransactionDocument): void {
  const value = value_wei === "0" ? "" : `, sends ${formatUnits(BigInt(value_wei))} ETH`;
  const gas =
    gas_estimate === null || cost_estimate_wei === null
      ? "estimated after the one before"
      : `${count(BigInt(gas_estimate))} gas estimated, ${formatUnits(BigInt(cost_estimate_wei))} ETH`;
  out.line(`${"call".padEnd(10)} ${call}${value}   ${gas}`);
}

/**
 * Sends calls one after the other, each once the one before is in a block; with `--dry-run` only estimates them.
 * @param make the calls of an account, 20 bytes.
 * @param about further members of the document, once all are sent.
 * @throws as `openAccount` and `sendCall`.
 */
export async function submit(
  options: AccountOptions,
  site: CoordinatorSite,
  make: (from: Uint8Array) => Promise<readonly ContractCall[]> | readonly ContractCall[],
  about: () => object | Promise<object> = () => ({}),
): Promise<void> {
  const out = outputOf(options);
  const account = await openAccount(options, site);
  const { address, signer } = account;
  const document: SubmitDocument = {
    account: addressText(address),
    chain: site.chainId.toString(),
    dry_run: options.dryRun ?? false,
    transactions: [],
  };
  try {
    const calls = await make(address);
    out.line(`${"account".padEnd(10)} ${document.account}   chain ${document.chain}`);
    for (const [i, made] of calls.entries()) {
      const { label, to, value = 0n } = made;
      const expected = await estimate(site, address, made, signer !== undefined || i === 0);
      const entry: TransactionDocument = {
        call: label,
        to: addressText(to),
        value_wei: value.toString(),
        gas_estimate: expected?.gas.toString() ?? null,
        cost_estimate_wei: expected?.cost.toString() ?? null,
      };
      document.transactions.push(entry);
      announce(out, entry);
      if (!signer) continue;
      if (i === 0) await confirm(out, options, calls.length === 1 ? "Send it?" : `Send ${calls.length} transactions?`);
      const sent = await sendCall({ ...site, signer, clock: systemClock() }, made);
      entry.gas_used = sent.gasUsed.toString();
      entry.cost_wei = sent.cost.toString();
      entry.block = sent.block.toString();
      entry.tx = `0x${toHex(sent.hash)}`;
      out.line(
        `${"sent".padEnd(10)} block ${entry.block}   ${count(sent.gasUsed)} gas used, ${formatUnits(sent.cost)} ETH   ${entry.tx}`,
      );
    }
    if (!signer) out.note("dry run: nothing was sent");
    out.data({ ...document, ...(await about()) }, 2);
  } catch (error) {
    const sent = document.transactions.filter(({ tx }) => tx !== undefined);
    if (out.json) for (const { call, tx } of sent) out.note(`sent before: ${call} ${tx}`);
    throw error;
  } finally {
    await account.close();
  }
}
