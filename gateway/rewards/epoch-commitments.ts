import { equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import { commitmentsOf, decodeHeader, verifyReceiptProof } from "../../protocols/evm/index.ts";
import type { CommitmentFiles } from "../coordinator/commitment-files.ts";
import type { EpochSpan } from "./epoch-shares.ts";

/** A commitment of this gateway, with when its block was made (seconds since 1970). */
export interface DatedCommitment {
  seq: bigint;
  size: bigint;
  root: Uint8Array;
  minedAt: bigint;
}

/** The last commitment in an epoch, and the last one before it; undefined where there is none. */
export interface EpochCommitments {
  before: DatedCommitment | undefined;
  last: DatedCommitment | undefined;
}

/** Reads the kept commitments backwards, until the epoch's beginning is passed. */
export function commitmentsOfEpoch(
  files: CommitmentFiles,
  ledger: Uint8Array,
  gateway: Uint8Array,
  { start, end }: EpochSpan,
): EpochCommitments {
  let last: DatedCommitment | undefined;
  for (const size of files.sizes().reverse()) {
    const anchor = files.read(size)?.commitment;
    if (!anchor) continue;
    const minedAt = decodeHeader(anchor.headerRlp).timestamp;
    if (minedAt >= end) continue;
    if (minedAt >= start && last) continue;
    const { receipt } = verifyReceiptProof(anchor);
    const found = commitmentsOf(receipt, ledger).find((one) => equalBytes(one.gateway, gateway));
    // A data folder may hold commitments to an earlier coordinator.
    if (found === undefined) continue;
    if (found.size !== BigInt(size)) {
      throw new ProtocolError("FS-SEAL-COMMITMENT", `the kept commitment of ${size} entries is of ${found.size}`);
    }
    const dated = { seq: found.seq, size: found.size, root: found.root, minedAt };
    if (minedAt < start) return { before: dated, last };
    last = dated;
  }
  return { before: undefined, last };
}
