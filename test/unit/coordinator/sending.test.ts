import { describe, expect, it } from "vitest";
import { manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import type { Chain } from "../../../gateway/coordinator/chain.ts";
import { estimateCall, explained, sendCall, waitForReceipt } from "../../../gateway/coordinator/sending.ts";
import { localTransactionSigner } from "../../../gateway/coordinator/signer.ts";
import { EnvironmentError, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { decodeTransaction, selector, transactionHash } from "../../../protocols/evm/index.ts";

const hash = new Uint8Array(32).fill(9);
const to = new Uint8Array(20).fill(1);
const signer = localTransactionSigner(new Uint8Array(32).fill(7));
const call = { label: "stake", to, data: selector("stake()"), value: 5n };

/** A chain of one block that mines nothing by itself. */
function chainOf(changes: Readonly<Record<string, unknown>> = {}): Chain & { raw: Uint8Array[] } {
  const raw: Uint8Array[] = [];
  const answers: Record<string, unknown> = {
    eth_chainId: "0x7a69",
    eth_getTransactionCount: "0x3",
    eth_getBalance: "0xde0b6b3a7640000",
    eth_maxPriorityFeePerGas: "0x1",
    eth_estimateGas: "0xc350",
    eth_getTransactionReceipt: null,
    eth_getBlockByNumber: { number: "0x1", hash: `0x${"11".repeat(32)}`, timestamp: "0x1", baseFeePerGas: "0x10" },
    ...changes,
  };
  return {
    raw,
    async request({ method, params }) {
      if (method === "eth_sendRawTransaction") {
        const bytes = fromHex(String(params![0]).slice(2));
        raw.push(bytes);
        return answers[method] ?? `0x${toHex(transactionHash(bytes))}`;
      }
      const answer = answers[method];
      if (answer instanceof Error) throw answer;
      return typeof answer === "function" ? (answer as (...asked: unknown[]) => unknown)(...params!) : answer;
    },
  };
}
const receipt = (asked: unknown, status = "0x1") => ({
  transactionHash: asked,
  status,
  blockNumber: "0x2",
  gasUsed: "0xa410",
  effectiveGasPrice: "0x11",
});
const account = (chain: Chain) => ({ chain, chainId: 31337n, signer, clock: manualClock(), maxFeePerGas: 10n ** 11n });

describe("sending a call", () => {
  it("says gas and cost before, sends once with the next nonce, and says what it took", async () => {
    const chain = chainOf({ eth_getTransactionReceipt: receipt });
    expect(await estimateCall(chain, signer.address, call, 10n ** 11n)).toEqual({ gas: 50_000n, cost: 850_000n });
    const sent = await sendCall(account(chain), call);
    expect(sent).toMatchObject({ block: 2n, gasUsed: 42_000n, cost: 714_000n });
    expect(chain.raw).toHaveLength(1);
    expect(decodeTransaction(chain.raw[0]!).fields).toMatchObject({ nonce: 3n, value: 5n, chainId: 31337n, to });
  });

  it("sends nothing that cannot be paid, or costs more than allowed", async () => {
    const poor = chainOf({ eth_getBalance: "0x4" });
    await expect(estimateCall(poor, signer.address, call, 10n ** 11n)).rejects.toMatchObject({
      code: "FS-CHAIN-FUNDS",
    });
    const dear = chainOf();
    await expect(estimateCall(dear, signer.address, call, 10n)).rejects.toMatchObject({ code: "FS-CHAIN-FEE" });
    expect([...poor.raw, ...dear.raw]).toEqual([]);
  });

  it("sends nothing to another chain, and tells of another transaction with its number", async () => {
    const wrong = chainOf({ eth_chainId: "0x1" });
    await expect(sendCall(account(wrong), call)).rejects.toMatchObject({ code: "FS-CHAIN-ID" });
    expect(wrong.raw).toEqual([]);
    const used = chainOf();
    const request = async (args: Parameters<Chain["request"]>[0]) => {
      if (args.method !== "eth_sendRawTransaction") return used.request(args);
      const context = { rpcCode: -32000, rpcMessage: "nonce too low" };
      throw new EnvironmentError("FS-CHAIN-RPC", "nonce too low", { context });
    };
    await expect(sendCall(account({ request }), call)).rejects.toMatchObject({ code: "FS-CHAIN-NONCE" });
  });

  it("does not take the place of a transaction that waits", async () => {
    const count = (_: unknown, block: unknown) => (block === "pending" ? "0x4" : "0x3");
    const chain = chainOf({ eth_getTransactionCount: count });
    await expect(sendCall(account(chain), call)).rejects.toMatchObject({ code: "FS-CHAIN-NONCE" });
    expect(chain.raw).toEqual([]);
  });

  it("a transaction that was refused in its block is no success", async () => {
    const chain = chainOf({ eth_getTransactionReceipt: (asked: unknown) => receipt(asked, "0x0") });
    await expect(sendCall(account(chain), call)).rejects.toMatchObject({ code: "FS-CHAIN-REVERT" });
  });

  it("gives up waiting with the transaction's hash, and believes no other receipt", async () => {
    const clock = manualClock();
    const waiting = waitForReceipt({ chain: chainOf(), clock, timeout: 1_000 }, hash, "stake");
    const ended = waiting.catch((error: unknown) => error);
    for (let i = 0; i < 10; i++) await clock.advance(200);
    expect(await ended).toMatchObject({ code: "FS-CHAIN-PENDING", message: expect.stringContaining(toHex(hash)) });
    const other = chainOf({ eth_getTransactionReceipt: receipt(`0x${"22".repeat(32)}`) });
    await expect(waitForReceipt({ chain: other, clock }, hash, "stake")).rejects.toMatchObject({
      code: "FS-CHAIN-RECEIPT",
    });
  });

  it("explains custom errors, and leaves other errors as they are", () => {
    const data = `0x${toHex(selector("NoStake()"))}`;
    const known = new EnvironmentError("FS-CHAIN-REVERT", "execution reverted", { context: { data } });
    expect(explained(known, "exit")).toMatchObject({
      code: "FS-CHAIN-REVERT",
      message: "exit: the contract refuses: the gateway has no stake (NoStake)",
      context: { revert: "NoStake" },
    });
    const bare = new EnvironmentError("FS-CHAIN-REVERT", "execution reverted");
    expect(explained(bare, "exit")).toMatchObject({ message: "exit: the contract refuses: it gives no reason" });
    const down = new EnvironmentError("FS-CHAIN-UNREACHABLE", "down");
    expect(explained(down, "exit")).toBe(down);
  });
});
