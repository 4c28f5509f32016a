import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError, fromHex, toHex } from "../../protocols/bytes/index.ts";
import { type Share, SumTree } from "../../protocols/shares/index.ts";
import { onFile, replaceFileSync } from "../batch/sync-files.ts";
import type { Standing } from "./standing.ts";

/** The shares of one kind, sorted by device, and where each device stands once they are sealed. */
export interface PreparedSeal {
  kind: number;
  shares: readonly Share[];
  sealed: readonly Standing[];
}

/** What a gateway makes of one epoch before it seals: written before anything is sent. */
export interface PreparedEpoch {
  epoch: bigint;
  /** Log entries that were read for it. */
  size: bigint;
  /** Where each device of the log stands, by its id in hex, as long as the epoch's seals do not count. */
  standings: ReadonlyMap<string, Standing>;
  seals: readonly PreparedSeal[];
}

type StandingTuple = [index: string, work: string, time: number, clock: number, next: string, at: string | null];
type ShareTuple = [device: string, from: string, to: string, fromIndex: string, toIndex: string];

interface Document {
  version: 1;
  epoch: string;
  size: string;
  standings: [device: string, standing: StandingTuple][];
  seals: { kind: number; shares: ShareTuple[]; sealed: StandingTuple[] }[];
}

const standingTuple = ({ index, work, time, clock, next, at }: Standing): StandingTuple => [
  `${index}`,
  `${work}`,
  time,
  clock,
  `${next}`,
  at === undefined ? null : `${at}`,
];

const standingOf = ([index, work, time, clock, next, at]: StandingTuple): Standing => ({
  index: BigInt(index),
  work: BigInt(work),
  time,
  clock,
  next: BigInt(next),
  at: at === null ? undefined : BigInt(at),
});

const shareOf = ([device, from, to, fromIndex, toIndex]: ShareTuple): Share => ({
  device: fromHex(device),
  from: BigInt(from),
  to: BigInt(to),
  fromIndex: BigInt(fromIndex),
  toIndex: BigInt(toIndex),
});

function encode({ epoch, size, standings, seals }: PreparedEpoch): string {
  const document: Document = {
    version: 1,
    epoch: `${epoch}`,
    size: `${size}`,
    standings: [...standings].map(([device, standing]) => [device, standingTuple(standing)]),
    seals: seals.map(({ kind, shares, sealed }) => ({
      kind,
      shares: shares.map(({ device, from, to, fromIndex, toIndex }) => [
        toHex(device),
        `${from}`,
        `${to}`,
        `${fromIndex}`,
        `${toIndex}`,
      ]),
      sealed: sealed.map(standingTuple),
    })),
  };
  return JSON.stringify(document);
}

function decode(text: string): PreparedEpoch {
  const { version, epoch, size, standings, seals } = JSON.parse(text) as Document;
  if (version !== 1) throw new SyntaxError(`version ${String(version)}`);
  return {
    epoch: BigInt(epoch),
    size: BigInt(size),
    standings: new Map(standings.map(([device, standing]) => [device, standingOf(standing)])),
    seals: seals.map(({ kind, shares, sealed }) => ({
      kind,
      shares: shares.map(shareOf),
      sealed: sealed.map(standingOf),
    })),
  };
}

/**
 * What was prepared for each epoch, one file each. Needed as long as somebody may ask for a share or claim it: a seal on chain
 * holds nothing but a root.
 */
export class SealFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(epoch: bigint): string {
    return join(this.#folder, `${String(epoch).padStart(10, "0")}.json`);
  }

  /** Epochs that were prepared, ascending. */
  epochs(): bigint[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .flatMap((name) => (/^\d{10}\.json$/.test(name) ? [BigInt(name.slice(0, 10))] : []))
      .sort((a, b) => (a < b ? -1 : 1));
  }

  /** @throws EnvironmentError FS-SEAL-FILE when the file is damaged, FS-LOG-ACCESS, FS-LOG-IO. */
  read(epoch: bigint): PreparedEpoch | undefined {
    const path = this.#path(epoch);
    if (!existsSync(path)) return undefined;
    const text = onFile(path, () => readFileSync(path, "utf8"));
    let prepared: PreparedEpoch;
    try {
      prepared = decode(text);
    } catch (cause) {
      throw new EnvironmentError("FS-SEAL-FILE", `${path} is damaged: the shares of epoch ${epoch} cannot be read`, {
        context: { epoch: Number(epoch) },
        cause,
        fix: "Restore the file from a copy of the data folder; without it demands for these shares cannot be answered.",
      });
    }
    return prepared;
  }

  /** Durable when this returns. @throws EnvironmentError FS-LOG-FULL, FS-LOG-ACCESS, FS-LOG-IO. */
  write(prepared: PreparedEpoch): void {
    replaceFileSync(this.#path(prepared.epoch), encode(prepared));
  }
}

/** The tree of a prepared seal. */
export const treeOf = ({ shares }: PreparedSeal): SumTree => SumTree.over(shares);
