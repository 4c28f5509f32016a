import { secp256k1 } from "@noble/curves/secp256k1.js";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import type { ContractCall } from "../../gateway/coordinator/coordinator.ts";
import { deployCoordinator, PUBLIC_TERMS } from "../../gateway/coordinator/deploy.ts";
import type { Deployment } from "../../gateway/coordinator/deployment.ts";
import { type RelayedCommit, type RelaySignature, relayDigest } from "../../gateway/coordinator/ledger-calls.ts";
import { fundLocal, type LocalChain, startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { readRevert } from "../../gateway/coordinator/reverts.ts";
import {
  call,
  getLatestBlock,
  quantity,
  readArray,
  readObject,
  readQuantity,
  sendRawTransaction,
} from "../../gateway/coordinator/rpc.ts";
import { ledgerSeals } from "../../gateway/coordinator/seals.ts";
import { localTransactionSigner, type TransactionSigner } from "../../gateway/coordinator/signer.ts";
import { FieldsealError, fromHex } from "../../protocols/bytes/index.ts";
import { decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import type { EpochTimes } from "../../protocols/shares/index.ts";
import { secretOf } from "../support/coordinator.ts";

/** An account of the simulation. */
export interface Account extends TransactionSigner {
  readonly name: string;
  readonly secret: Uint8Array;
}

/** Below EIP-7825's limit, and enough for 50 claims. */
const GAS = 12_000_000n;

/** A chain whose time is set by hand: one block for what is sent together. */
export class SimChain {
  readonly local: LocalChain;
  readonly deployment: Deployment;
  readonly times: EpochTimes;
  readonly #nonces = new Map<string, bigint>();
  /** Transactions, and gas of all of them. */
  sent = 0;
  gas = 0n;

  private constructor(local: LocalChain, deployment: Deployment, times: EpochTimes) {
    this.local = local;
    this.deployment = deployment;
    this.times = times;
  }

  static async start(): Promise<SimChain> {
    const local = await startLocalChain({ args: ["--gas-limit", "1000000000"] });
    try {
      const { chain } = local;
      const signer = localTransactionSigner(secretOf("the deployer"));
      await fundLocal(chain, signer.address);
      const deployment = await deployCoordinator({ chain, signer, clock: systemClock(), terms: PUBLIC_TERMS });
      await chain.request({ method: "evm_setAutomine", params: [false] });
      return new SimChain(local, deployment, await ledgerSeals(chain, deployment.ledger).times());
    } catch (error) {
      await local.stop();
      throw error;
    }
  }

  async account(name: string): Promise<Account> {
    const secret = secretOf(name);
    const signer = localTransactionSigner(secret);
    await fundLocal(this.local.chain, signer.address, 10n ** 22n);
    return { name, secret, address: signer.address, sign: (fields) => signer.sign(fields) };
  }

  async now(): Promise<bigint> {
    return (await getLatestBlock(this.local.chain)).timestamp;
  }

  /** Runs `body` on the chain as it is now and puts it back afterwards. */
  async fresh<T>(body: () => Promise<T>): Promise<T> {
    const { chain } = this.local;
    const nonces = new Map(this.#nonces);
    const snapshot = await chain.request({ method: "evm_snapshot" });
    try {
      return await body();
    } finally {
      await chain.request({ method: "evm_revert", params: [snapshot] });
      this.#nonces.clear();
      for (const [name, nonce] of nonces) this.#nonces.set(name, nonce);
    }
  }

  /** Lets time pass up to a second. */
  async until(seconds: bigint): Promise<void> {
    const { chain } = this.local;
    await chain.request({ method: "evm_setNextBlockTimestamp", params: [quantity(seconds)] });
    await chain.request({ method: "evm_mine" });
  }

  /** Sends calls, makes a block a minute later and wants all of them to have succeeded. */
  async send(calls: readonly (readonly [Account, ContractCall])[]): Promise<void> {
    if (calls.length === 0) return;
    const { chain } = this.local;
    const { baseFeePerGas, timestamp } = await getLatestBlock(chain);
    for (const [from, { to, data, value = 0n }] of calls) {
      const nonce = this.#nonces.get(from.name) ?? 0n;
      this.#nonces.set(from.name, nonce + 1n);
      const fees = { maxFeePerGas: 2n * baseFeePerGas + 10n ** 9n, maxPriorityFeePerGas: 1n };
      const { chainId } = this.deployment;
      await sendRawTransaction(chain, await from.sign({ chainId, nonce, gas: GAS, to, value, data, ...fees }));
    }
    await this.until(timestamp + 60n);
    const answer = await chain.request({ method: "eth_getBlockReceipts", params: ["latest"] });
    const receipts = readArray(answer, "the receipts", 10_000).map((one) => readObject(one, "a receipt"));
    if (receipts.length !== calls.length) throw new Error(`${calls.length} sent, ${receipts.length} in the block`);
    for (const [at, receipt] of receipts.entries()) {
      this.sent++;
      this.gas += readQuantity(receipt["gasUsed"], "the gas");
      if (readQuantity(receipt["status"], "the status") === 1n) continue;
      const [from, made] = calls[at]!;
      throw new Error(`${from.name}: ${made.label} reverted: ${await this.#reason(from, made)}`);
    }
  }

  async #reason(from: Account, { to, data, value }: ContractCall): Promise<string> {
    try {
      await call(this.local.chain, { from: from.address, to, data, ...(value === undefined ? {} : { value }) });
      return "not any more";
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      const bytes = error.context["data"];
      return (typeof bytes === "string" && readRevert(fromHex(bytes.slice(2)))?.text) || error.message;
    }
  }

  /** One number that a contract answers. */
  async ask(to: Uint8Array, signature: string, values: Parameters<typeof encodeCall>[1] = []): Promise<bigint> {
    const answer = await call(this.local.chain, { to, data: encodeCall(signature, values) });
    return wordToUint(decodeWords(answer, 1)[0]!);
  }

  /** Signs a commitment that somebody else sends. */
  relay(from: Account, commit: Omit<RelayedCommit, "gateway">): RelayedCommit & { signature: RelaySignature } {
    const said = { ...commit, gateway: from.address };
    const digest = relayDigest(this.deployment.chainId, this.deployment.ledger, said);
    const raw = secp256k1.sign(digest, from.secret, { prehash: false, format: "recovered" });
    return { ...said, signature: { yParity: raw[0]!, r: raw.slice(1, 33), s: raw.slice(33) } };
  }
}
