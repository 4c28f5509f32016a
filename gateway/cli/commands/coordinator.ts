import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { systemClock } from "../../../firmware-bridge/port/clock.ts";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import { fromAddressText } from "../../../protocols/evm/index.ts";
import { epochAt, epochEnd } from "../../../protocols/shares/index.ts";
import { parseDuration } from "../../config/index.ts";
import { deployCoordinator, planDeployment, type Terms } from "../../coordinator/deploy.ts";
import { CONTRACTS, type ContractName, encodeDeployment } from "../../coordinator/deployment.ts";
import { type Chain, getChainId, httpChain, localTransactionSigner } from "../../coordinator/index.ts";
import { fundLocal } from "../../coordinator/local-chain.ts";
import { explained } from "../../coordinator/sending.ts";
import { type Account, type AccountOptions, openAccount } from "../account.ts";
import { load, outputOf } from "../context.ts";
import { addressText, type CoordinatorOptions, openCoordinator } from "../coordinator-site.ts";
import { confirm } from "../submit.ts";
import { formatUnits, parseUnits, utcTime } from "../units.ts";

export interface DeployOptions extends AccountOptions {
  out: string;
  local?: boolean;
  epoch?: string;
  sealing?: string;
  dispute?: string;
  minStake?: string;
  minBond?: string;
  reserve?: string;
  ed25519?: string;
}

const LOCAL_CHAIN = 31337n;

function seconds(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms % 1000 === 0 && ms > 0) return ms / 1000;
  throw new UsageError("FS-USAGE", `${option}: ${text} is not a whole number of seconds`);
}

function termsOf(options: DeployOptions): Partial<Terms> {
  const { epoch, sealing, dispute, minStake, minBond, reserve, ed25519 } = options;
  const times = [epoch, sealing, dispute];
  const given = times.filter((time) => time !== undefined).length;
  if (given !== 0 && given !== 3) {
    throw new UsageError("FS-USAGE", "--epoch, --sealing and --dispute are given together", {
      fix: "Sealing and dispute end within one epoch; without the three it is 7 d, 12 h, 3 d.",
    });
  }
  return {
    ...(epoch && sealing && dispute
      ? {
          times: {
            epoch: seconds(epoch, "--epoch"),
            sealing: seconds(sealing, "--sealing"),
            dispute: seconds(dispute, "--dispute"),
          },
        }
      : {}),
    ...(minStake === undefined ? {} : { minStake: parseUnits(minStake, "--min-stake") }),
    ...(minBond === undefined ? {} : { minBond: parseUnits(minBond, "--min-bond") }),
    ...(reserve === undefined ? {} : { reserve: fromAddressText(reserve) }),
    ...(ed25519 === undefined ? {} : { ed25519: fromAddressText(ed25519) }),
  };
}

/** On a development chain, an account of this moment that the chain itself funds. */
async function localAccount(chain: Chain, chainId: bigint, dryRun: boolean): Promise<Account> {
  if (chainId !== LOCAL_CHAIN) {
    throw new EnvironmentError("FS-CHAIN-ID", `--local is for chain ${LOCAL_CHAIN}, this one is ${chainId}`, {
      fix: "Leave --local out, and give --key-file with an account that can pay.",
    });
  }
  const signer = localTransactionSigner(new Uint8Array(randomBytes(32)));
  if (!dryRun) await fundLocal(chain, signer.address);
  return { address: signer.address, signer, close: async () => undefined };
}

