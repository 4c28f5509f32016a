import { decodeWords, encodeCall, wordToUint } from "../../../protocols/evm/index.ts";
import { openDemands } from "../../coordinator/demands.ts";
import { collectBondsCall, owedBonds } from "../../coordinator/faults.ts";
import { getBalance } from "../../coordinator/index.ts";
import { collectCall, exitCall, stakeCall, withdrawCall } from "../../coordinator/ledger-calls.ts";
import { call } from "../../coordinator/rpc.ts";
import type { AccountOptions } from "../account.ts";
import { outputOf } from "../context.ts";
import {
  addressText,
  type CoordinatorOptions,
  type CoordinatorSite,
  gatewayAddress,
  openCoordinator,
} from "../coordinator-site.ts";
import { submit } from "../submit.ts";
import { formatUnits, parseUnits, utcTime } from "../units.ts";

/** Seconds that a stake stays after an exit. */
async function retention({ seals }: CoordinatorSite): Promise<bigint> {
  const { epoch, sealing, dispute } = await seals.times();
  return epoch + sealing + dispute;
}

async function owedStake({ chain, coordinator }: CoordinatorSite, account: Uint8Array): Promise<bigint> {
  const data = encodeCall("owed(address)", [account]);
  return wordToUint(decodeWords(await call(chain, { to: coordinator.ledger, data }), 1)[0]!);
}

async function standing(site: CoordinatorSite, gateway: Uint8Array) {
  const { stake, exit, frozen, seq, size } = await site.coordinator.head(gateway);
  return {
    gateway: addressText(gateway),
    stake_wei: stake.toString(),
    seals: !frozen && exit === 0n && stake >= (await site.seals.minStake()),
    frozen,
    withdrawable_at: exit === 0n ? null : (exit + (await retention(site))).toString(),
    commitments: seq.toString(),
    size: size.toString(),
  };
}

/** `fieldseal gateway stake ETH`. */
export async function gatewayStake(amount: string, options: AccountOptions): Promise<void> {
  const wei = parseUnits(amount, "the stake");
  const site = await openCoordinator(options);
  let from: Uint8Array = site.coordinator.ledger;
  await submit(
    options,
    site,
    (account) => {
      from = account;
      return [stakeCall(site.coordinator.ledger, wei)];
    },
    () => standing(site, from),
  );
}

/** `fieldseal gateway exit`: no commitment and no seal from now on. */
export async function gatewayExit(options: AccountOptions): Promise<void> {
  const site = await openCoordinator(options);
  await submit(options, site, () => [exitCall(site.coordinator.ledger)]);
  outputOf(options).note(`the stake can be withdrawn ${await retention(site)} s after the exit`);
}

/** `fieldseal gateway withdraw`. */
export async function gatewayWithdraw(options: AccountOptions): Promise<void> {
  const site = await openCoordinator(options);
  await submit(options, site, () => [withdrawCall(site.coordinator.ledger)]);
}

/** `fieldseal gateway collect`: what Ledger and Faults owe the account. */
export async function gatewayCollect(options: AccountOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const faults = await site.faults();
  await submit(options, site, async (from) => {
    const stake = await owedStake(site, from);
    const bonds = await owedBonds(site.chain, faults, from);
    out.line(`${"owed".padEnd(10)} ${formatUnits(stake)} ETH by the Ledger, ${formatUnits(bonds)} ETH in bonds`);
    return [
      ...(stake > 0n ? [collectCall(site.coordinator.ledger, from)] : []),
      ...(bonds > 0n ? [collectBondsCall(faults, from)] : []),
    ];
  });
}

/** `fieldseal gateway status [ADDRESS]`: stake, commitments and what is owed, as the chain says. */
export async function gatewayStatus(address: string | undefined, options: CoordinatorOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const gateway = gatewayAddress(site, address);
  const faults = await site.faults();
  const about = await standing(site, gateway);
  const balance = await getBalance(site.chain, gateway);
  const owed = await owedStake(site, gateway);
  const bonds = await owedBonds(site.chain, faults, gateway);
  const demands = await openDemands(site.chain, faults, gateway);
  out.data(
    {
      ...about,
      balance_wei: balance.toString(),
      owed_wei: owed.toString(),
      owed_bonds_wei: bonds.toString(),
      open_demands: demands.toString(),
    },
    2,
  );
  const { frozen, seals, withdrawable_at: until } = about;
  const least = formatUnits(await site.seals.minStake());
  const state = frozen
    ? "frozen by a proven fault"
    : until !== null
      ? `leaving, withdrawable at ${utcTime(BigInt(until))}`
      : seals
        ? "seals"
        : `does not seal: the least stake is ${least} ETH`;
  out.line(`${"gateway".padEnd(12)} ${about.gateway}   ${state}`);
  out.line(
    `${"stake".padEnd(12)} ${formatUnits(BigInt(about.stake_wei))} ETH   balance ${formatUnits(balance)} ETH   owed ${formatUnits(owed)} ETH, bonds ${formatUnits(bonds)} ETH`,
  );
  out.line(`${"committed".padEnd(12)} ${about.commitments} times, ${about.size} entries   open demands ${demands}`);
}
