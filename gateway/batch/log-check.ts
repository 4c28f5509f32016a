import { concatBytes, EnvironmentError, equalBytes } from "../../protocols/bytes/index.ts";
import {
  type Frontier,
  HASH_SIZE,
  leafHashes,
  rootOfLeafHashes,
  TILE_HEIGHT,
  TILE_WIDTH,
} from "../../protocols/log/index.ts";
import { damaged, type LogReader, pathOf, widthOf } from "./log-reader.ts";

function damagedEntry(index: number, what: string): EnvironmentError {
  return new EnvironmentError("FS-LOG-DAMAGED", `log entry ${index}: ${what}`, {
    context: { index, path: pathOf("entries", Math.floor(index / TILE_WIDTH)) },
    fix: "Nothing was signed. Check the disk, then let the entries be written again from the journal.",
  });
}

/** Compares hashes that follow from the entries with those a tile level holds on the disk, from hash `first` on. */
async function checkTiles(reader: LogReader, level: number, first: number, hashes: Uint8Array, size: number) {
  const count = hashes.length / HASH_SIZE;
  for (let at = first; at < first + count; ) {
    const tile = Math.floor(at / TILE_WIDTH);
    const items = await reader.items(level, tile, widthOf(level, tile, size));
    for (; at < first + count && Math.floor(at / TILE_WIDTH) === tile; at++) {
      const start = (at - first) * HASH_SIZE;
      if (equalBytes(items[at % TILE_WIDTH]!, hashes.subarray(start, start + HASH_SIZE))) continue;
      if (level === 0) throw damagedEntry(at, "its bytes on the disk are not those that were hashed");
      throw damaged(pathOf(level, tile, items.length), `hash ${at % TILE_WIDTH} is not the one of its subtree`);
    }
  }
}

/** Full tiles above the leaves, from hash `first` of their level on: each has to hash up to its place in the level above. */
async function checkFullTiles(reader: LogReader, from: number, size: number): Promise<void> {
  for (let level = 1; TILE_WIDTH ** (level + 1) <= size; level++) {
    const first = Math.floor(from / TILE_WIDTH ** (level + 1));
    for (let tile = first; widthOf(level, tile, size) === TILE_WIDTH; tile++) {
      const above = Math.floor(tile / TILE_WIDTH);
      const items = await reader.items(level + 1, above, widthOf(level + 1, above, size));
      if (
        equalBytes(
          rootOfLeafHashes(concatBytes(...(await reader.items(level, tile, TILE_WIDTH)))),
          items[tile % TILE_WIDTH]!,
        )
      )
        continue;
      throw damaged(pathOf(level, tile), "its hashes do not lead to the one above");
    }
  }
}

/**
 * Reads everything that was written since the tree of `signed` back from the disk: hashes the entries again (those of the tile
 * that was partial then as well, for it was copied), and compares every tile they are in, and the root.
 *
 * What is in memory has not been near the disk: a bit that turned over on the way is found before it is signed. The signed tree
 * itself is not read again: what lies in its full tiles has not been touched.
 * @throws EnvironmentError FS-LOG-DAMAGED, with the entry's index where one entry is to blame.
 */
export async function checkEntries(reader: LogReader, signed: Frontier, size: number, root: Uint8Array): Promise<void> {
  const again = signed.floor(TILE_HEIGHT);
  while (again.size < size) {
    const tile = Math.floor(again.size / TILE_WIDTH);
    const entries = await reader.items("entries", tile, widthOf("entries", tile, size));
    const found: { level: number; first: number; hashes: Uint8Array }[] = [];
    again.append(leafHashes(entries), (level, first, hashes) => {
      if (level % TILE_HEIGHT === 0) found.push({ level: level / TILE_HEIGHT, first, hashes });
    });
    for (const { level, first, hashes } of found) await checkTiles(reader, level, first, hashes, size);
  }
  await checkFullTiles(reader, signed.size, size);
  if (!equalBytes(again.root(), root) || !equalBytes(await reader.root(size, size), root)) {
    throw new EnvironmentError(
      "FS-LOG-DAMAGED",
      `the log on the disk does not lead to the root of its ${size} entries`,
      {
        context: { size },
        fix: "Nothing was signed. Check memory and disk, then start again.",
      },
    );
  }
}