/** `fieldseal coordinator deploy`: the six contracts, and a deployment file that names them. */
export async function coordinatorDeploy(options: DeployOptions): Promise<void> {
  const out = outputOf(options);
  const { rpc, dryRun = false, local = false } = options;
  if (rpc === undefined) {
    throw new UsageError("FS-USAGE", "which chain?", { fix: "Give --rpc URL; anvil's is http://127.0.0.1:8545." });
  }
  const terms = termsOf(options);
  if (!dryRun && existsSync(options.out)) {
    throw new UsageError("FS-DEPLOY-EXISTS", `${options.out} is already there`, {
      fix: "Use another --out: a deployment file is never replaced, its contracts are there for ever.",
    });
  }
  const chain = httpChain(rpc);
  const chainId = await getChainId(chain);
  const loaded = options.keyFile === undefined && !local ? load(options) : undefined;
  const account = local ? await localAccount(chain, chainId, dryRun) : await openAccount(options, { loaded });
  try {
    const { address, signer } = account;
    const plan = await planDeployment(chain, address, terms);
    out.line(`${"account".padEnd(10)} ${addressText(address)}   chain ${chainId}`);
    for (const name of CONTRACTS) {
      out.line(
        `${name.padEnd(10)} ${addressText(plan.addresses[name])}   at most ${plan.gas[name].toLocaleString("en")} gas`,
      );
    }
    out.line(`${"cost".padEnd(10)} at most ${formatUnits(plan.cost)} ETH at the present fees`);
    const contracts = new Map<ContractName, object>(
      CONTRACTS.map((name) => [
        name,
        { address: addressText(plan.addresses[name]), gas_at_most: plan.gas[name].toString() },
      ]),
    );
    const document = {
      account: addressText(address),
      chain: chainId.toString(),
      dry_run: dryRun,
      cost_at_most_wei: plan.cost.toString(),
    };
    if (dryRun || !signer) {
      out.note("dry run: nothing was sent");
      out.data({ ...document, contracts: Object.fromEntries(contracts) }, 2);
      return;
    }
    await confirm(out, options, "Deploy?");
    let total = 0n;
    // What was sent stays on its way when this process ends before it is in a block.
    if (out.json) for (const name of CONTRACTS) out.note(`${name} will be at ${addressText(plan.addresses[name])}`);
    const deployment = await deployCoordinator({
      chain,
      signer,
      clock: systemClock(),
      terms,
      onCreated(name, { gasUsed }) {
        total += gasUsed;
        contracts.set(name, { ...contracts.get(name), gas_used: gasUsed.toString() });
        out.line(`${"created".padEnd(10)} ${name}   ${gasUsed.toLocaleString("en")} gas used`);
      },
    });
    writeFileSync(options.out, encodeDeployment(deployment), { flag: "wx" });
    out.line(`${"deployed".padEnd(10)} ${total.toLocaleString("en")} gas in all   ${options.out}`);
    out.line(`${"next".padEnd(10)} fieldseal init --deployment ${options.out} --coordinator-rpc ${rpc}`);
    out.data(
      { ...document, contracts: Object.fromEntries(contracts), gas_used: total.toString(), file: options.out },
      2,
    );
  } catch (error) {
    throw explained(error, "deploy");
  } finally {
    await account.close();
  }
}

/** `fieldseal coordinator show`: contracts, times and terms. */
export async function coordinatorShow(options: CoordinatorOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const { coordinator, seals, chainId } = site;
  const times = await seals.times();
  const { timestamp, number } = await coordinator.latestBlock();
  const epoch = epochAt(times, timestamp);
  const known = site.deployment !== undefined || site.loaded?.config.coordinator?.rewards !== undefined;
  const addresses: Record<string, string> = {
    registry: addressText(await site.registry()),
    ledger: addressText(coordinator.ledger),
    faults: addressText(await site.faults()),
    ...(known
      ? {
          token: addressText(await site.token()),
          rewards: addressText(await site.rewards()),
          market: addressText(await site.market()),
        }
      : {}),
  };
  const minStake = await seals.minStake();
  out.data(
    {
      chain: chainId.toString(),
      block: number.toString(),
      ...addresses,
      epoch: epoch.toString(),
      epoch_ends: epochEnd(times, epoch).toString(),
      times: {
        genesis: times.genesis.toString(),
        epoch: times.epoch.toString(),
        sealing: times.sealing.toString(),
        dispute: times.dispute.toString(),
      },
      min_stake_wei: minStake.toString(),
    },
    2,
  );
  for (const [name, address] of Object.entries(addresses)) out.line(`${name.padEnd(10)} ${address}`);
  out.line(`${"chain".padEnd(10)} ${chainId}, block ${number}`);
  out.line(`${"epoch".padEnd(10)} ${epoch}, until ${utcTime(epochEnd(times, epoch))}`);
  out.line(
    `${"times".padEnd(10)} epoch ${times.epoch} s, sealing ${times.sealing} s, dispute ${times.dispute} s, since ${utcTime(times.genesis)}`,
  );
  out.line(`${"stake".padEnd(10)} at least ${formatUnits(minStake)} ETH to seal`);
}
