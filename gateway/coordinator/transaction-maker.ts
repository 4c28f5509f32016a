import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { decodeTransaction } from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import { raiseFees, suggestFees } from "./fees.ts";
import { latestAttempt, type OutboxEntry } from "./outbox.ts";
import { type BlockInfo, estimateGas, getBalance } from "./rpc.ts";
import { signChecked, type TransactionSigner } from "./signer.ts";
import { ether, gwei } from "./status.ts";

const MAX_ATTEMPTS = 16;
/** Gas of a commit varies with what its storage slots hold; unused gas is not paid for. */
const LEAST_GAS = 100_000n;
/** The balance is a problem to come when it pays for fewer than this many transactions. */
const FEW = 50n;

/** Makes signed transactions: gas, fees below the cap, and whether the account can pay. */
export class TransactionMaker {
  readonly #chain: Chain;
  readonly #chainId: bigint;
  readonly #signer: TransactionSigner;
  readonly #cap: bigint;
  #balanceWarning: string | undefined;
  #feeWarning: string | undefined;

  constructor(chain: Chain, chainId: bigint, signer: TransactionSigner, maxFeePerGas: bigint) {
    this.#chain = chain;
    this.#chainId = chainId;
    this.#signer = signer;
    this.#cap = maxFeePerGas;
  }

  /** What is going to be a problem. */
  get warning(): string | undefined {
    return this.#feeWarning ?? this.#balanceWarning;
  }

  /** @throws EnvironmentError FS-CHAIN-REVERT when the contract refuses the call, FS-CHAIN-FEE, FS-CHAIN-FUNDS. */
  async sign(call: ContractCall, nonce: bigint, latest: BlockInfo): Promise<Uint8Array> {
    const from = this.#signer.address;
    const fees = await suggestFees(this.#chain, latest, this.#cap);
    if (!fees) {
      const asked = `the chain asks ${gwei(latest.baseFeePerGas)} per gas, the most allowed is ${gwei(this.#cap)}`;
      throw new EnvironmentError("FS-CHAIN-FEE", asked, { fix: "Wait, or raise coordinator.max_fee_gwei." });
    }
    const { to, data, value = 0n } = call;
    const estimate = await estimateGas(this.#chain, { from, to, data, value });
    const roomy = estimate + estimate / 4n;
    const gas = roomy > LEAST_GAS ? roomy : LEAST_GAS;
    const balance = await getBalance(this.#chain, from);
    const cost = estimate * fees.maxFeePerGas;
    if (balance < gas * fees.maxFeePerGas + value) {
      throw new EnvironmentError(
        "FS-CHAIN-FUNDS",
        `the gateway's account holds ${ether(balance)} ETH, too little to send`,
        {
          fix: `Send at least ${ether(100n * cost)} ETH to the gateway's address.`,
        },
      );
    }
    const left = balance / cost;
    const few = `the gateway's balance of ${ether(balance)} ETH is enough for ${left} more transactions`;
    this.#balanceWarning = left < FEW ? few : undefined;
    this.#feeWarning = undefined;
    return signChecked(this.#signer, { chainId: this.#chainId, nonce, gas, to, value, data, ...fees });
  }

  /** The newest attempt with higher fees and nothing else changed; undefined when the cap or the number of attempts forbids it. */
  async raise(entry: OutboxEntry, latest: BlockInfo): Promise<Uint8Array | undefined> {
    const { fields } = decodeTransaction(latestAttempt(entry));
    const suggested = await suggestFees(this.#chain, latest, this.#cap);
    const fees = entry.attempts.length < MAX_ATTEMPTS ? raiseFees(fields, suggested, this.#cap) : undefined;
    this.#feeWarning = fees ? undefined : `a transaction waits at the highest fee allowed, ${gwei(this.#cap)}`;
    return fees && signChecked(this.#signer, { ...fields, ...fees });
  }
}
