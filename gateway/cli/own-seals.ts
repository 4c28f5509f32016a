import { toHex } from "../../protocols/bytes/index.ts";
import type { DeviceTerms, Mark } from "../../protocols/shares/index.ts";
import { claimsOf } from "../coordinator/claiming.ts";
import type { RegisteredDevice } from "../coordinator/index.ts";
import { rewardsReads } from "../coordinator/rewards-calls.ts";
import { logFolders } from "../proofs/export.ts";
import { SealFiles } from "../rewards/index.ts";
import { type CoordinatorSite, dataFolder } from "./coordinator-site.ts";

/** Where a gateway's shares are: beside its journal, or in a copy of the folder. */
export interface SealsOptions {
  seals?: string;
  gateway?: string;
}

export const sealFiles = (site: CoordinatorSite, { seals }: SealsOptions): SealFiles =>
  new SealFiles(seals ?? logFolders(dataFolder(site)).seals);

/** A registered device as its pay sees it: a key in use has the largest numbers of Registry.sol's fields. */
export const deviceTerms = ({ kind, cap, since, mark, end, until }: RegisteredDevice): DeviceTerms => ({
  kind,
  cap,
  since,
  mark,
  end: end ?? (1n << 64n) - 1n,
  until: until ?? (1n << 40n) - 1n,
});

/** Each device is asked for once. */
function remembered<T>(ask: (device: Uint8Array) => Promise<T>): (device: Uint8Array) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (device) => {
    const name = toHex(device);
    const found = known.get(name) ?? ask(device);
    known.set(name, found);
    return found;
  };
}

/** Kinds of which a Wh is certified or paid, never both: certificates then use up the mark of claims as well. */
type ExclusiveKinds = (kind: number) => boolean;

const later = (a: Mark | undefined, b: Mark | undefined): Mark | undefined =>
  a && b ? { to: a.to > b.to ? a.to : b.to, at: a.at > b.at ? a.at : b.at } : (a ?? b);

/**
 * What the chain says about devices' pay, each device asked once.
 * @param certificates given: marks are those that certificates use up.
 */
export async function deviceReads(site: CoordinatorSite, certificates?: ExclusiveKinds) {
  const reads = rewardsReads(site.chain, await site.rewards());
  const deviceOf = remembered(async (device) => {
    const found = await site.coordinator.deviceOf(device);
    return found && { owner: found.owner, terms: deviceTerms(found) };
  });
  const markOf = async (which: "paidMark" | "certifiedMark", device: Uint8Array): Promise<Mark | undefined> => {
    const found = await reads[which](device);
    return found && { to: found.to, at: found.time };
  };
  return {
    deviceOf,
    markOf: remembered(async (device): Promise<Mark | undefined> => {
      if (!certificates) return markOf("paidMark", device);
      const certified = await markOf("certifiedMark", device);
      const kind = (await deviceOf(device))?.terms.kind;
      return kind !== undefined && certificates(kind) ? later(certified, await markOf("paidMark", device)) : certified;
    }),
  };
}

export interface OwnClaimsOptions {
  gateway: Uint8Array;
  owner: Uint8Array;
  /** Earlier epochs are passed over. */
  from?: bigint;
  certificates?: ExclusiveKinds;
}

/** Everything that a gateway's final seals owe an owner, or would certify for one. */
export async function ownClaims(
  site: CoordinatorSite,
  options: SealsOptions,
  { gateway, owner, from, certificates }: OwnClaimsOptions,
): ReturnType<typeof claimsOf> {
  const { seals, coordinator } = site;
  const { timestamp } = await coordinator.latestBlock();
  return claimsOf({
    gateway,
    owner,
    files: sealFiles(site, options),
    times: await seals.times(),
    now: timestamp,
    sealOf: (epoch, kind) => seals.sealOf(gateway, epoch, kind),
    ...(await deviceReads(site, certificates)),
    ...(from === undefined ? {} : { from }),
  });
}
