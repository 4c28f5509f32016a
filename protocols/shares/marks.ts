import { allowance, duration } from "./emission.ts";
import type { Share } from "./share.ts";

/** How far a device's work register is used up (Marks.sol, `Mark`). */
export interface Mark {
  /** Work below this is used up. */
  to: bigint;
  /** Until when the device's cap is used up, seconds since 1970. */
  at: bigint;
}

/** A device as the Registry knows it, as far as its pay goes. */
export interface DeviceTerms {
  /** Device kind, 0…15; rewards are split by kind. */
  kind: number;
  /** Most work per hour. */
  cap: bigint;
  /** When it was registered, seconds since 1970. */
  since: bigint;
  /** Work register at enrolment. */
  mark: bigint;
  /** Work above this is not payable; 2^64 − 1 while the key is in use. */
  end: bigint;
  /** Epochs that begin at this time or later are not payable, seconds since 1970; 2^40 − 1 while the key is in use. */
  until: bigint;
}

/** Device kinds are 0 ≤ kind < KINDS. */
export const KINDS = 16;

export type ShareFault = "behind-mark" | "key-ended" | "epoch-after-end" | "over-cap";

/** The mark of a device that was never paid. */
export const firstMark = ({ mark, since }: DeviceTerms): Mark => ({ to: mark, at: since });

/** Most work that a device may have done since its mark, by the end of an epoch. */
export const allowedWork = ({ at }: Mark, { cap }: DeviceTerms, end: bigint): bigint =>
  at < end ? allowance(cap, end - at) : 0n;

/**
 * Uses up a share, as `Marks.advance` does.
 * @param start first second of the share's epoch.
 * @param end first second after it.
 * @returns the mark afterwards, or why the share is not payable.
 */
export function advance(mark: Mark, share: Share, terms: DeviceTerms, start: bigint, end: bigint): Mark | ShareFault {
  if (share.from < mark.to) return "behind-mark";
  if (share.to > terms.end) return "key-ended";
  if (start >= terms.until) return "epoch-after-end";
  const work = share.to - share.from;
  if (work > allowedWork(mark, terms, end)) return "over-cap";
  const at = mark.at + duration(terms.cap, work);
  return { to: share.to, at: at < start ? start : at };
}
