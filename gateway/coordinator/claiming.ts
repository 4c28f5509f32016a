import { equalBytes, toHex } from "../../protocols/bytes/index.ts";
import { encodeCall } from "../../protocols/evm/index.ts";
import {
  advance,
  type DeviceTerms,
  type EpochTimes,
  epochEnd,
  epochStart,
  finalAt,
  firstMark,
  type Mark,
  proveShares,
  type Share,
  type ShareFault,
  type ShareProof,
} from "../../protocols/shares/index.ts";
import { type PreparedSeal, type SealFiles, treeOf } from "../rewards/index.ts";
import type { ContractCall } from "./coordinator.ts";
import { batchValue, REWARDS_CALLS } from "./rewards-calls.ts";
import type { SealOnChain } from "./seals.ts";

/** Shares of one final seal with their common proof (Proven.sol, `Batch`). */
export interface ShareBatch {
  gateway: Uint8Array;
  epoch: bigint;
  kind: number;
  /** From left to right. */
  shares: readonly Share[];
  proof: ShareProof;
}

export interface ClaimingOptions {
  /** Who sealed: the gateway whose files these are. */
  gateway: Uint8Array;
  files: Pick<SealFiles, "epochs" | "read">;
  times: EpochTimes;
  /** Time of the newest block, seconds since 1970. */
  now: bigint;
  owner: Uint8Array;
  sealOf(epoch: bigint, kind: number): Promise<SealOnChain | undefined>;
  /** Undefined when it is not registered. */
  deviceOf(device: Uint8Array): Promise<{ owner: Uint8Array; terms: DeviceTerms } | undefined>;
  /** `Rewards.paidMarkOf`; undefined before the first claim. */
  markOf(device: Uint8Array): Promise<Mark | undefined>;
  /** Epochs that ended earlier are not looked at. */
  from?: bigint;
}

/** Why a share of the owner's is not claimed: it is paid already, or the contract would refuse it. */
export interface Unclaimed {
  epoch: bigint;
  kind: number;
  share: Share;
  why: ShareFault | "not-sealed" | "wrong-kind";
}

/** Shares in one transaction: 50 take about a million gas. */
const MOST = 50;

/**
 * Everything a gateway's final seals owe an owner, in an order in which Rewards takes it: a device's shares by epoch, those of
 * one seal in a row. What would be refused is left out, since a transaction pays all of its claims or none.
 */
export async function claimsOf(options: ClaimingOptions): Promise<{ batches: ShareBatch[]; unclaimed: Unclaimed[] }> {
  const { gateway, files, times, now, owner, from = 0n } = options;
  const batches: ShareBatch[] = [];
  const unclaimed: Unclaimed[] = [];
  const devices = new Map<string, { terms: DeviceTerms; mark: Mark } | undefined>();
  const deviceOf = async (device: Uint8Array) => {
    const name = toHex(device);
    if (devices.has(name)) return devices.get(name);
    const found = await options.deviceOf(device);
    const own = found && equalBytes(found.owner, owner) ? found : undefined;
    const state = own && { terms: own.terms, mark: (await options.markOf(device)) ?? firstMark(own.terms) };
    devices.set(name, state);
    return state;
  };
  const add = async (epoch: bigint, seal: PreparedSeal, held: SealOnChain | undefined) => {
    const { kind } = seal;
    const tree = treeOf(seal);
    const claimed: number[] = [];
    const counts = held !== undefined && equalBytes(held.root, tree.root.hash);
    for (const [index, share] of seal.shares.entries()) {
      const device = await deviceOf(share.device);
      if (device === undefined) continue;
      const given = { epoch, kind, share };
      if (!counts || device.terms.kind !== kind) {
        unclaimed.push({ ...given, why: counts ? "wrong-kind" : "not-sealed" });
        continue;
      }
      const after = advance(device.mark, share, device.terms, epochStart(times, epoch), epochEnd(times, epoch));
      if (typeof after === "string") {
        unclaimed.push({ ...given, why: after });
        continue;
      }
      device.mark = after;
      claimed.push(index);
    }
    for (let at = 0; at < claimed.length; at += MOST) {
      const indexes = claimed.slice(at, at + MOST);
      const shares = indexes.map((index) => seal.shares[index]!);
      batches.push({ gateway, epoch, kind, shares, proof: proveShares(tree, indexes) });
    }
  };
  for (const epoch of files.epochs()) {
    if (epoch < from || finalAt(times, epoch) > now) continue;
    for (const seal of files.read(epoch)?.seals ?? []) await add(epoch, seal, await options.sealOf(epoch, seal.kind));
  }
  return { batches, unclaimed };
}

/** The transactions that claim, in order. @param rewards address of the Rewards contract. */
export function claimCalls(rewards: Uint8Array, owner: Uint8Array, batches: readonly ShareBatch[]): ContractCall[] {
  const groups: ShareBatch[][] = [];
  let room = 0;
  for (const batch of batches) {
    if (batch.shares.length > room) {
      groups.push([]);
      room = MOST;
    }
    groups.at(-1)!.push(batch);
    room -= batch.shares.length;
  }
  return groups.map((group) => {
    const count = group.reduce((sum, { shares }) => sum + shares.length, 0);
    const data = encodeCall(REWARDS_CALLS.claim, [owner, group.map(batchValue)]);
    return { label: `claim ${count} shares`, to: rewards, data };
  });
}
