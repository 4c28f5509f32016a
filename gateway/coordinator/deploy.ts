import { type Clock, sleep } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, fromHex, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import {
  createdAddress,
  encodeArguments,
  fromAddressText,
  type TransactionFields,
  toAddressText,
  transactionHash,
} from "../../protocols/evm/index.ts";
import ledgerArtifact from "./artifacts/Ledger.json" with { type: "json" };
import registryArtifact from "./artifacts/Registry.json" with { type: "json" };
import type { Chain } from "./chain.ts";
import {
  estimateGas,
  getChainId,
  getLatestBlock,
  getNonce,
  getPriorityFee,
  getReceiptJson,
  readQuantity,
  sendRawTransaction,
} from "./rpc.ts";
import type { TransactionSigner } from "./signer.ts";

/** Epoch 7 d, sealing 12 h, dispute 3 d, in seconds: how long a commitment stays provable on a public network. */
export const PUBLIC_RETENTION = 907_200;

/** A deployed coordinator. */
export interface Deployment {
  chainId: bigint;
  ledger: Uint8Array;
  registry: Uint8Array;
  /** Seconds. */
  retention: number;
  /** Block the Ledger was created in. */
  block: bigint;
}

export interface DeployOptions {
  chain: Chain;
  signer: TransactionSigner;
  clock: Clock;
  /** Verifier of Ed25519 signatures; none by default. */
  ed25519?: Uint8Array;
  /** Seconds; short on a local chain, so that the ring of 1,024 commitments does not fill. */
  retention?: number;
  /** Most time until a transaction is in a block, ms. */
  timeout?: number;
}

/** The two creations in order. The Ledger's address follows from account and nonce, so that the Registry can name it first. */
function creations(deployer: Uint8Array, nonce: bigint, ed25519: Uint8Array, retention: number) {
  const registry = createdAddress(deployer, nonce);
  const ledger = createdAddress(deployer, nonce + 1n);
  const code = (bytecode: string, types: string, values: Parameters<typeof encodeArguments>[1]) =>
    fromHex(bytecode.slice(2) + toHex(encodeArguments(types, values)));
  return {
    registry,
    ledger,
    registryCode: code(registryArtifact.bytecode, "(address,address)", [ledger, ed25519]),
    ledgerCode: code(ledgerArtifact.bytecode, "(address,uint40)", [registry, BigInt(retention)]),
  };
}

/**
 * Deploys Registry and Ledger with two transactions of one account.
 * @throws EnvironmentError FS-DEPLOY-FAILED when a creation reverts or does not arrive; FS-CHAIN-REVERT (P256Missing).
 */
export async function deployCoordinator(options: DeployOptions): Promise<Deployment> {
  const { chain, signer, clock, retention = PUBLIC_RETENTION, timeout = 120_000 } = options;
  const chainId = await getChainId(chain);
  const nonce = await getNonce(chain, signer.address);
  const plan = creations(signer.address, nonce, options.ed25519 ?? new Uint8Array(20), retention);

  const create = async (at: bigint, code: Uint8Array): Promise<bigint> => {
    const gas = await estimateGas(chain, { from: signer.address, to: undefined, data: code });
    const { baseFeePerGas } = await getLatestBlock(chain);
    const tip = await getPriorityFee(chain);
    const fields: TransactionFields = {
      chainId,
      nonce: at,
      maxPriorityFeePerGas: tip,
      maxFeePerGas: 2n * baseFeePerGas + tip,
      gas: gas + gas / 10n,
      to: undefined,
      value: 0n,
      data: code,
    };
    const raw = await signer.sign(fields);
    await sendRawTransaction(chain, raw);
    for (let waited = 0; waited <= timeout; waited += 200) {
      const receipt = await getReceiptJson(chain, transactionHash(raw));
      if (receipt !== undefined) {
        if (readQuantity(receipt["status"], "the status") === 1n)
          return readQuantity(receipt["blockNumber"], "the block");
        throw new EnvironmentError("FS-DEPLOY-FAILED", "the creation of a contract reverted");
      }
      await sleep(clock, 200);
    }
    throw new EnvironmentError("FS-DEPLOY-FAILED", `the creation of a contract is in no block after ${timeout} ms`);
  };

  await create(nonce, plan.registryCode);
  const block = await create(nonce + 1n, plan.ledgerCode);
  return { chainId, ledger: plan.ledger, registry: plan.registry, retention, block };
}

/** A deployment as the text of a deployment file. */
export function encodeDeployment({ chainId, ledger, registry, retention, block }: Deployment): string {
  const document = {
    chain: Number(chainId),
    ledger: toAddressText(ledger),
    registry: toAddressText(registry),
    retention,
    block: Number(block),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** @throws ProtocolError FS-DEPLOYMENT. */
export function decodeDeployment(text: string): Deployment {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("FS-DEPLOYMENT", "the deployment file is not JSON", { cause });
  }
  const { chain, ledger, registry, retention, block } = (json ?? {}) as Record<string, unknown>;
  const whole = [chain, retention, block].every((value) => Number.isSafeInteger(value) && (value as number) >= 0);
  if (!whole || typeof ledger !== "string" || typeof registry !== "string") {
    throw new ProtocolError("FS-DEPLOYMENT", "the deployment file lacks chain, ledger, registry, retention or block");
  }
  return {
    chainId: BigInt(chain as number),
    ledger: fromAddressText(ledger),
    registry: fromAddressText(registry),
    retention: retention as number,
    block: BigInt(block as number),
  };
}
