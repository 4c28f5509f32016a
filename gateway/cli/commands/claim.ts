import { shortDeviceId } from "../../../protocols/attestation/index.ts";
import { toHex } from "../../../protocols/bytes/index.ts";
import { fromAddressText } from "../../../protocols/evm/index.ts";
import { claimCalls, type ShareBatch, type Unclaimed } from "../../coordinator/claiming.ts";
import { payTermsReader } from "../../coordinator/pay-terms.ts";
import { payOf } from "../../rewards/index.ts";
import type { AccountOptions } from "../account.ts";
import { outputOf } from "../context.ts";
import { addressText, type CoordinatorSite, gatewayAddress, openCoordinator } from "../coordinator-site.ts";
import { ownClaims, type SealsOptions } from "../own-seals.ts";
import { submit } from "../submit.ts";
import { formatUnits, parseWhole } from "../units.ts";

export interface ClaimOptions extends AccountOptions, SealsOptions {
  owner?: string;
  from?: string;
}

/** Why a share is not claimed, in words. */
export const UNCLAIMED: Readonly<Record<Unclaimed["why"], string>> = {
  "behind-mark": "paid already",
  "key-ended": "the key ended at a lower register",
  "epoch-after-end": "the key ended before the epoch",
  "over-cap": "more than the device's cap allows since its last share",
  "not-sealed": "the chain holds no such seal, or it was voided",
  "wrong-kind": "the device is registered as another kind",
};

/** What the claims of a gateway's shares will pay, in the smallest unit. */
async function expected(site: CoordinatorSite, batches: readonly ShareBatch[]) {
  const termsOf = payTermsReader(site.chain, await site.rewards(), site.seals);
  let forOwner = 0n;
  let forGateway = 0n;
  for (const { epoch, kind, shares } of batches) {
    const terms = await termsOf(epoch, kind);
    for (const share of shares) {
      const pay = payOf(share, terms);
      forOwner += pay.forOwner;
      forGateway += pay.forGateway;
    }
  }
  return { forOwner, forGateway };
}

/** The owner that is meant: the one named, the configured one, else the gateway's account. */
export function ownerOf(site: CoordinatorSite, named: string | undefined, gateway: Uint8Array): Uint8Array {
  const text = named ?? site.loaded?.config.coordinator?.owner;
  return text === undefined ? gateway : fromAddressText(text);
}

export const unclaimedDocument = ({ epoch, kind, share, why }: Unclaimed) => ({
  epoch: epoch.toString(),
  kind,
  device: toHex(share.device),
  from: share.from.toString(),
  to: share.to.toString(),
  why,
  text: UNCLAIMED[why],
});

/** `fieldseal claim`: what is final and not yet paid, for an owner; the owner is paid whoever sends it. */
export async function claim(options: ClaimOptions): Promise<void> {
  const out = outputOf(options);
  const site = await openCoordinator(options);
  const rewards = await site.rewards();
  const gateway = gatewayAddress(site, options.gateway);
  const owner = ownerOf(site, options.owner, gateway);
  const from = options.from === undefined ? undefined : parseWhole(options.from, "--from", 0xffff_ffffn);
  const { batches, unclaimed } = await ownClaims(site, options, {
    gateway,
    owner,
    ...(from === undefined ? {} : { from }),
  });
  const { forOwner, forGateway } = await expected(site, batches);
  const open = unclaimed.filter(({ why }) => why !== "behind-mark");
  for (const { epoch, share, why } of open) {
    out.note(`left out: epoch ${epoch}, device ${shortDeviceId(share.device)}: ${UNCLAIMED[why]}`);
  }
  const shares = batches.reduce((sum, batch) => sum + batch.shares.length, 0);
  const document = {
    owner: addressText(owner),
    gateway: addressText(gateway),
    shares,
    epochs: [...new Set(batches.map(({ epoch }) => epoch.toString()))],
    for_owner: forOwner.toString(),
    for_gateway: forGateway.toString(),
    paid_before: unclaimed.length - open.length,
    left_out: open.map(unclaimedDocument),
  };
  if (shares === 0) {
    out.data({ ...document, transactions: [] }, 2);
    const why = document.paid_before > 0 ? `${document.paid_before} shares are paid already` : "no share is final yet";
    out.line(`nothing to claim for ${document.owner}: ${why}`);
    return;
  }
  out.line(
    `${"claim".padEnd(10)} ${shares} shares of epochs ${document.epochs.join(", ")}: ${formatUnits(forOwner)} SEAL to ${document.owner}, ${formatUnits(forGateway)} to the gateway`,
  );
  await submit(
    options,
    site,
    () => claimCalls(rewards, owner, batches),
    () => document,
  );
}
