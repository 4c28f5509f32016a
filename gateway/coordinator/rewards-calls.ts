import { type AbiValue, decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import type { Chain } from "./chain.ts";
import type { ShareBatch } from "./claiming.ts";
import type { ContractCall } from "./coordinator.ts";
import { shareValue, stepValues } from "./demands.ts";
import { call } from "./rpc.ts";

/** Shares of one seal with their common proof, as Proven.sol's `Batch`. */
export const BATCH_TYPE = "(address,uint32,uint8,(bytes32,uint64,uint64,uint64,uint64)[],(bytes32,uint128)[],bytes)";

/** Canonical signatures of the functions of Rewards.sol that change something; claims are made by `claimCalls`. */
export const REWARDS_CALLS = {
  claim: `claim(address,${BATCH_TYPE}[])`,
  accrue: "accrue(bytes32[])",
  delegate: "delegate(address)",
  vouch: "vouch(address,uint32,uint8)",
  collect: "collect(address,address,uint32,uint8)",
  censure: "censure(address,address,uint32,uint8)",
} as const;

/** A seal by what names it. */
export interface SealName {
  /** 20 bytes. */
  gateway: Uint8Array;
  epoch: bigint;
  /** Kind of device, 0…15. */
  kind: number;
}

/** How far a device's work register is used up (Marks.sol, `Mark`). */
export interface UsedMark {
  /** Work below this is used up. */
  to: bigint;
  /** Until when the cap is used up, seconds since 1970. */
  time: bigint;
  /** Newest epoch that counted, plus 1. */
  epochs: bigint;
  /** Epochs that counted and are not yet accrued. */
  finished: bigint;
}

/** Where the tokens of one epoch and kind are, in the smallest unit. `paid` and `unallocated` are `pool`. */
export interface PoolFigures {
  pool: bigint;
  workPool: bigint;
  auditPool: bigint;
  paid: bigint;
  unallocated: bigint;
}

export const batchValue = ({ gateway, epoch, kind, shares, proof }: ShareBatch): AbiValue => [
  gateway,
  epoch,
  BigInt(kind),
  shares.map(shareValue),
  stepValues(proof.path),
  proof.steps,
];

const nameValues = ({ gateway, epoch, kind }: SealName): AbiValue[] => [gateway, epoch, BigInt(kind)];
const named = ({ epoch, kind }: SealName) => `epoch ${epoch}, kind ${kind}`;

/** The calls of a Rewards contract. @param rewards its address, 20 bytes. */
export function rewardsCalls(rewards: Uint8Array) {
  const make = (label: string, signature: string, values: readonly AbiValue[]): ContractCall => ({
    label,
    to: rewards,
    data: encodeCall(signature, values),
  });
  return {
    /** Turns finished device-epochs into credit of the devices' owners. Sent by anyone. */
    accrue: (devices: readonly Uint8Array[]) =>
      make(`accrue credit of ${devices.length} devices`, REWARDS_CALLS.accrue, [devices]),
    /** Lends the sender's credit; to oneself it counts as one's own votes. */
    delegate: (to: Uint8Array) => make("lend credit", REWARDS_CALLS.delegate, [to]),
    /** The sender vouches for a seal. */
    vouch: (seal: SealName) => make(`vouch for ${named(seal)}`, REWARDS_CALLS.vouch, nameValues(seal)),
    /** Pays an auditor for a seal that stood. Sent by anyone. */
    collect: (auditor: Uint8Array, seal: SealName) =>
      make(`collect for ${named(seal)}`, REWARDS_CALLS.collect, [auditor, ...nameValues(seal)]),
    /** Burns the credit of an auditor whose seal was voided. Sent by anyone. */
    censure: (auditor: Uint8Array, seal: SealName) =>
      make(`censure for ${named(seal)}`, REWARDS_CALLS.censure, [auditor, ...nameValues(seal)]),
  };
}

/**
 * What a Rewards contract says.
 * @param rewards its address, 20 bytes.
 */
export function rewardsReads(chain: Chain, rewards: Uint8Array) {
  const ask = async (signature: string, values: readonly AbiValue[], words: number): Promise<bigint[]> => {
    const answer = await call(chain, { to: rewards, data: encodeCall(signature, values) });
    return decodeWords(answer, words).map((word) => wordToUint(word));
  };
  const one = async (signature: string, values: readonly AbiValue[]) => (await ask(signature, values, 1))[0]!;
  const markAt = async (signature: string, device: Uint8Array): Promise<UsedMark | undefined> => {
    const [to, time, epochs, finished] = await ask(signature, [device], 4);
    return time === 0n ? undefined : { to: to!, time: time!, epochs: epochs!, finished: finished! };
  };
  return {
    /** Undefined before the device's first claim: its first mark stands for it. */
    paidMark: (device: Uint8Array) => markAt("paidMarkOf(bytes32)", device),
    /** Undefined before the device's first certificate. */
    certifiedMark: (device: Uint8Array) => markAt("certifiedMarkOf(bytes32)", device),
    async pool(epoch: bigint, kind: number): Promise<PoolFigures> {
      const values = [epoch, BigInt(kind)];
      const names = ["pool", "workPool", "auditPool", "paid", "unallocated"];
      const found = await Promise.all(names.map((name) => one(`${name}(uint32,uint8)`, values)));
      const [pool, workPool, auditPool, paid, unallocated] = found;
      return { pool: pool!, workPool: workPool!, auditPool: auditPool!, paid: paid!, unallocated: unallocated! };
    },
    /** Device-epochs of proven work. */
    credit: (account: Uint8Array) => one("creditOf(address)", [account]),
    /** Credit lent to an auditor. */
    votes: (auditor: Uint8Array) => one("getVotes(address)", [auditor]),
    async vouch(auditor: Uint8Array, seal: SealName) {
      const values = [auditor, ...nameValues(seal)];
      const [weight, settled, weights] = await ask("vouchOf(address,address,uint32,uint8)", values, 3);
      return { weight: weight!, settled: settled === 1n, weights: weights! };
    },
  };
}
