/**
 * The seam for the published log's files: one folder, relative paths with `/`. All methods throw EnvironmentError:
 * FS-LOG-FULL (no space, quota), FS-LOG-ACCESS (permission, read-only file system), FS-LOG-IO (everything else).
 */
export interface LogFiles {
  /** How people name it: the folder's path, `memory`. */
  readonly name: string;
  /** Makes the folder usable. */
  start(): Promise<void>;
  /** The file's bytes, or undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names in a folder; none when it does not exist. */
  list(folder: string): Promise<string[]>;
  /** Writes a file, and its folders. When it resolves the bytes survive a power cut; the name does after `syncFolder`. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Replaces `to` atomically, making its folders. Survives a power cut after `syncFolder` of both folders. */
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a folder survive a power cut ("" is the top). */
  syncFolder(folder: string): Promise<void>;
  /** Removes a file; nothing when there is none. */
  remove(path: string): Promise<void>;
  /** Removes a folder and the files in it; nothing when there is none. */
  removeFolder(folder: string): Promise<void>;
}

export interface FileContent {
  path: string;
  bytes: Uint8Array;
}

/** Files under way; what is left here belongs to a write that was cut off. */
const TEMPORARY = ".tmp";

/** The folders a path lies in, innermost first, up to the top. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return [...parts.map((_, i) => parts.slice(0, parts.length - i).join("/")), ""];
}

/**
 * Replaces files, each atomically: written aside, synced, renamed, names synced. When it resolves all of them survive a
 * power cut; when it is cut off each is the old or the new one.
 */
export async function replaceFiles(files: LogFiles, contents: readonly FileContent[]): Promise<void> {
  const aside = (i: number) => `${TEMPORARY}/${i}`;
  await eachAtOnce(contents, (i, { bytes }) => files.write(aside(i), bytes));
  for (const [i, { path }] of contents.entries()) await files.rename(aside(i), path);
  // A new folder is a name in the one above it, so every folder up to the top is synced, innermost first.
  const folders = new Set(contents.flatMap(({ path }) => foldersOf(path)));
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) await files.syncFolder(folder);
}

/** Files written at once: their syncs share the file system's commits, and the journal's next commit finds a free thread. */
const AT_ONCE = 3;

/** Runs `work` over all items, a few at once; after a failure it waits for what is under way, begins no more and throws. */
async function eachAtOnce<T>(items: readonly T[], work: (index: number, item: T) => Promise<void>): Promise<void> {
  const left = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [i, item] of left) {
      if (failed) return;
      await work(i, item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Removes what a cut-off `replaceFiles` left aside. */
export async function removeLeftovers(files: LogFiles): Promise<void> {
  await files.removeFolder(TEMPORARY);
}
