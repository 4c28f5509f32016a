import type { Asked } from "./asking.ts";
import type { Missing, Suspicion } from "./suspicion.ts";
import type { EntryCounts } from "./watched-log.ts";

/** What a watchtower tells. */
export type WatchEvent = { gateway: Uint8Array } & (
  | { kind: "log"; seq: bigint; size: bigint; counts: EntryCounts }
  | { kind: "seal"; epoch: bigint; deviceKind: number; shares: number }
  | { kind: "missing"; missing: Missing }
  | { kind: "demanded"; asked: Asked }
  | { kind: "answered"; asked: Asked }
  /** A demand is not made, since the bonds would be more than allowed. */
  | { kind: "bond-limit"; missing: Missing; bond: bigint }
  /** The contract agrees: whoever sends the call takes the stake. */
  | { kind: "fault"; suspicion: Suspicion }
  /** The contract does not agree, in its words: nothing is sent. */
  | { kind: "unproven"; suspicion: Suspicion; why: string }
  | { kind: "challenged"; suspicion: Suspicion }
  /** It is frozen by a proven fault: nothing more is looked at. */
  | { kind: "frozen" }
);

/** Tells an event; one with a key only once for that key. */
export type Tell = (event: WatchEvent, key?: string) => void;
