import { EnvironmentError, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  consistencyNodes,
  consistencyProof,
  decodeEntryBundle,
  type HashReader,
  inclusionNodes,
  inclusionProof,
  type Node,
  rootNodes,
  TILE_WIDTH,
  tileHashReader,
  tileOfNode,
  tilePath,
  tileWidth,
  treeRoot,
} from "../../protocols/log/index.ts";
import type { LogFiles } from "./log-files.ts";
import { decodePackReadings, readingsPath, splitReadingsBundle } from "./readings-bundle.ts";

/** What a file of the log is made of: 256 hashes, entries, or packs of readings, numbered alike. */
export type TileKind = number | "entries" | "readings";

const HASH = 32;

/** Path of a tile of hashes, a bundle of entries or one of readings. */
export function pathOf(kind: TileKind, index: number, width = TILE_WIDTH): string {
  return kind === "readings" ? readingsPath(index, width) : tilePath({ level: kind, index, width });
}

/** How much of tile `index` a log of `size` entries fills: 0 … 256. */
export function widthOf(kind: TileKind, index: number, size: number): number {
  return tileWidth(typeof kind === "number" ? kind : 0, index, size);
}

export function damaged(path: string, what: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError("FS-LOG-DAMAGED", `${path}: ${what}`, {
    context: { path },
    fix: "Nothing was signed. Restore the file from a copy, or let the log be written again from the journal.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Reads a log's files: tiles and bundles by their width, and what they prove. Keeps nothing in memory. */
export class LogReader {
  readonly #files: LogFiles;

  constructor(files: LogFiles) {
    this.#files = files;
  }

  /** Splits a file into its items: hashes, entries, or packs with their lengths. @throws EnvironmentError FS-LOG-DAMAGED. */
  #split(kind: TileKind, path: string, bytes: Uint8Array): Uint8Array[] {
    if (typeof kind === "number") {
      if (bytes.length % HASH !== 0) throw damaged(path, `${bytes.length} bytes are not whole hashes`);
      return Array.from({ length: bytes.length / HASH }, (_, i) => bytes.subarray(HASH * i, HASH * i + HASH));
    }
    try {
      return kind === "entries" ? decodeEntryBundle(bytes) : splitReadingsBundle(bytes);
    } catch (cause) {
      if (cause instanceof ProtocolError) throw damaged(path, cause.message, cause);
      throw cause;
    }
  }

  /**
   * The first `width` items of a tile. A partial tile may have been replaced by the full one meanwhile (C2SP tlog-tiles,
   * "Partial Tiles"), one of readings by a longer one: they begin with the same.
   * @throws EnvironmentError FS-LOG-DAMAGED when neither is there as it should be.
   */
  async items(kind: TileKind, index: number, width: number): Promise<Uint8Array[]> {
    const wider = async () => (await this.#files.list(`${pathOf(kind, index)}.p`)).map(Number).filter((w) => w > width);
    for (const wides of [() => [width, TILE_WIDTH], wider]) {
      for (const wide of await wides()) {
        const path = pathOf(kind, index, wide);
        const bytes = await this.#files.read(path);
        if (bytes === undefined) continue;
        const items = this.#split(kind, path, bytes);
        if (items.length !== wide) throw damaged(path, `${items.length} items where ${wide} belong`);
        return items.slice(0, width);
      }
    }
    throw damaged(pathOf(kind, index, width), "missing");
  }

  /** Item `index` of a log of `size` entries. */
  async item(kind: "entries" | "readings", index: number, size: number): Promise<Uint8Array> {
    const tile = Math.floor(index / TILE_WIDTH);
    return (await this.items(kind, tile, widthOf(kind, tile, size)))[index % TILE_WIDTH]!;
  }

  /** Readings of attestation `index`; undefined when they were deleted. */
  async readings(index: number, size: number): Promise<Uint8Array[] | undefined> {
    const pack = await this.item("readings", index, size);
    try {
      return decodePackReadings(pack);
    } catch (cause) {
      if (cause instanceof ProtocolError)
        throw damaged(readingsPath(Math.floor(index / TILE_WIDTH)), cause.message, cause);
      throw cause;
    }
  }

  /** A hash source that holds the tiles from which these subtrees come. */
  async hashes(nodes: readonly Node[], size: number): Promise<HashReader> {
    const tiles = new Map<string, Uint8Array>();
    const keyOf = (at: { level: number; index: number }) => `${at.level}/${at.index}`;
    for (const { level, index } of nodes) {
      const at = tileOfNode(level, index, size);
      if (tiles.has(keyOf(at))) continue;
      const items = await this.items(at.level, at.index, at.width);
      const bytes = new Uint8Array(HASH * items.length);
      for (const [i, hash] of items.entries()) bytes.set(hash, HASH * i);
      tiles.set(keyOf(at), bytes);
    }
    return tileHashReader(size, (at) => tiles.get(keyOf(at))!);
  }

  /** Root of the first `size` entries of a log that has `has` of them. */
  async root(size: number, has: number): Promise<Uint8Array> {
    return treeRoot(size, await this.hashes(rootNodes(size), has));
  }

  async inclusionProof(index: number, size: number, has: number): Promise<Uint8Array[]> {
    return inclusionProof(index, size, await this.hashes(inclusionNodes(index, size).flat(), has));
  }

  async consistencyProof(from: number, to: number, has: number): Promise<Uint8Array[]> {
    return consistencyProof(from, to, await this.hashes(consistencyNodes(from, to).flat(), has));
  }
}
