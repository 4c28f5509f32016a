import type { Journal } from "../journal/journal.ts";
import { encodeAttestationRecord, encodeEvidenceRecord, RecordKind } from "./records.ts";
import type { GatewayState } from "./state.ts";

/**
 * The journal and its fold, moved together: a record is folded in when it takes its place in the journal, so that the next
 * record sees its cursors, and it counts for the world when it is durable. When the disk fails the gateway ends and
 * recovers, so the fold never runs ahead of a journal that goes on.
 */
export class PathLog {
  readonly journal: Journal;
  readonly state: GatewayState;
  /** Position of the record put last. */
  #newest = 0n;

  constructor(journal: Journal, state: GatewayState) {
    this.journal = journal;
    this.state = state;
  }

  /** @throws EnvironmentError FS-JOURNAL-FULL, FS-JOURNAL-BUSY, FS-JOURNAL-FAILED: nothing was taken. */
  put(kind: number, payload: Uint8Array): { position: bigint; durable: Promise<void> } {
    const { positions, durable } = this.journal.put([{ kind, payload }]);
    const position = positions[0]!;
    this.#newest = position;
    this.state.apply({ kind, payload, position });
    return { position, durable };
  }

  /** Gives an attestation its place in the log. Its readings are those of the device's reading records, or `bodies`. */
  attest(sign1: Uint8Array, bodies: readonly Uint8Array[] | null): { index: number; durable: Promise<void> } {
    const index = this.state.logSize;
    const { durable } = this.put(RecordKind.attestation, encodeAttestationRecord({ index, sign1, bodies }));
    return { index, durable };
  }

  evidence(earlier: Uint8Array, later: Uint8Array): Promise<void> {
    return this.put(RecordKind.evidence, encodeEvidenceRecord({ earlier, later })).durable;
  }

  /** Position that everything needed from now on lies at or above. */
  floor(): bigint {
    return this.state.floor(this.#newest);
  }

  /** Carries every cursor forward and gives up what lies below `floor`. */
  async release(floor: bigint): Promise<void> {
    await this.put(RecordKind.snapshot, this.state.snapshot()).durable;
    await this.journal.release(floor);
  }
}
