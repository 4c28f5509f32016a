import { utf8 } from "../../protocols/bytes/index.ts";
import { decodeWords, encodeArguments, encodeCall, keccak256, wordToUint } from "../../protocols/evm/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import type { ContractCall } from "../coordinator/coordinator.ts";
import type { faultCalls } from "../coordinator/faults.ts";
import { call } from "../coordinator/rpc.ts";
import type { Range } from "./answers.ts";
import type { Missing, Suspicion } from "./suspicion.ts";

/** What was demanded of a gateway. */
export type Asked = { bond: bigint } & (
  | { what: "entry"; seq: bigint; size: bigint; root: Uint8Array; index: bigint }
  | { what: "share"; epoch: bigint; deviceKind: number; point: bigint }
);

/** What became of a demand (Demands.sol, `Demand`). */
export interface DemandState {
  state: "none" | "open" | "answered" | "missed";
  /** Last second for the answer, since 1970. */
  deadline: bigint;
}

const STATES = ["none", "open", "answered", "missed"] as const;

/** Name of a demand (`Faults.leafDemandId`, `Faults.shareDemandId`). */
export function demandId(gateway: Uint8Array, asked: Asked): Uint8Array {
  if (asked.what === "entry") {
    const { seq, size, root, index } = asked;
    const types = "(string,address,(uint64,uint64,bytes32),uint64)";
    return keccak256(encodeArguments(types, [utf8("leaf"), gateway, [seq, size, root], index]));
  }
  const { epoch, deviceKind, point } = asked;
  const values = [utf8("share"), gateway, epoch, BigInt(deviceKind), point];
  return keccak256(encodeArguments("(string,address,uint32,uint8,uint128)", values));
}

export async function demandState(
  chain: Chain,
  faults: Uint8Array,
  gateway: Uint8Array,
  asked: Asked,
): Promise<DemandState> {
  const data = encodeCall("demandOf(bytes32)", [demandId(gateway, asked)]);
  const words = decodeWords(await call(chain, { to: faults, data }), 4);
  return { state: STATES[Number(wordToUint(words[2]!, 8))] ?? "none", deadline: wordToUint(words[1]!, 40) };
}

/**
 * What to demand where something is missing: any of the entries or points, since a gateway that knew which one would show only that.
 * @param random bytes that the gateway cannot foresee.
 * @param range entries in which the difference must lie.
 */
export function demandFor(
  missing: Missing,
  bond: bigint,
  random: (length: number) => Uint8Array,
  range?: Range,
): Asked {
  const drawn = random(32).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (missing.what === "entry") {
    const { seq, size, root } = missing;
    const { from, to } = range ?? { from: missing.first, to: size };
    return { what: "entry", seq, size, root, index: from + (drawn % (to - from)), bond };
  }
  const { epoch, deviceKind, work } = missing;
  return { what: "share", epoch, deviceKind, point: drawn % work, bond };
}

export function demandCall(calls: ReturnType<typeof faultCalls>, asked: Asked): ContractCall {
  if (asked.what === "share") return calls.demandShare(asked.epoch, asked.deviceKind, asked.point, asked.bond);
  return calls.demand(asked, asked.index, asked.bond);
}

/** The fault that an unanswered demand proves. */
export function unanswered(calls: ReturnType<typeof faultCalls>, asked: Asked): Suspicion {
  if (asked.what === "share") {
    const { epoch, deviceKind, point } = asked;
    const text = `the share at point ${point} of epoch ${epoch}, kind ${deviceKind} was not shown on demand`;
    return { fault: "opaque", text, call: calls.opaque(epoch, deviceKind, point) };
  }
  const text = `entry ${asked.index} of commitment ${asked.seq} was not shown on demand`;
  return { fault: "withheld", text, call: calls.withheld(asked, asked.index) };
}

/** The same demand of the same thing: it is made once. */
export function isSameTarget(asked: Asked, missing: Missing): boolean {
  if (asked.what === "entry") return missing.what === "entry";
  return missing.what === "shares" && asked.epoch === missing.epoch && asked.deviceKind === missing.deviceKind;
}
