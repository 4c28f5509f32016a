import { type DeviceTerms, type EpochTimes, epochEnd, epochStart } from "../../protocols/shares/index.ts";
import type { LogStore } from "../batch/log-store.ts";
import type { CommitmentFiles } from "../coordinator/commitment-files.ts";
import { commitmentsOfEpoch } from "./epoch-commitments.ts";
import { prepareEpoch, standingsAfter } from "./prepare.ts";
import type { PreparedEpoch, PreparedSeal, SealFiles } from "./seal-files.ts";

export interface RecomputeOptions {
  log: Pick<LogStore, "entries">;
  commitments: CommitmentFiles;
  files: Pick<SealFiles, "epochs" | "read">;
  /** 20 bytes each. */
  ledger: Uint8Array;
  gateway: Uint8Array;
  /** Scope of statements that count, 16 bytes. */
  scope: Uint8Array;
  times: EpochTimes;
  epoch: bigint;
  /** Whether a seal of an earlier epoch is on chain. */
  counts(epoch: bigint, seal: PreparedSeal): Promise<boolean>;
  termsOf(device: Uint8Array): Promise<DeviceTerms | undefined>;
}

/**
 * Makes the shares of an epoch once more from the log, as they were made before they were sealed. Terms of devices are those of
 * now: a key that ended since then has less.
 * @throws EnvironmentError FS-LOG-…, FS-SEAL-FILE; ProtocolError FS-SEAL-COMMITMENT.
 */
export async function recomputeEpoch(options: RecomputeOptions): Promise<PreparedEpoch> {
  const { log, commitments, files, ledger, gateway, scope, times, epoch, counts, termsOf } = options;
  const span = { start: epochStart(times, epoch), end: epochEnd(times, epoch) };
  const { before, last } = commitmentsOfEpoch(commitments, ledger, gateway, span);
  const earlier = files
    .epochs()
    .filter((one) => one < epoch)
    .at(-1);
  const previous = earlier === undefined ? undefined : files.read(earlier);
  const counting = new Set<PreparedSeal>();
  for (const seal of previous?.seals ?? []) if (await counts(previous!.epoch, seal)) counting.add(seal);
  return prepareEpoch({
    log,
    scope,
    epoch,
    span,
    from: previous?.size ?? 0n,
    standings: previous ? standingsAfter(previous, (seal) => counting.has(seal)) : new Map(),
    before: before?.size ?? 0n,
    size: last?.size ?? before?.size ?? 0n,
    termsOf,
  });
}
