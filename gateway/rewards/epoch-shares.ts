import {
  advance,
  allowedWork,
  type DeviceTerms,
  FIRST_MARK,
  firstMark,
  type Mark,
  type Share,
} from "../../protocols/shares/index.ts";
import { outpacesCap } from "../coordinator/faults.ts";
import { type Cited, cameBack, pass, type Standing, standingAt } from "./standing.ts";

/** First second of an epoch, and first second after it, since 1970. */
export interface EpochSpan {
  start: bigint;
  end: bigint;
}

/** Why a device has no share, or not all of its growth: what is left is in a later share unless it says so. */
export type Left =
  /** It is not registered. */
  | "unregistered"
  /** Its key ended before the epoch. */
  | "ended"
  /** It grew faster than its cap allows, or its clock is ahead of the chain's. */
  | "beyond-cap-or-time"
  /** It signed for another gateway between two stretches: the shorter one is given up. */
  | "absence";

export interface EpochShare {
  share: Share | undefined;
  /** Where the device stands once the share is sealed, and when it is not. */
  sealed: Standing;
  unsealed: Standing;
  left: Left | undefined;
}

/** One stretch without an absence, and what is cited in it in the order of sequence numbers. */
interface Stretch {
  from: Standing;
  cited: Cited[];
}

function stretchesOf(before: Standing | undefined, entries: readonly Cited[]): Stretch[] {
  const ordered = [...entries].sort((a, b) => (a.first < b.first ? -1 : 1));
  const stretches: Stretch[] = before ? [{ from: before, cited: [] }] : [];
  let standing = before;
  for (const entry of ordered) {
    const begins = standing === undefined || cameBack(standing, entry);
    standing = pass(standing, entry);
    if (begins) stretches.push({ from: standing, cited: [] });
    else if (!entry.enrols) stretches.at(-1)!.cited.push(entry);
  }
  return stretches;
}

/** Where a stretch's share begins: at what it cites, or at the device's first mark when that is more. */
function beginOf({ index, work, time, clock }: Standing, terms: DeviceTerms) {
  if (work >= terms.mark) return { index, work, time, clock };
  return { index: FIRST_MARK, work: terms.mark, time: Number(terms.since) * 1000, clock: 1 };
}

/** Faults.sol, `outpaced`; an unset clock proves nothing. */
function isOutpaced(begin: ReturnType<typeof beginOf>, end: Cited, { cap }: DeviceTerms): boolean {
  if (begin.clock === 0 || end.clock === 0) return false;
  return outpacesCap(end.work - begin.work, cap, BigInt(begin.time), BigInt(end.time));
}

/** The longest payable share of a stretch, and whether some of its growth is left. */
function shareOf({ from, cited }: Stretch, mark: Mark, terms: DeviceTerms, { start, end }: EpochSpan) {
  const begin = beginOf(from, terms);
  // Entries and terms are checked one by one, so that what can be paid is, and no seal can be proven false.
  const fits = (one: Cited) => {
    const grown = one.work - begin.work;
    return (
      grown <= allowedWork(mark, terms, end) &&
      one.work <= terms.end &&
      BigInt(one.time) <= end * 1000n &&
      !isOutpaced(begin, one, terms)
    );
  };
  let best: Cited | undefined;
  let most = begin.work;
  for (const one of cited) {
    if (one.work > most) most = one.work;
    if (one.work > (best?.work ?? begin.work) && fits(one)) best = one;
  }
  if (!best) return { best, share: undefined, after: mark, all: most === begin.work };
  const device = best.device;
  const share: Share = { device, from: begin.work, to: best.work, fromIndex: begin.index, toIndex: best.index };
  const after = advance(mark, share, terms, start, end);
  if (typeof after === "string") return { best: undefined, share: undefined, after: mark, all: false };
  return { best, share, after, all: most === best.work };
}

/**
 * A device's share of one epoch: from where its last sealed share ended to the last attestation of the epoch that is payable
 * under the Registry's terms.
 * @param before where the device stood before the epoch; undefined when the log had nothing of it.
 * @param entries what the log says of the device in the epoch's commitments; not empty unless `before` is there.
 */
export function shareOfEpoch(
  before: Standing | undefined,
  entries: readonly Cited[],
  terms: DeviceTerms | undefined,
  span: EpochSpan,
): EpochShare {
  const stretches = stretchesOf(before, entries);
  let unsealed = stretches.at(-1)!.from;
  for (const entry of entries) if (entry.next > unsealed.next) unsealed = { ...unsealed, next: entry.next };
  const none = (left: Left | undefined): EpochShare => ({ share: undefined, sealed: unsealed, unsealed, left });
  if (terms === undefined) return none("unregistered");
  if (span.start >= terms.until) return none("ended");

  const first = firstMark(terms);
  const at = before?.at;
  const found = stretches.map((stretch) => {
    const mark = at === undefined ? first : { to: stretch.from.work > first.to ? stretch.from.work : first.to, at };
    return { stretch, ...shareOf(stretch, mark, terms, span) };
  });
  const growth = ({ share }: (typeof found)[number]) => (share ? share.to - share.from : 0n);
  const longest = found.reduce((a, b) => (growth(b) >= growth(a) ? b : a));
  const { share, best, after } = longest;
  const given = found.some((one) => one !== longest && one.share !== undefined);
  const left: Left | undefined = given ? "absence" : found.every(({ all }) => all) ? undefined : "beyond-cap-or-time";
  if (!share || !best) return none(left);
  const last = longest === found.at(-1);
  const sealed = last ? { ...standingAt(best, after.at), next: unsealed.next } : { ...unsealed, at: after.at };
  return { share, sealed, unsealed, left };
}
