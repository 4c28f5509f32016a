import type { faultCalls } from "../coordinator/faults.ts";
import type { Range } from "./answers.ts";
import type { Asked } from "./asking.ts";
import type { Published } from "./published.ts";
import type { SealedStretches } from "./sealed-shares.ts";
import type { Suspicion } from "./suspicion.ts";
import type { SealKey } from "./watch-store.ts";
import type { WatchedLog } from "./watched-log.ts";

/** A gateway under watch. */
export interface Watched {
  address: Uint8Array;
  name: string;
  published: Published;
  log: WatchedLog;
  calls: ReturnType<typeof faultCalls>;
  stretches: SealedStretches;
  pending: SealKey[];
  judged: SealKey[];
  asked: Asked[];
  /** What the log made look false, until it is refused or sent. */
  suspicions: Suspicion[];
  frozen: boolean;
  /** Answers of which the chain told, by the demand's id. */
  answers: Map<string, Uint8Array>;
  /** In which entries a commitment's history differs from ours. */
  range: { seq: bigint; range: Range } | undefined;
  /** What was told already and has not changed. */
  told: Set<string>;
}
