import {
  concatBytes,
  copyOf,
  EnvironmentError,
  equalBytes,
  ProtocolError,
  UsageError,
} from "../../protocols/bytes/index.ts";
import {
  decodeCheckpoint,
  encodeEntryBundle,
  Frontier,
  HASH_SIZE,
  leafHash,
  leafHashes,
  MAX_ENTRY_LENGTH,
  type NoteKey,
  rootNodes,
  type SignedCheckpoint,
  TILE_HEIGHT,
  TILE_WIDTH,
  type VerifyFunction,
  verifyCheckpoint,
  verifyInclusion,
} from "../../protocols/log/index.ts";
import { checkEntries } from "./log-check.ts";
import { type FileContent, type LogFiles, removeLeftovers, replaceFiles } from "./log-files.ts";
import { damaged, LogReader, pathOf, type TileKind, widthOf } from "./log-reader.ts";
import { encodePackReadings, splitReadingsBundle, withoutPack } from "./readings-bundle.ts";

export interface LogEntry {
  /** The attestation's exact bytes: the log's entry. */
  attestation: Uint8Array;
  /** The exact bytes its root is over: readings, or the one body of an enrolment and its like. */
  readings: readonly Uint8Array[];
}

export interface LogHead {
  size: number;
  root: Uint8Array;
}

export interface LogStoreOptions {
  files: LogFiles;
  /** The log's key: a checkpoint that it did not sign is not taken for ours. */
  key?: NoteKey;
  /** Checks the key's signatures, in place of the portable way that takes milliseconds. */
  verify?: VerifyFunction;
  /** For a reader beside a running gateway: changes nothing on the disk. */
  readOnly?: boolean;
}

const CHECKPOINT = "checkpoint";

/**
 * The published log on disk: C2SP tiles, entry bundles and checkpoint, and the readings beside them.
 *
 * Entries are durable in tiles before the checkpoint that covers them is renamed in. Only a checkpoint counts: on `open` the log
 * is as large as its checkpoint says, and what lies beyond is written again by the same entries, which the journal holds. Memory
 * is one hash a level of the tree; everything else is read when it is needed.
 */
