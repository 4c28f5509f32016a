import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, fromHex, toHex } from "../../protocols/bytes/index.ts";
import { type AbiValue, createdAddress, encodeArguments, transactionHash } from "../../protocols/evm/index.ts";
import faultsArtifact from "./artifacts/Faults.json" with { type: "json" };
import ledgerArtifact from "./artifacts/Ledger.json" with { type: "json" };
import marketArtifact from "./artifacts/Market.json" with { type: "json" };
import registryArtifact from "./artifacts/Registry.json" with { type: "json" };
import rewardsArtifact from "./artifacts/Rewards.json" with { type: "json" };
import tokenArtifact from "./artifacts/Token.json" with { type: "json" };
import type { Chain } from "./chain.ts";
import { CONTRACTS, type ContractName, type Deployment, type Times } from "./deployment.ts";
import {
  estimateGas,
  getChainId,
  getLatestBlock,
  getNonce,
  getPriorityFee,
  readQuantity,
  sendRawTransaction,
} from "./rpc.ts";
import { explained, waitForReceipt } from "./sending.ts";
import type { TransactionSigner } from "./signer.ts";

/** What is fixed for ever at a deployment. Parts are in 1/10,000; a list of kinds is a list of 0…15. */
export interface Terms {
  times: Times;
  /** Least wei with which a gateway may seal. */
  minStake: bigint;
  /** Least wei that a demand bonds. */
  minBond: bigint;
  /** Verifier of Ed25519 signatures, 20 bytes; none: such devices cannot be registered. */
  ed25519?: Uint8Array;
  /** Account that gets the part of the token supply that is not mined; the deployer's by default. */
  reserve?: Uint8Array;
  /** Part of the emission for each of the 16 kinds; what is missing to 10,000 is never mined. */
  split: readonly number[];
  /** Part of a device's pay that goes to its gateway. */
  gatewayPart: number;
  /** Part of the emission that pays auditors. */
  auditPart: number;
  /** Kinds whose register counts Wh. */
  certifiable: readonly number[];
  /** Kinds of which a Wh is certified or paid, never both. */
  exclusive: readonly number[];
  /** Part of a settlement that stays burned. */
  fee: number;
}

const ETHER = 10n ** 18n;

/** Epoch 7 d, sealing 12 h, dispute 3 d; kind 0 is what a gateway registers its meters as. */
export const PUBLIC_TERMS: Terms = {
  times: { epoch: 604_800, sealing: 43_200, dispute: 259_200 },
  minStake: ETHER / 10n,
  minBond: ETHER / 1000n,
  split: [8000, 2000, ...new Array<number>(14).fill(0)],
  gatewayPart: 1000,
  auditPart: 500,
  certifiable: [0],
  exclusive: [0],
  fee: 100,
};

export interface DeployOptions {
  chain: Chain;
  signer: TransactionSigner;
  clock: Clock;
  /** What differs from `PUBLIC_TERMS`; short times on a local chain, so that the ring of 1,024 commitments does not fill. */
  terms?: Partial<Terms>;
  /** Most time until a transaction is in a block, ms. */
  timeout?: number;
  /** Each contract once it is in a block. */
  onCreated?(name: ContractName, created: { hash: Uint8Array; gasUsed: bigint }): void;
}

/** What a deployment would do. */
export interface DeploymentPlan {
  chainId: bigint;
  /** 20 bytes each. */
  addresses: Readonly<Record<ContractName, Uint8Array>>;
  /** Gas that each creation is given: it takes less. */
  gas: Readonly<Record<ContractName, bigint>>;
  /** Most wei for all of it at the present base fee. */
  cost: bigint;
}

interface Creation {
  name: ContractName;
  code: Uint8Array;
  deployedBytes: number;
}

const bits = (kinds: readonly number[]): bigint => kinds.reduce((sum, kind) => sum | (1n << BigInt(kind)), 0n);

