import { StatementKind } from "../../protocols/attestation/index.ts";
import { equalBytes, toHex } from "../../protocols/bytes/index.ts";
import {
  type DeviceTerms,
  type EpochTimes,
  epochAt,
  FIRST_MARK,
  type Share,
  SumTree,
} from "../../protocols/shares/index.ts";
import {
  type CommitmentEvidence,
  type faultCalls,
  outpacesCap,
  type SealedShare,
  TOLERANCE_MS,
} from "../coordinator/faults.ts";
import type { SealOnChain } from "../coordinator/seals.ts";
import type { Suspicion } from "./suspicion.ts";
import { isBefore, readAttestation, type WatchedLog } from "./watched-log.ts";

/** A seal whose shares are known. */
export interface OpenSeal {
  epoch: bigint;
  kind: number;
  shares: readonly Share[];
}

/** Stretches that one gateway sealed, by device. */
export class SealedStretches {
  readonly #devices = new Map<string, { seal: OpenSeal; index: number }[]>();

  add(seal: OpenSeal): void {
    for (const [index, { device }] of seal.shares.entries()) {
      const name = toHex(device);
      const list = this.#devices.get(name);
      if (list) list.push({ seal, index });
      else this.#devices.set(name, [{ seal, index }]);
    }
  }

  /** A share of another seal that counts part of the same stretch. */
  overlapping(share: Share): { seal: OpenSeal; index: number } | undefined {
    return this.#devices.get(toHex(share.device))?.find(({ seal, index }) => {
      const other = seal.shares[index]!;
      return other.from < share.to && share.from < other.to;
    });
  }
}

export interface SealCheckOptions {
  log: WatchedLog;
  /** Scope of the statements that may be sealed, 16 bytes. */
  scope: Uint8Array;
  calls: ReturnType<typeof faultCalls>;
  stretches: SealedStretches;
  times: EpochTimes;
  termsOf(device: Uint8Array): Promise<DeviceTerms | undefined>;
  /** When a commitment was mined, seconds since 1970; 0n when the ring does not hold it any more. */
  minedAt(commitment: CommitmentEvidence): Promise<bigint>;
}

const shownIn = ({ epoch, kind, shares }: OpenSeal, tree: SumTree, index: number): SealedShare => ({
  epoch,
  kind,
  share: shares[index]!,
  index: BigInt(index),
  path: tree.path(index),
});

/** What an attestation that a share cites says. */
interface CitedEntry {
  /** ms since 1970. */
  time: number;
  clock: number;
}

/**
 * Looks for each fault of a seal whose shares lead to what the Ledger holds.
 * @returns suspicions, and whether entries that are cited are not in our copy of the log yet.
 */
export async function checkSeal(
  seal: OpenSeal,
  held: SealOnChain,
  options: SealCheckOptions,
): Promise<{ suspicions: Suspicion[]; complete: boolean }> {
  const { calls, stretches } = options;
  const suspicions: Suspicion[] = [];
  const tree = SumTree.over(seal.shares);
  let complete = true;
  for (const [index, share] of seal.shares.entries()) {
    const shown = shownIn(seal, tree, index);
    const name = `share ${index} of epoch ${seal.epoch}, kind ${seal.kind}`;
    const suspect = (fault: Suspicion["fault"], why: string, call: Suspicion["call"]) =>
      suspicions.push({ fault, text: `${name}: ${why}`, call });
    const before = seal.shares[index - 1];
    if (before && !isBefore(before.device, share.device)) {
      suspect("overlapping", "out of order", calls.overlapping(shownIn(seal, tree, index - 1), shown));
    }
    const other = stretches.overlapping(share);
    if (other) {
      const earlier = shownIn(other.seal, SumTree.over(other.seal.shares), other.index);
      suspect("overlapping", `counts work of epoch ${other.seal.epoch} again`, calls.overlapping(earlier, shown));
    }
    const terms = await options.termsOf(share.device);
    const backed =
      terms !== undefined && terms.kind === seal.kind && (share.fromIndex !== FIRST_MARK || share.from === terms.mark);
    if (!backed) suspect("unbacked", "the register of devices contradicts it", calls.unbacked(shown));
    const dated = await misdated(shown, options);
    if (dated) suspect("misdated", "not first committed in that epoch", dated);
    const cited = await citedOf(shown, held, options, suspect);
    if (cited === undefined) complete = false;
    else if (terms && cited !== "suspect") {
      const { start, end, call } = cited;
      const from = start ?? { time: Number(terms.since) * 1000, clock: 1 };
      const growth = share.to - share.from;
      const timed = from.clock !== 0 && end.clock !== 0;
      if (timed && outpacesCap(growth, terms.cap, BigInt(from.time), BigInt(end.time))) {
        suspect("outpaced", `grew by ${growth}, beyond ${terms.cap} an hour`, await call());
      }
    }
  }
  return { suspicions, complete };
}

/** The call that proves that a share's later end was first committed in another epoch, or never. */
async function misdated({ share, ...shown }: SealedShare, { log, calls, times, minedAt }: SealCheckOptions) {
  const size = log.newest?.size ?? 0n;
  const all = { ...shown, share };
  if (share.toIndex >= size || (share.fromIndex !== FIRST_MARK && share.fromIndex >= size)) return calls.misdated(all);
  const found = log.holding(share.toIndex);
  const time = found ? await minedAt(found.within) : 0n;
  if (!found || time === 0n || epochAt(times, time) === shown.epoch) return undefined;
  return calls.misdated(all, found.within, found.before);
}

/** Compares a share with the entries that it cites. Undefined when our copy of the log does not hold them. */
async function citedOf(
  shown: SealedShare,
  held: SealOnChain,
  { log, scope, calls }: SealCheckOptions,
  suspect: (fault: Suspicion["fault"], why: string, call: Suspicion["call"]) => void,
) {
  const { share } = shown;
  const proven = log.proven;
  const ends = share.fromIndex === FIRST_MARK ? [true] : [false, true];
  const found: CitedEntry[] = [];
  const places: number[] = [];
  for (const end of ends) {
    const index = end ? share.toIndex : share.fromIndex;
    if (proven === undefined || index >= proven.size) return undefined;
    const at = Number(index);
    const read = readAttestation(await log.mirror.entry(at));
    const said = read?.statement;
    const right =
      said !== undefined &&
      equalBytes(said.scope, scope) &&
      equalBytes(said.device, share.device) &&
      said.work === (end ? share.to : share.from) &&
      (said.kind === StatementKind.readings || (!end && said.kind === StatementKind.enrol)) &&
      BigInt(said.to) <= held.sealedAt * 1000n + TOLERANCE_MS;
    if (!right) {
      suspect(
        "misquoted",
        `differs from entry ${index}`,
        calls.misquoted(shown, end, await log.mirror.logged(proven, at)),
      );
      return "suspect" as const;
    }
    // The device may have been registered after its entry was looked at.
    const forged = await log.forged(proven, at, read!);
    if (typeof forged === "object") suspect("invalid", forged.text, forged.call);
    found.push({ time: said.to, clock: said.clock });
    places.push(at);
  }
  const end = found.at(-1)!;
  const start = found.length === 2 ? found[0]! : undefined;
  const call = async () => {
    const [first, last] = await Promise.all([places[0]!, places.at(-1)!].map((at) => log.mirror.logged(proven!, at)));
    return start ? calls.outpaced(shown, last!, first!) : calls.outpaced(shown, last!);
  };
  return { start, end, call };
}
