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
  type Share,
  type ShareFault,
  type SumNode,
} from "../../protocols/shares/index.ts";
import { type PreparedSeal, type SealFiles, treeOf } from "../rewards/index.ts";
import type { ContractCall } from "./coordinator.ts";
import { shareValue, stepValues } from "./demands.ts";
import type { SealOnChain } from "./seals.ts";

/** A share of a final seal, with its proof (Proven.sol, `Claim`). */
export interface ShareClaim {
  gateway: Uint8Array;
  epoch: bigint;
  kind: number;
  share: Share;
  index: number;
  path: readonly SumNode[];
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
  /** `Rewards.markOf`; undefined before the first claim. */
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

/** Claims of one transaction; more do not fit a block on every chain. */
const BATCH = 50;

/**
 * Everything a gateway's final seals owe an owner, in an order in which Rewards takes it: a device's shares by epoch, those of
 * one seal in a row. What would be refused is left out, since a transaction pays all of its claims or none.
 */
export async function claimsOf(options: ClaimingOptions): Promise<{ claims: ShareClaim[]; unclaimed: Unclaimed[] }> {
  const { gateway, files, times, now, owner, from = 0n } = options;
  const claims: ShareClaim[] = [];
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
    const tree = treeOf(seal);
    const counts = held !== undefined && equalBytes(held.root, tree.root.hash);
    for (const [index, share] of seal.shares.entries()) {
      const device = await deviceOf(share.device);
      if (device === undefined) continue;
      const { kind } = seal;
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
      claims.push({ gateway, ...given, index, path: tree.path(index) });
    }
  };
  for (const epoch of files.epochs()) {
    if (epoch < from || finalAt(times, epoch) > now) continue;
    for (const seal of files.read(epoch)?.seals ?? []) await add(epoch, seal, await options.sealOf(epoch, seal.kind));
  }
  return { claims, unclaimed };
}

const SHARE = "(bytes32,uint64,uint64,uint64,uint64)";
const CLAIM = `claim(address,(address,uint32,uint8,${SHARE},uint64,(bytes32,uint128)[])[])`;

/** The transactions that claim, in order. @param rewards address of the Rewards contract. */
export function claimCalls(rewards: Uint8Array, owner: Uint8Array, claims: readonly ShareClaim[]): ContractCall[] {
  const calls: ContractCall[] = [];
  for (let at = 0; at < claims.length; at += BATCH) {
    const batch = claims.slice(at, at + BATCH);
    const values = batch.map(({ gateway, epoch, kind, share, index, path }) => [
      gateway,
      epoch,
      BigInt(kind),
      shareValue(share),
      BigInt(index),
      stepValues(path),
    ]);
    calls.push({ label: `claim ${batch.length} shares`, to: rewards, data: encodeCall(CLAIM, [owner, values]) });
  }
  return calls;
}
