import type { ContractCall } from "../coordinator/coordinator.ts";
import type { FAULT_CALLS } from "../coordinator/faults.ts";

/** Functions of Faults.sol that take a stake. */
export type FaultName = Exclude<keyof typeof FAULT_CALLS, "demand" | "demandShare" | "collect">;

/** What looks false, with the call that proves it. It counts for nothing until the contract itself agrees. */
export interface Suspicion {
  fault: FaultName;
  /** In words, with the places in log and seals. */
  text: string;
  call: ContractCall;
}

/** What a gateway committed to and does not show: it can be demanded. */
export type Missing =
  | { what: "entry"; seq: bigint; size: bigint; root: Uint8Array; first: bigint; why: string }
  | { what: "shares"; epoch: bigint; deviceKind: number; work: bigint; why: string };
