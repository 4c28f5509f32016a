import { copyOf, equalBytes, ProtocolError, UsageError } from "../bytes/index.ts";

export const STATEMENT_LENGTH = 160;
export const STATEMENT_VERSION = 1;
/** Readings in one pack (design: a Merkle path of at most 10 hashes). */
export const MAX_PACK = 1024;

export const StatementKind = { readings: 0, enrol: 1, rotate: 2, revoke: 3, receipt: 4 } as const;
export const ClockState = { unsynced: 0, network: 1, disciplined: 2 } as const;

/** What a device signs: 160 bytes of fixed layout, see SPEC.md "Statement". */
export interface Statement {
  /** One of `StatementKind`. */
  kind: number;
  /** One of `ClockState`: how the times were known. */
  clock: number;
  /** +1 whenever the signer starts; u32. */
  boot: number;
  /** Sequence number of the first reading; never repeats in the life of the key; u64. */
  first: bigint;
  /** Readings, 1…1024; 1 for kinds 1–4, which take one sequence number. */
  count: number;
  /** ms since 1970 of the first and of the last reading; safe integers, from ≤ to. */
  from: number;
  to: number;
  /** Work register after the last reading; never falls; u64. */
  work: bigint;
  /** Newest block known to the signer, 0n for none, and the first 16 bytes of its hash. */
  anchorBlock: bigint;
  anchorHash: Uint8Array;
  /** `scopeOf(…)`, 16 bytes. */
  scope: Uint8Array;
  /** Device id of the signing key, 32 bytes. */
  device: Uint8Array;
  /** `packRoot(readings)`, or SHA-256 of the body for kinds 1–4; 32 bytes. */
  root: Uint8Array;
}

const U64_END = 1n << 64n;
const U32_END = 2 ** 32;
const TWO_32 = 2 ** 32;

type Fault = [code: string, message: string];

const integer = (value: number, end: number) => Number.isInteger(value) && value >= 0 && value < end;
const u64 = (value: bigint) => typeof value === "bigint" && value >= 0n && value < U64_END;

/** The rules both directions share; undefined when all hold. */
function fault(s: Statement): Fault | undefined {
  if (!integer(s.kind, 5)) return ["KIND", `kind ${s.kind} is not known`];
  if (!integer(s.clock, 3)) return ["CLOCK", `clock state ${s.clock} is not known`];
  if (!integer(s.count, MAX_PACK + 1) || s.count === 0) return ["COUNT", `${s.count} readings, not 1…${MAX_PACK}`];
  if (s.kind !== StatementKind.readings && s.count !== 1) {
    return ["COUNT", `a statement of kind ${s.kind} has one body, not ${s.count}`];
  }
  if (!Number.isSafeInteger(s.from) || !Number.isSafeInteger(s.to) || s.from < 0 || s.to < 0) {
    return ["TIME", "a time is beyond 2^53 ms"];
  }
  if (s.from > s.to) return ["TIME", "the last reading is before the first"];
  if (s.first + BigInt(s.count) >= U64_END)
    return ["SEQUENCE", "the sequence number after the pack does not fit 64 bits"];
  return undefined;
}

function checkWidths(s: Statement): void {
  const wrong =
    (!integer(s.boot, U32_END) && "boot") ||
    (!u64(s.first) && "first") ||
    (!u64(s.work) && "work") ||
    (!u64(s.anchorBlock) && "anchorBlock") ||
    (s.anchorHash.length !== 16 && "anchorHash") ||
    (s.scope.length !== 16 && "scope") ||
    (s.device.length !== 32 && "device") ||
    (s.root.length !== 32 && "root");
  if (wrong) {
    throw new UsageError("FS-STATEMENT-FIELD", `${wrong} does not fit its field`, {
      context: { field: wrong },
      fix: "See the statement table in protocols/attestation/SPEC.md.",
    });
  }
}

