import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { type Coordinator, coordinatorAt } from "../../gateway/coordinator/coordinator.ts";
import { deployCoordinator } from "../../gateway/coordinator/deploy.ts";
import type { Deployment } from "../../gateway/coordinator/deployment.ts";
import {
  fundLocal,
  type LocalChain,
  type LocalChainOptions,
  startLocalChain,
} from "../../gateway/coordinator/local-chain.ts";
import { estimateGas, getNonce, getReceiptJson, sendRawTransaction } from "../../gateway/coordinator/rpc.ts";
import { localTransactionSigner, type TransactionSigner } from "../../gateway/coordinator/signer.ts";
import { sha256, utf8 } from "../../protocols/bytes/index.ts";

/** A secret that is the same in every run. */
export const secretOf = (name: string): Uint8Array => sha256(utf8(`test secret of ${name}`));

export interface TestCoordinator {
  local: LocalChain;
  deployment: Deployment;
  coordinator: Coordinator;
  /** Funded account of the gateway. */
  gateway: TransactionSigner;
}

/** A fresh local chain with a deployed coordinator and a funded gateway. End it with `local.stop()`. */
export async function startTestCoordinator(options: LocalChainOptions = {}): Promise<TestCoordinator> {
  const local = await startLocalChain(options);
  try {
    const gateway = localTransactionSigner(secretOf("the gateway"));
    const deployer = localTransactionSigner(secretOf("the deployer"));
    await fundLocal(local.chain, gateway.address);
    await fundLocal(local.chain, deployer.address);
    const { chain } = local;
    const terms = { times: { epoch: 2400, sealing: 600, dispute: 600 } };
    const deployment = await deployCoordinator({ chain, signer: deployer, clock: systemClock(), terms });
    const coordinator = coordinatorAt(chain, deployment.ledger, { registry: deployment.registry });
    return { local, deployment, coordinator, gateway };
  } catch (error) {
    await local.stop();
    throw error;
  }
}

/** Sends a call from an account and returns its receipt as JSON-RPC gives it. */
export async function transact(
  { local, deployment }: TestCoordinator,
  from: TransactionSigner,
  call: { to: Uint8Array; data: Uint8Array; value?: bigint },
): Promise<Record<string, unknown>> {
  const { chain } = local;
  const nonce = await getNonce(chain, from.address);
  const gas = (await estimateGas(chain, { from: from.address, ...call })) * 2n;
  const fields = { chainId: deployment.chainId, nonce, gas, to: call.to, value: call.value ?? 0n, data: call.data };
  const raw = await from.sign({ ...fields, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n });
  const hash = await sendRawTransaction(chain, raw);
  await chain.request({ method: "evm_mine" });
  const receipt = await getReceiptJson(chain, hash);
  if (receipt === undefined) throw new Error("the transaction is in no block");
  return receipt;
}
