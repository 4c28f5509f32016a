/** The steps of a verification, in the order in which each relies on the ones before. */
export const STEPS = [
  "format",
  "reading",
  "signature",
  "enrolment",
  "sequence",
  "inclusion",
  "checkpoint",
  "anchor",
] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  step: StepName;
  /** `pending`: nothing is wrong, and the chain does not yet hold the checkpoint. */
  result: "ok" | "failed" | "pending";
  /** What was established, or what is wrong. */
  text: string;
  /** Stable code of the failure. */
  code?: string;
}

export interface Report {
  /** `verified` only when every step is ok. */
  result: "verified" | "failed" | "pending";
  steps: Step[];
  /** Filled as far as the steps got. */
  facts: Facts;
}

/** What a verified proof establishes, as plain values for `--json`. */
export interface Facts {
  /** DeviceId, 64 hex digits. */
  device?: string;
  algorithm?: string;
  /** Who holds the key: `gateway`, `board`, `element`, … */
  signer?: string;
  /** Address that the work is paid to, 0x… */
  owner?: string;
  enrolledAt?: string;
  seq?: string;
  /** Sequence numbers missing before this pack. */
  gap?: string;
  time?: string;
  clock?: "unsynced" | "network" | "disciplined";
  quality?: string[];
  measurements?: { name: string; unit?: string; value: string }[];
  /** The device's work register after the pack. */
  work?: string;
  logIndex?: number;
  logSize?: number;
  root?: string;
  chainId?: number;
  ledger?: string;
  gateway?: string;
  block?: string;
  blockHash?: string;
  committedAt?: string;
  notBefore?: string;
}
