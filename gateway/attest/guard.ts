import { type Attestation, StatementKind, statementId } from "../../protocols/attestation/index.ts";
import { equalBytes } from "../../protocols/bytes/index.ts";

/** What is kept of one statement: enough to know it again, and to prove a contradiction to it. */
export interface PastStatement {
  first: bigint;
  /** Sequence number after its last. */
  end: bigint;
  boot: number;
  work: bigint;
  from: number;
  to: number;
  /** SHA-256 of the statement. */
  id: Uint8Array;
  /** The attestation's exact bytes. */
  bytes: Uint8Array;
}

/** What a device has said so far. A value: `admit` gives a new one. It is a fold over the journal's attestations. */
export interface DeviceHistory {
  readonly device: Uint8Array;
  readonly scope: Uint8Array;
  /** The latest statements by sequence number, at most `limit`, disjoint. */
  readonly recent: readonly PastStatement[];
  readonly limit: number;
  /** What lies below is settled: whatever says something about it now is refused. */
  readonly floor: { readonly seq: bigint; readonly work: bigint; readonly boot: number; readonly to: number };
  /** Sequence numbers between the first and the last that no statement covers. */
  readonly missing: bigint;
  /** Set by a revocation or a rotation: the key has said its last word. */
  readonly endedAt?: bigint;
}

export interface HistoryStart {
  device: Uint8Array;
  scope: Uint8Array;
  /** First sequence number expected; default 0. */
  next?: bigint;
  /** Values at enrolment; default 0. */
  work?: bigint;
  boot?: number;
  /** Statements remembered. Default 64. */
  limit?: number;
}

/** History of an enrolled device that has said nothing yet. */
export function startHistory({
  device,
  scope,
  next = 0n,
  work = 0n,
  boot = 0,
  limit = 64,
}: HistoryStart): DeviceHistory {
  return { device, scope, recent: [], limit: Math.max(1, limit), floor: { seq: next, work, boot, to: 0 }, missing: 0n };
}

/** Why a statement is refused; stable codes. */
export type RefusalCode =
  | "FS-GUARD-UNENROLLED"
  | "FS-GUARD-DEVICE"
  | "FS-GUARD-SCOPE"
  | "FS-GUARD-STALE"
  | "FS-GUARD-BOOT"
  | "FS-GUARD-WORK"
  | "FS-GUARD-PREV"
  | "FS-GUARD-ENDED";

export type Admission =
  | {
      verdict: "new";
      history: DeviceHistory;
      /** Sequence numbers left out just before this statement: counted and shown, not refused. */
      gap?: { first: bigint; count: bigint };
      /** It came after a later statement and fills (part of) a gap. */
      late: boolean;
      /** Its times do not follow its neighbours': a clock was set back. */
      timeBackwards: boolean;
    }
  | { verdict: "duplicate" }
  /** Two statements over one sequence number: proof against the key, valid for ever. Both exact bytes. */
  | { verdict: "equivocation"; evidence: readonly [earlier: Uint8Array, later: Uint8Array] }
  | {
      verdict: "refused";
      code: RefusalCode;
      why: string;
      /** The statement it contradicts and its own bytes, where both are at hand. */
      evidence?: readonly [Uint8Array, Uint8Array];
    };

export interface AdmitOptions {
  /** `prev` of reading 0, where the profile asks for a hash chain. */
  prev?: Uint8Array | undefined;
}

const refused = (code: RefusalCode, why: string): Admission => ({ verdict: "refused", code, why });

/**
 * Decides about an attestation whose signature has been verified (a forged one would poison the history). Statements are
 * judged by sequence number, not by arrival: transports repeat and reorder, and a late pack that fits into a gap is
 * welcome. The identity of an attestation is its statement: another signature over it is a duplicate.
 */
