import type { Clock } from "../../firmware-bridge/port/clock.ts";
import type { Anchor } from "./anchor.ts";
import type { Coordinator, RootAt } from "./coordinator.ts";
import type { OutboxStore } from "./outbox.ts";
import type { TransactionSigner } from "./signer.ts";
import type { SubmitterStatus } from "./status.ts";

export interface Checkpoint {
  /** Entries in the log. */
  size: bigint;
  /** RFC 6962 root over them. */
  root: Uint8Array;
}

export type SubmitterEvent =
  /** In a block; `final` once no reorganisation is expected to undo it. Comes again after one. */
  | { kind: "committed"; seq: bigint; size: bigint; root: Uint8Array; anchor: Anchor; gasUsed: bigint; final: boolean }
  | { kind: "called"; label: string; anchor: Anchor; gasUsed: bigint; final: boolean }
  /** The contract refused it. */
  | { kind: "refused"; label: string; why: string }
  /** Its block is not part of the chain any more. */
  | { kind: "reorganised"; label: string };

export interface CallResult {
  anchor: Anchor;
  gasUsed: bigint;
}

export interface SubmitterOptions {
  coordinator: Coordinator;
  chainId: bigint;
  signer: TransactionSigner;
  store: OutboxStore;
  clock: Clock;
  /** The gateway's log: nothing is sent when the chain knows better. */
  rootAt: RootAt;
  /** Blocks on top before an inclusion is final, or the chain's own word for it. */
  finality?: number | "finalized";
  /** Most wei per gas that is ever offered. */
  maxFeePerGas?: bigint;
  /** Between looks at the chain, ms. */
  pollMs?: number;
  /** In no block for so long: offer more, ms. */
  raiseAfterMs?: number;
  onEvent?(event: SubmitterEvent): void;
  onStatus?(status: SubmitterStatus): void;
}
