import type { PublicKey } from "../../protocols/attestation/index.ts";
import { type AbiValue, decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import type { Share, SumNode } from "../../protocols/shares/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import { shareValue, stepValues } from "./demands.ts";
import { keyValue } from "./registry-calls.ts";
import { call } from "./rpc.ts";

/** A commitment in the Ledger's ring (Evidence.sol, `Commitment`). */
export interface CommitmentEvidence {
  seq: bigint;
  size: bigint;
  /** 32 bytes. */
  root: Uint8Array;
}

/** An entry of a gateway's log, proven to be in a commitment (Evidence.sol, `Logged`). */
export interface LoggedEntry {
  commitment: CommitmentEvidence;
  /** Place in the log, from 0. */
  index: bigint;
  /** The entry's exact bytes. */
  entry: Uint8Array;
  /** RFC 6962 inclusion proof, leaf to root. */
  path: readonly Uint8Array[];
}

/** A share, proven to be in a gateway's seal (Evidence.sol, `Sealed`). */
export interface SealedShare {
  epoch: bigint;
  /** Kind of device of the seal, 0…15. */
  kind: number;
  share: Share;
  /** Place in the seal, from 0. */
  index: bigint;
  /** Neighbours in the sum tree, from the leaf up. */
  path: readonly SumNode[];
}

/** A leaf by its hash only, with its inclusion proof. */
export interface LeafEvidence {
  commitment: CommitmentEvidence;
  /** SHA-256(00 ‖ entry), 32 bytes. */
  leaf: Uint8Array;
  path: readonly Uint8Array[];
}

const COMMITMENT = "(uint64,uint64,bytes32)";
const LOGGED = `(${COMMITMENT},uint64,bytes,bytes32[])`;
const SEALED = "(uint32,uint8,(bytes32,uint64,uint64,uint64,uint64),uint64,(bytes32,uint128)[])";

/** Canonical signatures of Faults.sol's functions. */
export const FAULT_CALLS = {
  invalid: `invalid(address,${LOGGED},(uint8,bytes32,bytes32))`,
  incoherent: `incoherent(address,${LOGGED},${LOGGED})`,
  forked: `forked(address,${COMMITMENT},${COMMITMENT},uint64,bytes32,bytes32[],bytes32,bytes32[])`,
  unbacked: `unbacked(address,${SEALED})`,
  misquoted: `misquoted(address,${SEALED},bool,${LOGGED})`,
  misdated: `misdated(address,${SEALED},${COMMITMENT},${COMMITMENT})`,
  outpaced: `outpaced(address,${SEALED},${LOGGED},${LOGGED})`,
  overlapping: `overlapping(address,${SEALED},${SEALED})`,
  demand: `demand(address,${COMMITMENT},uint64)`,
  withheld: `withheld(address,${COMMITMENT},uint64)`,
  demandShare: "demandShare(address,uint32,uint8,uint128)",
  opaque: "opaque(address,uint32,uint8,uint128)",
  collect: "collect(address)",
} as const;

const HOUR = 3_600_000n;
/** The register may run ahead of the cap by what it grants in this time, ms; clocks may run ahead of the chain's by it (Faults.sol). */
export const TOLERANCE_MS = 3_600_000n;
const NO_COMMITMENT: CommitmentEvidence = { seq: 0n, size: 0n, root: new Uint8Array(32) };
const NO_ENTRY: LoggedEntry = { commitment: NO_COMMITMENT, index: 0n, entry: new Uint8Array(0), path: [] };
/** Shown where the entry is no attestation and no key counts. */
const NO_KEY: AbiValue = [0n, new Uint8Array(32), new Uint8Array(32)];

/**
 * Whether a sealed share grows too fast, as `Faults.outpaced` judges it. A gateway does not seal such a share.
 * @param growth `to − from` of the share.
 * @param cap most work per hour that the device is registered with.
 * @param start ms since 1970 of the last reading of the attestation at `from`, or of the registration for a first mark.
 * @param end ms since 1970 of the last reading of the attestation at `to`.
 */
export function outpacesCap(growth: bigint, cap: bigint, start: bigint, end: bigint): boolean {
  const elapsed = end > start ? end - start : 0n;
  return growth * HOUR > cap * (elapsed + TOLERANCE_MS);
}

const commitmentValue = ({ seq, size, root }: CommitmentEvidence): AbiValue => [seq, size, root];
const loggedValue = ({ commitment, index, entry, path }: LoggedEntry): AbiValue => [
  commitmentValue(commitment),
  index,
  entry,
  path,
];
const sealedValue = ({ epoch, kind, share, index, path }: SealedShare): AbiValue => [
  epoch,
  BigInt(kind),
  shareValue(share),
  index,
  stepValues(path),
];

/**
 * Calls that prove faults of one gateway, as Faults.sol takes them: each slashes, or reverts and changes nothing.
 * @param faults address of the Faults contract, 20 bytes.
 * @param gateway the accused, 20 bytes.
 */
export function faultCalls(faults: Uint8Array, gateway: Uint8Array) {
  const made = (name: keyof typeof FAULT_CALLS, values: readonly AbiValue[], value?: bigint): ContractCall => ({
    label: name,
    to: faults,
    data: encodeCall(FAULT_CALLS[name], [gateway, ...values]),
    ...(value === undefined ? {} : { value }),
  });
  return {
    /** A logged entry that is no attestation (no key needed), or one that its device's key did not sign. */
    invalid: (logged: LoggedEntry, key?: PublicKey) =>
      made("invalid", [loggedValue(logged), key ? keyValue(key) : NO_KEY]),
    /** Two logged attestations of one device that use a sequence number twice, or whose register falls. */
    incoherent: (a: LoggedEntry, b: LoggedEntry) => made("incoherent", [loggedValue(a), loggedValue(b)]),
    /** Two commitments that disagree on the leaf at `index`, or have one size and two roots (then no leaf is read). */
    forked: (index: bigint, a: LeafEvidence, b: LeafEvidence) =>
      made("forked", [
        commitmentValue(a.commitment),
        commitmentValue(b.commitment),
        index,
        a.leaf,
        a.path,
        b.leaf,
        b.path,
      ]),
    /** A sealed share that the register of devices contradicts. */
    unbacked: (shown: SealedShare) => made("unbacked", [sealedValue(shown)]),
    /** A sealed share that differs from the attestation it cites at `to` (`end`) or at `from`. */
    misquoted: (shown: SealedShare, end: boolean, cited: LoggedEntry) =>
      made("misquoted", [sealedValue(shown), end ? 1n : 0n, loggedValue(cited)]),
    /** A sealed share whose `toIndex` was first committed in another epoch, or not at all (then without commitments). */
    misdated: (shown: SealedShare, within = NO_COMMITMENT, before = NO_COMMITMENT) =>
      made("misdated", [sealedValue(shown), commitmentValue(before), commitmentValue(within)]),
    /** A sealed share that `outpacesCap`; `start` is left out when the share starts at the first mark. */
    outpaced: (shown: SealedShare, end: LoggedEntry, start = NO_ENTRY) =>
      made("outpaced", [sealedValue(shown), loggedValue(start), loggedValue(end)]),
    /** Two sealed shares that count a stretch of a register twice, or stand in the wrong order in one seal. */
    overlapping: (a: SealedShare, b: SealedShare) => made("overlapping", [sealedValue(a), sealedValue(b)]),
    /** Demands the log entry at `index`. @param bond wei, at least `leastBond` */
    demand: (commitment: CommitmentEvidence, index: bigint, bond: bigint) =>
      made("demand", [commitmentValue(commitment), index], bond),
    /** A demanded entry was not produced in time. */
    withheld: (commitment: CommitmentEvidence, index: bigint) => made("withheld", [commitmentValue(commitment), index]),
    /** Demands the share that covers a point of a seal's work. @param bond wei, at least `leastBond` */
    demandShare: (epoch: bigint, kind: number, point: bigint, bond: bigint) =>
      made("demandShare", [epoch, BigInt(kind), point], bond),
    /** A demanded share was not produced in time. */
    opaque: (epoch: bigint, kind: number, point: bigint) => made("opaque", [epoch, BigInt(kind), point]),
  };
}

/** Pays out what the Faults contract owes an account: bonds earned by answers, or given back. Anyone may send it. */
export function collectBondsCall(faults: Uint8Array, account: Uint8Array): ContractCall {
  return { label: "collect bonds", to: faults, data: encodeCall(FAULT_CALLS.collect, [account]) };
}

/** Least wei for the next demand to a gateway; it follows the base fee, so send somewhat more. */
export function leastBond(chain: Chain, faults: Uint8Array, gateway: Uint8Array): Promise<bigint> {
  return askUint(chain, faults, "bondFor(address)", gateway);
}

/** Wei that `collectBondsCall` pays an account. */
export function owedBonds(chain: Chain, faults: Uint8Array, account: Uint8Array): Promise<bigint> {
  return askUint(chain, faults, "owed(address)", account);
}

async function askUint(chain: Chain, to: Uint8Array, signature: string, account: Uint8Array): Promise<bigint> {
  return wordToUint(decodeWords(await call(chain, { to, data: encodeCall(signature, [account]) }), 1)[0]!);
}