export function admit(
  previous: DeviceHistory | undefined,
  attestation: Attestation,
  { prev }: AdmitOptions = {},
): Admission {
  const { statement, sign1, bytes } = attestation;
  if (previous === undefined) return refused("FS-GUARD-UNENROLLED", "the device is not enrolled");
  if (!equalBytes(previous.device, statement.device)) return refused("FS-GUARD-DEVICE", "it is of another device");
  if (!equalBytes(previous.scope, statement.scope)) {
    return refused("FS-GUARD-SCOPE", "it was signed for another chain, coordinator or gateway");
  }
  const end = statement.first + BigInt(statement.count);
  const { first, boot, work, from, to } = statement;
  const said: PastStatement = { first, end, boot, work, from, to, id: statementId(sign1.payload), bytes };
  const { recent, floor, endedAt } = previous;

  // `recent` is ordered and disjoint: at most one stretch of it overlaps.
  const at = firstEndingAfter(recent, first);
  const overlapped = recent[at];
  if (overlapped !== undefined && overlapped.first < end) {
    if (equalBytes(overlapped.id, said.id)) return { verdict: "duplicate" };
    return { verdict: "equivocation", evidence: [overlapped.bytes, bytes] };
  }
  if (first < floor.seq) {
    return refused("FS-GUARD-STALE", `sequence numbers below ${floor.seq} are settled; the journal has what was said`);
  }
  if (endedAt !== undefined && first >= endedAt) {
    return refused("FS-GUARD-ENDED", "the key was revoked or replaced before this sequence number");
  }
  const before = recent[at - 1];
  const after = overlapped;
  const contradiction = order(said, before, floor, after);
  if (contradiction !== undefined) return contradiction;
  if (prev !== undefined && before?.end === first && !equalBytes(prev, before.id)) {
    return refused("FS-GUARD-PREV", "its first reading names another statement as the one before");
  }
  const expected = before?.end ?? floor.seq;
  const late = after !== undefined;
  const ends = statement.kind === StatementKind.revoke || statement.kind === StatementKind.rotate;
  return {
    verdict: "new",
    late,
    timeBackwards: from < (before?.to ?? floor.to) || (after !== undefined && to > after.from),
    history: {
      ...previous,
      ...keep(recent, at, said, previous),
      missing: late ? previous.missing - BigInt(statement.count) : previous.missing + (first - expected),
      ...(ends ? { endedAt: end } : {}),
    },
    ...(!late && first > expected ? { gap: { first: expected, count: first - expected } } : {}),
  };
}

/** Boot counter and work register never fall, in the order of sequence numbers. */
function order(
  said: PastStatement,
  before: PastStatement | undefined,
  floor: DeviceHistory["floor"],
  after: PastStatement | undefined,
): Admission | undefined {
  const below = before ?? floor;
  for (const [field, code] of [
    ["boot", "FS-GUARD-BOOT"],
    ["work", "FS-GUARD-WORK"],
  ] as const) {
    const fell = said[field] < below[field];
    if (!fell && (after === undefined || after[field] >= said[field])) continue;
    const other = fell ? before : after;
    const why = fell
      ? `${field} falls from ${below[field]} to ${said[field]}`
      : `${field} is ${said[field]}, above the ${after?.[field]} of a later statement`;
    return { ...refused(code, why), ...(other ? { evidence: [other.bytes, said.bytes] as const } : {}) } as Admission;
  }
  return undefined;
}

/** Index of the first statement that ends after `seq`. */
function firstEndingAfter(recent: readonly PastStatement[], seq: bigint): number {
  let at = recent.length;
  // New statements belong at the end nearly always.
  while (at > 0 && recent[at - 1]!.end > seq) at--;
  return at;
}

function keep(
  recent: readonly PastStatement[],
  at: number,
  said: PastStatement,
  { limit, floor }: DeviceHistory,
): Pick<DeviceHistory, "recent" | "floor"> {
  const next = [...recent.slice(0, at), said, ...recent.slice(at)];
  if (next.length <= limit) return { recent: next, floor };
  const { end, work, boot, to } = next[0]!;
  return { recent: next.slice(1), floor: { seq: end, work, boot, to } };
}