function setTime(view: DataView, at: number, ms: number): void {
  view.setUint32(at, Math.floor(ms / TWO_32));
  view.setUint32(at + 4, ms % TWO_32);
}

/** NaN when beyond the safe integers, which `fault` then names. */
function getTime(view: DataView, at: number): number {
  const high = view.getUint32(at);
  return high > 0x1f_ffff ? Number.NaN : high * TWO_32 + view.getUint32(at + 4);
}

/**
 * The 160 bytes of a statement.
 * @throws UsageError FS-STATEMENT-… for a field that breaks a rule: what could not be read back is never written.
 */
export function encodeStatement(s: Statement): Uint8Array {
  checkWidths(s);
  const broken = fault(s);
  if (broken) throw new UsageError(`FS-STATEMENT-${broken[0]}`, `statement: ${broken[1]}`);
  const out = new Uint8Array(STATEMENT_LENGTH);
  writeStatement(s, out, new DataView(out.buffer));
  return out;
}

function writeStatement(s: Statement, out: Uint8Array, view: DataView): void {
  out[0] = STATEMENT_VERSION;
  out[1] = s.kind;
  out[2] = s.clock;
  view.setUint32(4, s.boot);
  view.setBigUint64(8, s.first);
  view.setUint16(16, s.count);
  setTime(view, 24, s.from);
  setTime(view, 32, s.to);
  view.setBigUint64(40, s.work);
  view.setBigUint64(48, s.anchorBlock);
  out.set(s.anchorHash, 56);
  out.set(s.scope, 72);
  out.set(s.device, 96);
  out.set(s.root, 128);
}

/** Reserved bytes stay 0 here: `writeStatement` never writes them. */
const scratch = new Uint8Array(STATEMENT_LENGTH);
const scratchView = new DataView(scratch.buffer);

/** Whether these are the bytes that encode the statement. */
export function isEncodingOf(bytes: Uint8Array, statement: Statement): boolean {
  writeStatement(statement, scratch, scratchView);
  return equalBytes(scratch, bytes);
}

/** Byte ranges that must be 0: flags, and three reserved fields. */
const RESERVED: readonly (readonly [from: number, to: number])[] = [
  [3, 4],
  [18, 24],
  [88, 96],
];

/**
 * Reads a statement. Whatever it accepts, `encodeStatement` gives back byte for byte.
 * @throws ProtocolError FS-STATEMENT-LENGTH, -VERSION, -RESERVED, -KIND, -CLOCK, -COUNT, -TIME, -SEQUENCE
 */
export function decodeStatement(bytes: Uint8Array): Statement {
  const bad = (code: string, message: string) => new ProtocolError(`FS-STATEMENT-${code}`, `statement: ${message}`);
  if (bytes.length !== STATEMENT_LENGTH) throw bad("LENGTH", `${bytes.length} bytes, not ${STATEMENT_LENGTH}`);
  if (bytes[0] !== STATEMENT_VERSION) throw bad("VERSION", `version ${bytes[0]} is not known`);
  for (const [from, to] of RESERVED) {
    for (let at = from; at < to; at++) if (bytes[at] !== 0) throw bad("RESERVED", `byte ${at} is reserved and not 0`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, STATEMENT_LENGTH);
  const statement: Statement = {
    kind: bytes[1]!,
    clock: bytes[2]!,
    boot: view.getUint32(4),
    first: view.getBigUint64(8),
    count: view.getUint16(16),
    from: getTime(view, 24),
    to: getTime(view, 32),
    work: view.getBigUint64(40),
    anchorBlock: view.getBigUint64(48),
    anchorHash: copyOf(bytes, 56, 72),
    scope: copyOf(bytes, 72, 88),
    device: copyOf(bytes, 96, 128),
    root: copyOf(bytes, 128, 160),
  };
  const broken = fault(statement);
  if (broken) throw bad(broken[0], broken[1]);
  return statement;
}
