import { ByteReader, ByteWriter, copyOf, ProtocolError, UsageError } from "../bytes/index.ts";
import { HASH_SIZE, hashLevel } from "./merkle-hash.ts";
import type { HashReader } from "./proofs.ts";

/** Hashes in a full tile, entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** Levels of the tree that one tile spans: 2^8 = 256. */
export const TILE_HEIGHT = 8;

/** A tile of hashes (level 0…63) or a bundle of entries; `width` is 256 for full ones, 1…255 for partial ones. */
export interface Tile {
  level: number | "entries";
  index: number;
  width: number;
}

/**
 * `<N>[.p/<W>]` of C2SP tlog-tiles: 1234067 of width 8 is `x001/x234/067.p/8`.
 * @throws UsageError FS-TILE-RANGE for an index or width that no tile has.
 */
export function tileIndexPath(index: number, width = TILE_WIDTH): string {
  if (!Number.isSafeInteger(index) || index < 0 || !Number.isInteger(width) || width < 1 || width > TILE_WIDTH) {
    throw new UsageError("FS-TILE-RANGE", `no tile has index ${index} and width ${width}`);
  }
  let path = String(index % 1000).padStart(3, "0");
  for (let n = Math.floor(index / 1000); n > 0; n = Math.floor(n / 1000)) {
    path = `x${String(n % 1000).padStart(3, "0")}/${path}`;
  }
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]` of C2SP tlog-tiles. */
export function tilePath({ level, index, width }: Tile): string {
  if (level !== "entries" && !(Number.isInteger(level) && level >= 0 && level <= 63)) {
    throw new UsageError("FS-TILE-RANGE", `no tile has level ${level}`);
  }
  return `tile/${level}/${tileIndexPath(index, width)}`;
}

const INDEX_PATH = /^((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;
const TILE_PATH = /^tile\/(entries|0|[1-9][0-9]?)\/(.*)$/;

/**
 * The inverse of `tileIndexPath`: the one path of a tile and no other spelling of it.
 * @throws ProtocolError FS-TILE-PATH.
 */
export function parseTileIndexPath(path: string): { index: number; width: number } {
  const match = path.length <= 64 ? INDEX_PATH.exec(path) : null;
  if (match !== null) {
    const index = Number(match[1]!.replace(/[x/]/g, ""));
    const width = match[2] === undefined ? TILE_WIDTH : Number(match[2]);
    if (Number.isSafeInteger(index) && width <= TILE_WIDTH && tileIndexPath(index, width) === path) {
      return { index, width };
    }
  }
  throw new ProtocolError("FS-TILE-PATH", "not the path of a tile: <N> or <N>.p/<W> was expected");
}

/** The inverse of `tilePath`. @throws ProtocolError FS-TILE-PATH. */
export function parseTilePath(path: string): Tile {
  const match = path.length <= 80 ? TILE_PATH.exec(path) : null;
  const level = match?.[1] === "entries" ? "entries" : Number(match?.[1] ?? 64);
  if (match === null || (level !== "entries" && level > 63)) {
    throw new ProtocolError("FS-TILE-PATH", "not the path of a tile: tile/<L>/<N> was expected");
  }
  return { level, ...parseTileIndexPath(match[2]!) };
}

/** Width of tile `index` on tile level `level` in a tree of `size` leaves: 0 when it does not exist. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** Which tile holds, or is hashed up to, the subtree (level, index), in a tree of `size` leaves. */
export function tileOfNode(
  level: number,
  index: number,
  size: number,
): { level: number; index: number; width: number } {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const below = 2 ** (level % TILE_HEIGHT);
  const tileIndex = Math.floor((index * below) / TILE_WIDTH);
  return { level: tileLevel, index: tileIndex, width: tileWidth(tileLevel, tileIndex, size) };
}

/**
 * Subtree hashes out of tiles: those between the levels a tile holds are hashed from it.
 * @param tile bytes of the hash tile (level, index, width) of the tree of `size` leaves.
 * @throws ProtocolError FS-TILE when a tile does not have the length of its width.
 */
export function tileHashReader(
  size: number,
  tile: (tile: { level: number; index: number; width: number }) => Uint8Array,
): HashReader {
  return (level, index) => {
    const at = tileOfNode(level, index, size);
    const bytes = tile(at);
    if (bytes.length !== at.width * HASH_SIZE) {
      throw new ProtocolError("FS-TILE", `tile of width ${at.width} has ${bytes.length} bytes`, { context: { ...at } });
    }
    const count = 2 ** (level % TILE_HEIGHT);
    const start = (index * count - at.index * TILE_WIDTH) * HASH_SIZE;
    if (start + count * HASH_SIZE > bytes.length) {
      throw new UsageError("FS-LOG-RANGE", `the tree of ${size} leaves has no complete subtree (${level}, ${index})`);
    }
    let hashes: Uint8Array = copyOf(bytes, start, start + count * HASH_SIZE);
    while (hashes.length > HASH_SIZE) hashes = hashLevel(hashes);
    return hashes;
  };
}

/** Longest entry that a bundle can hold: its length is a u16. */
export const MAX_ENTRY_LENGTH = 0xffff;

/** Entries, each behind its u16 big-endian length (C2SP tlog-tiles, "Log entries"). */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH)
    throw new UsageError("FS-TILE-RANGE", `a bundle holds 256 entries, not ${entries.length}`);
  const out = new ByteWriter(entries.reduce((length, entry) => length + 2 + entry.length, 0));
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_LENGTH) {
      throw new UsageError("FS-ENTRY-LENGTH", `an entry of ${entry.length} bytes; a bundle holds up to 65,535`);
    }
    out.u16(entry.length).bytes(entry);
  }
  return out.view();
}

/**
 * The entries of a bundle, as views onto its bytes.
 * @param width how many there must be, when known.
 * @throws ProtocolError FS-ENTRY-BUNDLE for a cut bundle, more than 256 entries, or another number than `width`.
 */
export function decodeEntryBundle(bytes: Uint8Array, width?: number): Uint8Array[] {
  const reader = new ByteReader(bytes, "FS-ENTRY-BUNDLE");
  const entries: Uint8Array[] = [];
  while (reader.remaining > 0) {
    if (entries.length === TILE_WIDTH) throw new ProtocolError("FS-ENTRY-BUNDLE", "more than 256 entries in a bundle");
    entries.push(reader.take(reader.u16()));
  }
  if (width !== undefined && entries.length !== width) {
    throw new ProtocolError("FS-ENTRY-BUNDLE", `${entries.length} entries in a bundle of width ${width}`);
  }
  return entries;
}