export class LogStore {
  readonly #files: LogFiles;
  readonly #reader: LogReader;
  readonly #options: LogStoreOptions;
  #frontier = new Frontier();
  /** The tree of the newest checkpoint. */
  #signed = new Frontier();
  #checkpoint: { checkpoint: SignedCheckpoint; bytes: Uint8Array } | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LogStoreOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#reader = new LogReader(options.files);
  }

  /**
   * Reads the newest checkpoint and its tree's right edge, and removes what writes that were cut off left behind.
   * @throws EnvironmentError FS-LOG-DAMAGED when they do not fit together, FS-LOG-ACCESS, FS-LOG-IO.
   */
  async open(): Promise<{ size: number; checkpoint: SignedCheckpoint | undefined }> {
    if (!this.#options.readOnly) {
      await this.#files.start();
      await removeLeftovers(this.#files);
    }
    const bytes = await this.#files.read(CHECKPOINT);
    if (bytes !== undefined) {
      const checkpoint = this.#decode(bytes);
      const { size, root } = checkpoint;
      this.#frontier = Frontier.from(size, await this.#reader.hashes(rootNodes(size), size));
      if (!equalBytes(this.#frontier.root(), root))
        throw damaged("tile", `the tiles do not lead to the root of ${size}`);
      this.#signed = this.#frontier.copy();
      this.#checkpoint = { checkpoint, bytes };
    }
    if (!this.#options.readOnly) await this.#removeSuperseded(Math.max(0, this.size - 1));
    return { size: this.size, checkpoint: this.#checkpoint?.checkpoint };
  }

  #decode(bytes: Uint8Array): SignedCheckpoint {
    try {
      const { key, verify } = this.#options;
      return key === undefined ? decodeCheckpoint(bytes) : verifyCheckpoint(bytes, key, key.name, verify);
    } catch (cause) {
      if (cause instanceof ProtocolError) throw damaged(CHECKPOINT, cause.message, cause);
      throw cause;
    }
  }

  /** Entries on the disk; those beyond the newest checkpoint are not signed yet. */
  get size(): number {
    return this.#frontier.size;
  }

  get head(): LogHead {
    return { size: this.size, root: this.#frontier.root() };
  }

  /** The newest checkpoint, and its note's bytes. */
  get signed(): { checkpoint: SignedCheckpoint; bytes: Uint8Array } | undefined {
    return this.#checkpoint;
  }

  /** One change of the files at a time, in the order of calls. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    if (this.#options.readOnly) throw new UsageError("FS-LOG-READ-ONLY", "this log is open for reading only");
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /**
   * Adds entries; when it resolves they are durable in the tiles, and covered by no checkpoint yet.
   * @throws UsageError FS-LOG-ENTRY for an entry that no bundle can hold; EnvironmentError FS-LOG-*. Nothing was added then.
   */
  append(entries: readonly LogEntry[]): Promise<LogHead> {
    return this.#change(async () => {
      for (const { attestation } of entries) {
        if (attestation.length > 0 && attestation.length <= MAX_ENTRY_LENGTH) continue;
        throw new UsageError("FS-LOG-ENTRY", `an entry has 1 to 65,535 bytes, not ${attestation.length}`);
      }
      const from = this.size;
      const frontier = this.#frontier.copy();
      const added: { kind: TileKind; existing: number; items: Uint8Array[] }[] = [
        { kind: "entries", existing: from, items: entries.map(({ attestation }) => attestation) },
        { kind: "readings", existing: from, items: entries.map(({ readings }) => encodePackReadings(readings)) },
      ];
      frontier.append(leafHashes(entries.map(({ attestation }) => attestation)), (level, first, hashes) => {
        if (level % TILE_HEIGHT !== 0) return;
        const kind = level / TILE_HEIGHT;
        const existing = Math.floor(from / TILE_WIDTH ** kind);
        const items: Uint8Array[] = [];
        for (let at = (existing - first) * HASH_SIZE; at < hashes.length; at += HASH_SIZE) {
          items.push(hashes.subarray(at, at + HASH_SIZE));
        }
        added.push({ kind, existing, items });
      });
      const contents: FileContent[] = [];
      for (const { kind, existing, items } of added) contents.push(...(await this.#extended(kind, existing, items)));
      await replaceFiles(this.#files, contents);
      this.#frontier = frontier;
      return this.head;
    });
  }

  /** The tiles that `items` go into, behind the `existing` ones. */
  async #extended(kind: TileKind, existing: number, items: readonly Uint8Array[]): Promise<FileContent[]> {
    const contents: FileContent[] = [];
    const total = existing + items.length;
    for (let at = existing; at < total; ) {
      const tile = Math.floor(at / TILE_WIDTH);
      const end = Math.min(total, (tile + 1) * TILE_WIDTH);
      // The items of the right-most tile are written again, in a longer one.
      const before = at % TILE_WIDTH === 0 ? [] : await this.#reader.items(kind, tile, at % TILE_WIDTH);
      const all = [...before, ...items.slice(at - existing, end - existing)];
      const bytes = kind === "entries" ? encodeEntryBundle(all) : concatBytes(...all);
      contents.push({ path: pathOf(kind, tile, end - tile * TILE_WIDTH), bytes });
      at = end;
    }
    return contents;
  }

  /**
   * Reads the entries that no checkpoint covers back from the disk and hashes them up to the root.
   * @throws EnvironmentError FS-LOG-DAMAGED with the `index` of the entry that is not what was hashed.
   */
  check(): Promise<void> {
    return checkEntries(this.#reader, this.#signed, this.size, this.head.root);
  }

  /**
   * Puts the checkpoint of the present head in place, by rename, and removes partial tiles that full ones replace.
   * @throws UsageError FS-LOG-CHECKPOINT when it is of another head; EnvironmentError FS-LOG-*.
   */
  publish(note: Uint8Array): Promise<SignedCheckpoint> {
    return this.#change(async () => {
      const checkpoint = this.#decode(note);
      const { size, root } = this.head;
      if (checkpoint.size !== size || !equalBytes(checkpoint.root, root)) {
        throw new UsageError(
          "FS-LOG-CHECKPOINT",
          `a checkpoint of ${checkpoint.size} entries is not of this log's head`,
          {
            context: { size, given: checkpoint.size },
          },
        );
      }
      const before = this.#signed.size;
      await replaceFiles(this.#files, [{ path: CHECKPOINT, bytes: note }]);
      this.#signed = this.#frontier.copy();
      this.#checkpoint = { checkpoint, bytes: note };
      await this.#removeSuperseded(before).catch((error: unknown) => {
        // What stays behind is found and removed by the next `open`; the checkpoint counts.
        if (!(error instanceof EnvironmentError)) throw error;
      });
      return checkpoint;
    });
  }

  /** Partial tiles of tiles that are full now, and those of readings that a longer one replaces, from entry `from` on. */
  async #removeSuperseded(from: number): Promise<void> {
    const { size } = this;
    for (let level = 0; TILE_WIDTH ** level <= size; level++) {
      const first = Math.floor(from / TILE_WIDTH ** (level + 1));
      for (let tile = first; widthOf(level, tile, size) > 0; tile++) {
        for (const kind of level === 0 ? [level, "entries" as const, "readings" as const] : [level]) {
          await this.#removeSupersededOf(kind, tile, widthOf(level, tile, size));
        }
      }
    }
  }

  async #removeSupersededOf(kind: TileKind, tile: number, width: number): Promise<void> {
    const folder = `${pathOf(kind, tile)}.p`;
    const widths = await this.#files.list(folder);
    if (widths.length === 0) return;
    if (width === TILE_WIDTH) {
      await this.#files.removeFolder(folder);
      return;
    }
    // Tiles and entries stay for the checkpoints that have been signed; wider ones than the log were never covered by any.
    const gone = widths.filter((name) => (kind === "readings" ? Number(name) !== width : Number(name) > width));
    for (const name of gone) await this.#files.remove(`${folder}/${name}`);
  }

  #inside(index: number): void {
    if (Number.isSafeInteger(index) && index >= 0 && index < this.size) return;
    throw new UsageError("FS-LOG-RANGE", `the log has ${this.size} entries; there is no entry ${index}`, {
      context: { index, size: this.size },
      fix: "Ask for an entry that is in the log.",
    });
  }

  #within(size: number): number {
    if (Number.isSafeInteger(size) && size >= 0 && size <= this.size) return size;
    throw new UsageError("FS-LOG-RANGE", `the log has ${this.size} entries, not ${size}`, {
      context: { asked: size, size: this.size },
      fix: "Ask for a size the log has reached.",
    });
  }

  /** Root of the first `size` entries. @throws UsageError FS-LOG-RANGE beyond the log. */
  async root(size = this.size): Promise<Uint8Array> {
    return this.#reader.root(this.#within(size), this.size);
  }

  /**
   * Inclusion proof of entry `index` in the tree of the first `size` entries.
   * @throws EnvironmentError FS-LOG-DAMAGED when tiles are damaged: a proof that does not verify is not handed out.
   */
  async proof(index: number, size = this.size): Promise<Uint8Array[]> {
    this.#inside(index);
    const { size: has, root: head } = this.head;
    const proof = await this.#reader.inclusionProof(index, this.#within(size), has);
    const root = size === has ? head : await this.#reader.root(size, has);
    const hash = leafHash(await this.#reader.item("entries", index, has));
    if (verifyInclusion({ index, size, leafHash: hash, proof, root })) return proof;
    throw damaged("tile", `the tiles and entry ${index} do not lead to the root of ${size} entries`);
  }

  /** Consistency proof from the first `from` to the first `to` entries. */
  async consistency(from: number, to = this.size): Promise<Uint8Array[]> {
    return this.#reader.consistencyProof(from, this.#within(to), this.size);
  }

  /** The attestation's exact bytes. */
  async entry(index: number): Promise<Uint8Array> {
    this.#inside(index);
    return copyOf(await this.#reader.item("entries", index, this.size));
  }

  /** Entries from `from` on, in order; each file is read once. */
  async *entries(from: number): AsyncGenerator<{ index: number; attestation: Uint8Array }> {
    const { size } = this;
    for (let index = from; index < size; ) {
      const tile = Math.floor(index / TILE_WIDTH);
      const items = await this.#reader.items("entries", tile, widthOf("entries", tile, size));
      for (; index < size && Math.floor(index / TILE_WIDTH) === tile; index++) {
        yield { index, attestation: items[index % TILE_WIDTH]! };
      }
    }
  }

  /** The readings of attestation `index`, or undefined when they were deleted. */
  async readings(index: number): Promise<Uint8Array[] | undefined> {
    this.#inside(index);
    return this.#reader.readings(index, this.size);
  }

  /** Deletes the readings of one attestation. Every proof of the log stays valid. */
  deleteReadings(index: number): Promise<void> {
    return this.#change(async () => {
      this.#inside(index);
      const tile = Math.floor(index / TILE_WIDTH);
      const full = pathOf("readings", tile);
      const partial = (await this.#files.list(`${full}.p`)).map((name) => `${full}.p/${name}`);
      const contents: FileContent[] = [];
      for (const path of [full, ...partial]) {
        const bytes = await this.#files.read(path);
        if (bytes === undefined || splitReadingsBundle(bytes).length <= index % TILE_WIDTH) continue;
        contents.push({ path, bytes: withoutPack(bytes, index % TILE_WIDTH) });
      }
      await replaceFiles(this.#files, contents);
    });
  }
}
