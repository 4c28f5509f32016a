import { ByteReader, ByteWriter, copyOf, ProtocolError } from "../../protocols/bytes/index.ts";

/** What a journal record is. The numbers are part of the journal's format and never change their meaning. */
export const RecordKind = { reading: 1, attestation: 2, outbox: 4, evidence: 5, snapshot: 6 } as const;

/** A reading that was accepted and is not yet signed. */
export interface ReadingRecord {
  device: Uint8Array;
  seq: bigint;
  /** Work register after it. */
  work: bigint;
  /** ms since 1970. */
  time: number;
  /** Canonical bytes. */
  bytes: Uint8Array;
}

/** An entry of the log. */
export interface AttestationRecord {
  /** Its place in the log. */
  index: number;
  /** COSE_Sign1. */
  sign1: Uint8Array;
  /**
   * What its root is over. Null: the device's reading records with the same sequence numbers, which stand before it in the
   * journal; a board's pack and an enrolment's body have no such records and are carried here.
   */
  bodies: readonly Uint8Array[] | null;
}

/** Two statements of one device over the same sequence numbers. */
export interface EvidenceRecord {
  earlier: Uint8Array;
  later: Uint8Array;
}

const CODE = "FS-RECORD";
const reader = (payload: Uint8Array) => new ByteReader(payload, CODE);

/** A 64-bit number that is a time or a log index: a safe integer. */
function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError(CODE, `${value} is no time and no log index`);
  return Number(value);
}

/** Memory of the records that every reading makes: the journal copies a payload before it returns. */
const scratch = new ByteWriter(4096);

// device 32 | seq 8 | work 8 | time 8 | reading
/** A view that the next record of this module overwrites. */
export function encodeReadingRecord({ device, seq, work, time, bytes }: ReadingRecord): Uint8Array {
  return scratch.reset().bytes(device).u64(seq).u64(work).u64(time).bytes(bytes).view();
}

/** The reading's bytes are a view onto the payload. @throws ProtocolError FS-RECORD. */
export function decodeReadingRecord(payload: Uint8Array): ReadingRecord {
  const r = reader(payload);
  return { device: r.take(32), seq: r.u64(), work: r.u64(), time: safe(r.u64()), bytes: r.take(r.remaining) };
}

// index 8 | sign1 length 4 | sign1 | bodies 2 (ffff: in reading records) | (length 4 | body)…
const ELSEWHERE = 0xffff;

/** A view that the next record of this module overwrites. */
export function encodeAttestationRecord({ index, sign1, bodies }: AttestationRecord): Uint8Array {
  const w = scratch.reset().u64(index).u32(sign1.length).bytes(sign1);
  w.u16(bodies === null ? ELSEWHERE : bodies.length);
  for (const body of bodies ?? []) w.u32(body.length).bytes(body);
  return w.view();
}

/** @throws ProtocolError FS-RECORD. */
export function decodeAttestationRecord(payload: Uint8Array): AttestationRecord {
  const r = reader(payload);
  const index = safe(r.u64());
  const sign1 = r.take(r.u32());
  const count = r.u16();
  const bodies = count === ELSEWHERE ? null : Array.from({ length: count }, () => r.take(r.u32()));
  r.end();
  return { index, sign1, bodies };
}

// length 4 | earlier | later
export function encodeEvidenceRecord({ earlier, later }: EvidenceRecord): Uint8Array {
  return new ByteWriter(4 + earlier.length + later.length).u32(earlier.length).bytes(earlier).bytes(later).finish();
}

/** @throws ProtocolError FS-RECORD. */
export function decodeEvidenceRecord(payload: Uint8Array): EvidenceRecord {
  const r = reader(payload);
  return { earlier: r.take(r.u32()), later: r.take(r.remaining) };
}

/** Where a device stands: what must survive when its records are released. */
export interface DeviceCursor {
  device: Uint8Array;
  /** Next sequence number to give out. */
  next: bigint;
  /** Highest boot number signed. */
  boot: number;
  /** Work register; never falls. */
  work: bigint;
  /** Time of its last reading, ms since 1970. */
  time: number;
  /** Log index of its latest attestation; -1: none. */
  last: number;
  /** Log index of the enrolment in force; -1: none. */
  enrolment: number;
  /** Scope it enrolled for, 16 bytes; zero while it has not. */
  scope: Uint8Array;
}

export interface SnapshotRecord {
  /** Attestations logged. */
  logSize: number;
  devices: readonly DeviceCursor[];
  /** Outbox records in force, as they were written. */
  outbox: readonly Uint8Array[];
  evidence: readonly EvidenceRecord[];
}

const VERSION = 1;

// version 1 | log size 8 | devices 4 | (device 32 | next 8 | boot 4 | work 8 | time 8 | last 8 | enrolment 8 | scope 16)…
// | outbox 4 | (length 4 | record)… | evidence 4 | (length 4 | record)…
export function encodeSnapshotRecord({ logSize, devices, outbox, evidence }: SnapshotRecord): Uint8Array {
  const w = new ByteWriter(64 + devices.length * 96).u8(VERSION).u64(logSize).u32(devices.length);
  for (const d of devices) {
    w.bytes(d.device).u64(d.next).u32(d.boot).u64(d.work).u64(d.time);
    w.u64(BigInt(d.last + 1))
      .u64(BigInt(d.enrolment + 1))
      .bytes(d.scope);
  }
  w.u32(outbox.length);
  for (const record of outbox) w.u32(record.length).bytes(record);
  w.u32(evidence.length);
  for (const item of evidence) {
    const record = encodeEvidenceRecord(item);
    w.u32(record.length).bytes(record);
  }
  return w.finish();
}

/** @throws ProtocolError FS-RECORD. */
export function decodeSnapshotRecord(payload: Uint8Array): SnapshotRecord {
  const r = reader(payload);
  if (r.u8() !== VERSION)
    throw new ProtocolError(CODE, "a snapshot of another version", { fix: "use the Fieldseal that wrote it" });
  const logSize = safe(r.u64());
  const list = <T>(read: () => T): T[] => {
    const items: T[] = [];
    for (let left = r.u32(); left > 0; left--) items.push(read());
    return items;
  };
  const devices = list(() => ({
    device: copyOf(r.take(32)),
    next: r.u64(),
    boot: r.u32(),
    work: r.u64(),
    time: safe(r.u64()),
    last: safe(r.u64()) - 1,
    enrolment: safe(r.u64()) - 1,
    scope: copyOf(r.take(16)),
  }));
  const outbox = list(() => copyOf(r.take(r.u32())));
  const evidence = list(() => decodeEvidenceRecord(copyOf(r.take(r.u32()))));
  r.end();
  return { logSize, devices, outbox, evidence };
}
