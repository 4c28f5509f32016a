import { decodeAttestation, type Statement, StatementKind } from "../../protocols/attestation/index.ts";
import { equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";

/** What an entry of the log says about a device's work register. */
export interface Cited {
  device: Uint8Array;
  /** Log index. */
  index: bigint;
  /** Work register after it. */
  work: bigint;
  /** Of its last reading, ms since 1970, and how it was known (`ClockState`). */
  time: number;
  clock: number;
  /** First sequence number, and the one after its last. */
  first: bigint;
  next: bigint;
  enrols: boolean;
}

/** Where a device stands in this gateway's log: its next share begins here. */
export interface Standing {
  /** Log index of the attestation that proves `work`. */
  index: bigint;
  work: bigint;
  time: number;
  clock: number;
  /** Sequence number that comes next when the device signs for nobody else. */
  next: bigint;
  /** Until when the device's cap is used up by sealed shares, seconds since 1970; undefined before the first. */
  at: bigint | undefined;
}

const citedOf = (index: bigint, statement: Statement): Cited => ({
  device: statement.device,
  index,
  work: statement.work,
  time: statement.to,
  clock: statement.clock,
  first: statement.first,
  next: statement.first + BigInt(statement.count),
  enrols: statement.kind === StatementKind.enrol,
});

/**
 * What a log entry says about a work register, or undefined when it says nothing here: a mark for a lost record, a statement
 * for another coordinator or gateway, a rotation, a revocation, a receipt.
 */
export function readEntry(index: bigint, entry: Uint8Array, scope: Uint8Array): Cited | undefined {
  let statement: Statement;
  try {
    ({ statement } = decodeAttestation(entry));
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  const counts = statement.kind === StatementKind.readings || statement.kind === StatementKind.enrol;
  return counts && equalBytes(statement.scope, scope) ? citedOf(index, statement) : undefined;
}

export const standingAt = ({ index, work, time, clock, next }: Cited, at: bigint | undefined): Standing => ({
  index,
  work,
  time,
  clock,
  next,
  at,
});

/**
 * Whether the device came back from elsewhere: it enrolled anew, and signed between. What it did meanwhile is proven by
 * another log, and a share across it would count it twice. A gap alone is no absence: late packs and lost records leave one.
 */
export const cameBack = (before: Standing, entry: Cited): boolean => entry.enrols && entry.first > before.next;

/** Passes an entry that is in no share of this epoch. */
export function pass(before: Standing | undefined, entry: Cited): Standing {
  if (before === undefined) return standingAt(entry, undefined);
  if (cameBack(before, entry)) return standingAt(entry, before.at);
  return entry.next > before.next ? { ...before, next: entry.next } : before;
}
