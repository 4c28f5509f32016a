import { decodeAttestation } from "../../protocols/attestation/index.ts";
import { InternalError } from "../../protocols/bytes/index.ts";
import type { Journal } from "../journal/journal.ts";
import {
  type EvidenceRecord,
  encodeAttestationRecord,
  encodeEvidenceRecord,
  encodeReadingRecord,
  RecordKind,
} from "./records.ts";
import type { DeviceState, GatewayState, PendingReading, UnstoredEntry } from "./state.ts";

/**
 * The journal and its fold, moved together: a record is folded in when it takes its place in the journal, so that the next
 * record sees its cursors, and it counts for the world when it is durable. When the disk fails the gateway ends and
 * recovers, so the fold never runs ahead of a journal that goes on.
 */
export class PathLog {
  readonly journal: Journal;
  readonly state: GatewayState;
  readonly #onEntry: (entry: UnstoredEntry) => void;
  /** Index of the entry to be handed out next. */
  #next: number;
  /** Position of the record put last, and when it is durable. */
  #newest = 0n;
  #written: Promise<void> = Promise.resolve();

  /** @param onEntry told of each new log entry when it is durable, in log order: what it is given to must not miss one. */
  constructor(journal: Journal, state: GatewayState, onEntry: (entry: UnstoredEntry) => void = () => undefined) {
    this.journal = journal;
    this.state = state;
    this.#onEntry = onEntry;
    this.#next = state.logSize;
  }

  /** @throws EnvironmentError FS-JOURNAL-FULL, FS-JOURNAL-BUSY, FS-JOURNAL-FAILED: nothing was taken. */
  put(kind: number, payload: Uint8Array): { position: bigint; durable: Promise<void> } {
    const placed = this.#place(kind, payload);
    this.state.apply({ kind, payload, position: placed.position });
    return placed;
  }

  #place(kind: number, payload: Uint8Array): { position: bigint; durable: Promise<void> } {
    const placed = this.journal.putOne(kind, payload);
    this.#newest = placed.position;
    this.#written = placed.durable;
    return placed;
  }

  /** Settles when everything put up to now is durable, or will not be. */
  get written(): Promise<void> {
    return this.#written;
  }

  /**
   * Gives a reading its device's next sequence number and a place in the journal. Readings are the many: they are folded in
   * from what is at hand, which is what a replay of the record comes to.
   * @param bytes canonical; kept as they are. @throws as `put`.
   */
  reading(
    device: DeviceState,
    { time, work, bytes }: { time: number; work: bigint; bytes: Uint8Array },
  ): { reading: PendingReading; durable: Promise<void> } {
    const seq = device.cursor.next;
    const record = encodeReadingRecord({ device: device.cursor.device, seq, work, time, bytes });
    const { position, durable } = this.#place(RecordKind.reading, record);
    const reading = { seq, work, time, bytes, position };
    this.state.take(device, reading);
    return { reading, durable };
  }

  /**
   * Gives an attestation its place in the log. Its readings are those of the device's reading records, or `bodies`, which are
   * kept as they are.
   * @throws ProtocolError for bytes that are no attestation: they would stop every replay of the journal.
   */
  attest(sign1: Uint8Array, bodies: readonly Uint8Array[] | null): { index: number; durable: Promise<void> } {
    const attestation = decodeAttestation(sign1);
    const index = this.state.logSize;
    const record = encodeAttestationRecord({ index, sign1, bodies });
    const { position, durable } = this.#place(RecordKind.attestation, record);
    const entry = this.state.enter({ index, attestation, bodies, position })!;
    // Registered before whoever awaits `durable`: the order of entries is that of the journal, whatever the callers do next.
    durable.then(
      () => this.#hand(entry),
      () => undefined,
    );
    return { index, durable };
  }

  #hand(entry: UnstoredEntry): void {
    if (entry.index !== this.#next) {
      throw new InternalError("FS-LOG-ORDER", `entry ${entry.index} where ${this.#next} belongs`);
    }
    this.#next++;
    this.#onEntry(entry);
  }

  /** Keeps a contradiction, once. Resolves when it is durable. */
  async evidence(item: EvidenceRecord): Promise<void> {
    if (!this.state.hasEvidence(item)) await this.put(RecordKind.evidence, encodeEvidenceRecord(item)).durable;
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