/** The creations in order. Addresses follow from account and nonce, so that each contract can name later ones. */
function plan(deployer: Uint8Array, nonce: bigint, terms: Terms) {
  const at = Object.fromEntries(CONTRACTS.map((name, i) => [name, createdAddress(deployer, nonce + BigInt(i))]));
  const { registry, ledger, faults, token, rewards, market } = at as Record<ContractName, Uint8Array>;
  const { epoch, sealing, dispute } = terms.times;
  const times = [epoch, sealing, dispute].map(BigInt);
  const split = terms.split.map(BigInt);
  // A uint16[16] is encoded as the tuple of its members.
  const splitType = `(${new Array<string>(16).fill("uint16").join(",")})`;
  const code = (
    name: ContractName,
    artifact: { bytecode: string; deployedBytes: number },
    types: string,
    values: readonly AbiValue[],
  ): Creation => ({
    name,
    code: fromHex(artifact.bytecode.slice(2) + toHex(encodeArguments(types, values))),
    deployedBytes: artifact.deployedBytes,
  });
  const creations: Creation[] = [
    code("registry", registryArtifact, "(address,address)", [ledger, terms.ed25519 ?? new Uint8Array(20)]),
    code("ledger", ledgerArtifact, "(address,address,(uint40,uint40,uint40),uint80)", [
      ...[registry, faults],
      times,
      terms.minStake,
    ]),
    code("faults", faultsArtifact, "(address,uint256)", [ledger, terms.minBond]),
    code("token", tokenArtifact, "(address,address,address)", [rewards, market, terms.reserve ?? deployer]),
    code("rewards", rewardsArtifact, `(address,address,address,address,${splitType},uint16,uint16)`, [
      ...[registry, ledger, token, market],
      split,
      ...[BigInt(terms.gatewayPart), BigInt(terms.auditPart)],
    ]),
    code("market", marketArtifact, "(address,address,uint16,uint16,uint16)", [
      ...[token, rewards],
      ...[bits(terms.certifiable), bits(terms.exclusive), BigInt(terms.fee)],
    ]),
  ];
  return { addresses: { registry, ledger, faults, token, rewards, market }, creations };
}

/** More than a creation takes: 200 gas a deployed byte (EIP-3541), 16 a byte sent, and what constructors write. */
const gasBound = ({ code, deployedBytes }: Creation): bigint =>
  BigInt(53_000 + 600_000 + 200 * deployedBytes + 18 * code.length);

/** The creations with the fees of this moment. @throws EnvironmentError FS-CHAIN-REVERT (P256Missing). */
async function prepare(chain: Chain, deployer: Uint8Array, changes: Partial<Terms> = {}) {
  const terms = { ...PUBLIC_TERMS, ...changes };
  const chainId = await getChainId(chain);
  const nonce = await getNonce(chain, deployer);
  const { addresses, creations } = plan(deployer, nonce, terms);
  try {
    await estimateGas(chain, { from: deployer, to: undefined, data: creations[0]!.code });
  } catch (error) {
    throw explained(error, "deploy");
  }
  const { baseFeePerGas } = await getLatestBlock(chain);
  const tip = await getPriorityFee(chain);
  const fees = { maxPriorityFeePerGas: tip, maxFeePerGas: 2n * baseFeePerGas + tip };
  return { terms, chainId, nonce, addresses, creations, fees, price: baseFeePerGas + tip };
}

/** What `deployCoordinator` would do now; nothing is sent. @throws as it does. */
export async function planDeployment(
  chain: Chain,
  deployer: Uint8Array,
  terms: Partial<Terms> = {},
): Promise<DeploymentPlan> {
  const { chainId, addresses, creations, price } = await prepare(chain, deployer, terms);
  const bounds = creations.map((creation) => [creation.name, gasBound(creation)] as const);
  const gas = Object.fromEntries(bounds) as Record<ContractName, bigint>;
  return { chainId, addresses, gas, cost: bounds.reduce((sum, [, bound]) => sum + bound, 0n) * price };
}

/**
 * Deploys the coordinator's six contracts with six transactions of one account. They are sent together: only the first is
 * estimated, because the others ask contracts that are in no block yet.
 * @throws EnvironmentError FS-DEPLOY-FAILED when a creation reverts; FS-CHAIN-REVERT (P256Missing); TimeoutError FS-CHAIN-PENDING
 *   when one is in no block in time.
 */
export async function deployCoordinator(options: DeployOptions): Promise<Deployment> {
  const { chain, signer, onCreated } = options;
  const { terms, chainId, nonce, addresses, creations, fees } = await prepare(chain, signer.address, options.terms);
  const hashes: [ContractName, Uint8Array][] = [];
  for (const [i, creation] of creations.entries()) {
    const to = { chainId, nonce: nonce + BigInt(i), to: undefined, value: 0n };
    const raw = await signer.sign({ ...to, ...fees, gas: gasBound(creation), data: creation.code });
    await sendRawTransaction(chain, raw);
    hashes.push([creation.name, transactionHash(raw)]);
  }
  let block = 0n;
  for (const [name, hash] of hashes) {
    const receipt = await waitForReceipt(options, hash, `create ${name}`);
    if (readQuantity(receipt["status"], "the status") !== 1n) {
      throw new EnvironmentError("FS-DEPLOY-FAILED", `the creation of the ${name} contract reverted`);
    }
    if (name === "ledger") block = readQuantity(receipt["blockNumber"], "the block");
    onCreated?.(name, { hash, gasUsed: readQuantity(receipt["gasUsed"], "the gas used") });
  }
  return { chainId, ...addresses, times: terms.times, block };
}
