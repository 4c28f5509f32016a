import { type Attestation, decodeAttestation, StatementKind } from "../../protocols/attestation/index.ts";
import { ByteSlab, copyOf, InternalError, sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import {
  type AttestationRecord,
  type DeviceCursor,
  decodeAttestationRecord,
  decodeEvidenceRecord,
  decodeReadingRecord,
  decodeSnapshotRecord,
  type EvidenceRecord,
  encodeSnapshotRecord,
  RecordKind,
} from "./records.ts";

/** A reading in the journal that no attestation covers yet. */
export interface PendingReading {
  seq: bigint;
  work: bigint;
  time: number;
  bytes: Uint8Array;
  position: bigint;
}

/** What is known of one device. */
export interface DeviceState {
  readonly cursor: DeviceCursor;
  /** In the order of their sequence numbers. */
  readonly pending: PendingReading[];
}

/** An attestation that the log's files do not hold yet, with what its root is over. */
export interface UnstoredEntry {
  index: number;
  sign1: Uint8Array;
  bodies: readonly Uint8Array[];
  /** Position of the oldest record it is made of. */
  from: bigint;
}

/** An attestation that takes its place: `bodies` as in its record. */
export interface Entering {
  index: number;
  attestation: Attestation;
  bodies: readonly Uint8Array[] | null;
  position: bigint;
}

export interface JournalEntry {
  kind: number;
  payload: Uint8Array;
  position: bigint;
}

/** How an outbox record names itself and whether it still matters; the coordinator's own codec decides. */
export interface OutboxFold {
  idOf(record: Uint8Array): { id: bigint; open: boolean };
}

/** What stands in the log where a journal record was damaged beyond repair: the same bytes whenever the journal is read. */
export const lostEntry = (index: number): Uint8Array =>
  utf8(`fieldseal: entry ${index} is lost, its journal record was damaged`);

const evidenceKey = ({ earlier, later }: EvidenceRecord) => `${toHex(sha256(earlier))}${toHex(sha256(later))}`;

/** Closed outbox entries that are kept: a chain can forget, and the submitter looks back this far. */
const OUTBOX_KEPT = 64;

/**
 * What the journal says: a fold over its records, and the same fold while the gateway runs. Nothing else remembers where the
 * gateway stands, so there is nothing that a crash could bring out of step with the journal. Every cursor only rises, which
 * makes the fold indifferent to records that were released before a snapshot.
 */
export class GatewayState {
  readonly #devices = new Map<string, DeviceState>();
  /** In log order. */
  readonly unstored: UnstoredEntry[] = [];
  readonly #evidence = new Map<string, EvidenceRecord>();
  readonly #outbox = new Map<bigint, { record: Uint8Array; open: boolean }>();
  readonly #fold: OutboxFold;
  readonly #memory = new ByteSlab();
  /** Entries below are in the log's files. */
  #stored: number;
  #logSize = 0;
  #lost = 0;

  /** @param stored size of the log's newest checkpoint: entries below it are not kept in memory. */
  constructor(stored: number, fold: OutboxFold) {
    this.#stored = stored;
    this.#fold = fold;
    this.#logSize = stored;
  }

  /** Index of the next attestation. */
  get logSize(): number {
    return this.#logSize;
  }

  /** Log entries whose journal records are missing. */
  get lost(): number {
    return this.#lost;
  }

  /** Statements that contradict each other, in the order they came. */
  get evidence(): readonly EvidenceRecord[] {
    return [...this.#evidence.values()];
  }

  hasEvidence(item: EvidenceRecord): boolean {
    return this.#evidence.has(evidenceKey(item));
  }

  /** Readings that no attestation covers. */
  get pendingReadings(): number {
    let count = 0;
    for (const { pending } of this.#devices.values()) count += pending.length;
    return count;
  }

  device(device: Uint8Array): DeviceState {
    const name = toHex(device);
    let state = this.#devices.get(name);
    if (!state) {
      const zero = { next: 0n, boot: 0, work: 0n, time: 0, last: -1, enrolment: -1, scope: new Uint8Array(16) };
      state = { cursor: { device: copyOf(device), ...zero }, pending: [] };
      this.#devices.set(name, state);
    }
    return state;
  }

  pendingOf(device: Uint8Array): readonly PendingReading[] {
    return this.device(device).pending;
  }

  cursor(device: Uint8Array): DeviceCursor {
    return this.device(device).cursor;
  }

  /** Folds one record in. Payloads may be views: what is kept is copied. */
  apply({ kind, payload, position }: JournalEntry): void {
    switch (kind) {
      case RecordKind.reading:
        this.#reading(payload, position);
        break;
      case RecordKind.attestation:
        this.#attestation(decodeAttestationRecord(payload), position);
        break;
      case RecordKind.outbox:
        this.#keepOutbox(copyOf(payload));
        break;
      case RecordKind.evidence:
        this.#keepEvidence(payload);
        break;
      case RecordKind.snapshot:
        this.#snapshot(payload, position);
        break;
      default:
        throw new InternalError("FS-RECORD-KIND", `a journal record of kind ${kind}`, {
          context: { kind, position },
          fix: "this journal was written by a newer Fieldseal: use that one",
        });
    }
  }

  #keepEvidence(payload: Uint8Array): void {
    const item = decodeEvidenceRecord(copyOf(payload));
    this.#evidence.set(evidenceKey(item), item);
  }

  #reading(payload: Uint8Array, position: bigint): void {
    const { device, seq, work, time, bytes } = decodeReadingRecord(payload);
    this.take(this.device(device), { seq, work, time, bytes: this.#memory.copy(bytes), position });
  }

  /** Folds one reading in. */
  take({ cursor, pending }: DeviceState, reading: PendingReading): void {
    const { seq, work, time } = reading;
    cursor.work = work > cursor.work ? work : cursor.work;
    cursor.time = Math.max(cursor.time, time);
    // Already covered by an attestation of a snapshot: only its place in the journal has not been given up yet.
    if (seq < cursor.next) return;
    cursor.next = seq + 1n;
    pending.push(reading);
  }

  #attestation({ index, sign1, bodies }: AttestationRecord, position: bigint): void {
    const kept = bodies?.map((body) => this.#memory.copy(body)) ?? null;
    this.enter({ index, attestation: decodeAttestation(sign1), bodies: kept, position });
  }

  /** Folds one attestation in. Undefined: the log's files hold it. */
  enter({ index, attestation, bodies, position }: Entering): UnstoredEntry | undefined {
    const { statement, bytes } = attestation;
    const { cursor, pending } = this.device(statement.device);
    const end = statement.first + BigInt(statement.count);
    cursor.next = end > cursor.next ? end : cursor.next;
    cursor.work = statement.work > cursor.work ? statement.work : cursor.work;
    cursor.boot = Math.max(cursor.boot, statement.boot);
    if (statement.kind === StatementKind.readings) cursor.time = Math.max(cursor.time, statement.to);
    if (index > cursor.last) cursor.last = index;
    if (statement.kind === StatementKind.enrol && index > cursor.enrolment) {
      cursor.enrolment = index;
      cursor.scope = copyOf(statement.scope);
    }
    this.#fill(index, position);
    this.#logSize = Math.max(this.#logSize, index + 1);
    const covered = takeOut(pending, statement.first, end);
    if (index < this.#stored) return undefined;
    const entry: UnstoredEntry = {
      index,
      sign1: bytes,
      // Some without the others are not what was signed: damaged readings take those of their pack with them.
      bodies: bodies ?? (covered.length === statement.count ? covered.map((reading) => reading.bytes) : []),
      from: covered[0]?.position ?? position,
    };
    this.unstored.push(entry);
    return entry;
  }

  /** Entries up to `end` whose records the journal no longer has keep their places in the log. */
  #fill(end: number, position: bigint): void {
    for (let index = this.#logSize; index < end; index++) {
      this.unstored.push({ index, sign1: lostEntry(index), bodies: [], from: position });
      this.#lost++;
    }
    this.#logSize = Math.max(this.#logSize, end);
  }

  #keepOutbox(record: Uint8Array): void {
    const { id, open } = this.#fold.idOf(record);
    this.#outbox.set(id, { record, open });
    const closed = [...this.#outbox].filter(([, entry]) => !entry.open).map(([known]) => known);
    if (closed.length <= OUTBOX_KEPT) return;
    closed.sort((x, y) => (x < y ? -1 : 1));
    for (const old of closed.slice(0, closed.length - OUTBOX_KEPT)) this.#outbox.delete(old);
  }

  /** Outbox records in force, by id. */
  outbox(): Uint8Array[] {
    return [...this.#outbox].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, { record }]) => record);
  }

  /** A snapshot says all that was known when it was written; it stands after what it was made of. */
  #snapshot(payload: Uint8Array, position: bigint): void {
    const { logSize, devices, outbox, evidence } = decodeSnapshotRecord(payload);
    this.#fill(logSize, position);
    for (const saved of devices) {
      const cursor = this.cursor(saved.device);
      cursor.next = saved.next > cursor.next ? saved.next : cursor.next;
      cursor.work = saved.work > cursor.work ? saved.work : cursor.work;
      cursor.boot = Math.max(cursor.boot, saved.boot);
      cursor.time = Math.max(cursor.time, saved.time);
      cursor.last = Math.max(cursor.last, saved.last);
      if (saved.enrolment > cursor.enrolment) {
        cursor.enrolment = saved.enrolment;
        cursor.scope = saved.scope;
      }
    }
    this.#outbox.clear();
    for (const record of outbox) this.#keepOutbox(record);
    this.#evidence.clear();
    for (const item of evidence) this.#evidence.set(evidenceKey(item), item);
  }

  /** The record that carries every cursor, so that older segments can be given up. */
  snapshot(): Uint8Array {
    return encodeSnapshotRecord({
      logSize: this.#logSize,
      devices: [...this.#devices.values()].map(({ cursor }) => cursor),
      outbox: this.outbox(),
      evidence: this.evidence,
    });
  }

  /** The log's files hold entries below `size` now. */
  stored(size: number): void {
    this.#stored = Math.max(this.#stored, size);
    let gone = 0;
    while (gone < this.unstored.length && this.unstored[gone]!.index < size) gone++;
    this.unstored.splice(0, gone);
  }

  /** Position of the oldest record that is still needed, `end` when none is. */
  floor(end: bigint): bigint {
    let floor = end;
    for (const { from } of this.unstored) if (from < floor) floor = from;
    for (const { pending } of this.#devices.values()) {
      const [first] = pending;
      if (first && first.position < floor) floor = first.position;
    }
    return floor;
  }
}

/** Takes the readings `first … end - 1` out of the pending ones. */
function takeOut(pending: PendingReading[], first: bigint, end: bigint): PendingReading[] {
  const from = pending.findIndex(({ seq }) => seq >= first);
  if (from < 0) return [];
  let to = from;
  while (to < pending.length && pending[to]!.seq < end) to++;
  return pending.splice(from, to - from);
}
