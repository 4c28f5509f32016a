import { fromHex, toHex } from "../../protocols/bytes/index.ts";
import { type DeviceTerms, KINDS, type Share, sortShares } from "../../protocols/shares/index.ts";
import type { LogStore } from "../batch/log-store.ts";
import { type EpochSpan, type Left, shareOfEpoch } from "./epoch-shares.ts";
import type { PreparedEpoch, PreparedSeal } from "./seal-files.ts";
import { type Cited, pass, readEntry, type Standing } from "./standing.ts";

export interface PrepareOptions {
  log: Pick<LogStore, "entries">;
  /** Scope of statements that count: this chain, Ledger and gateway; 16 bytes. */
  scope: Uint8Array;
  epoch: bigint;
  span: EpochSpan;
  /** Log entries below were read for earlier epochs, and `standings` says what they left. */
  from: bigint;
  standings: ReadonlyMap<string, Standing>;
  /** Size of the last commitment before the epoch, and of the last one in it. */
  before: bigint;
  size: bigint;
  termsOf(device: Uint8Array): Promise<DeviceTerms | undefined>;
  /** Growth that is in no share, and why: nothing is left out silently. */
  onLeft?(device: Uint8Array, why: Left): void;
}

/** Reads what an epoch added to the log and makes the shares of its seals: the same ones whenever it is asked. */
export async function prepareEpoch(options: PrepareOptions): Promise<PreparedEpoch> {
  const { log, scope, epoch, span, from, before, size, termsOf, onLeft } = options;
  const standings = new Map(options.standings);
  const inEpoch = new Map<string, Cited[]>();
  for await (const { index, attestation } of log.entries(Number(from))) {
    const at = BigInt(index);
    if (at >= size) break;
    const cited = readEntry(at, attestation, scope);
    if (cited === undefined) continue;
    const name = toHex(cited.device);
    if (at < before) {
      standings.set(name, pass(standings.get(name), cited));
    } else {
      const list = inEpoch.get(name);
      if (list) list.push(cited);
      else inEpoch.set(name, [cited]);
    }
  }
  const byKind = new Map<number, { share: Share; sealed: Standing }[]>();
  for (const [name, entries] of inEpoch) {
    const device = fromHex(name);
    const terms = await termsOf(device);
    const { share, sealed, unsealed, left } = shareOfEpoch(standings.get(name), entries, terms, span);
    standings.set(name, unsealed);
    if (left) onLeft?.(device, left);
    if (!share || !terms || terms.kind >= KINDS) continue;
    const list = byKind.get(terms.kind) ?? [];
    list.push({ share, sealed });
    byKind.set(terms.kind, list);
  }
  const seals = [...byKind]
    .sort(([a], [b]) => a - b)
    .map(([kind, found]): PreparedSeal => {
      const shares = sortShares(found.map(({ share }) => share));
      const sealedOf = new Map(found.map(({ share, sealed }) => [share, sealed]));
      return { kind, shares, sealed: shares.map((share) => sealedOf.get(share)!) };
    });
  return { epoch, size: size > from ? size : from, standings, seals };
}

/**
 * Where the devices stand for the next epoch.
 * @param counts whether a seal of the prepared epoch is on chain.
 */
export function standingsAfter(
  prepared: PreparedEpoch,
  counts: (seal: PreparedSeal) => boolean,
): Map<string, Standing> {
  const standings = new Map(prepared.standings);
  for (const seal of prepared.seals) {
    if (!counts(seal)) continue;
    for (const [i, { device }] of seal.shares.entries()) standings.set(toHex(device), seal.sealed[i]!);
  }
  return standings;
}
