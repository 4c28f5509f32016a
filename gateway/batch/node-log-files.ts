import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { LogFiles } from "./log-files.ts";

const codeOf = (cause: unknown) => (cause instanceof Error && "code" in cause ? String(cause.code) : "unknown");

export function logError(path: string, cause: unknown): EnvironmentError {
  const errno = codeOf(cause);
  const options = { context: { path, errno }, cause };
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new EnvironmentError("FS-LOG-FULL", `${path}: no space left`, {
      ...options,
      fix: "Make room on the disk; the log goes on by itself.",
    });
  }
  if (errno === "EACCES" || errno === "EPERM" || errno === "EROFS") {
    return new EnvironmentError("FS-LOG-ACCESS", `${path}: ${errno}`, {
      ...options,
      fix: "Let the gateway's user write the data directory.",
    });
  }
  return new EnvironmentError("FS-LOG-IO", `${path}: ${errno}`, {
    ...options,
    fix: "Check the disk; the journal still holds what the log does not.",
  });
}

/** The log's files in a folder of the file system. */
export function nodeLogFiles(folder: string): LogFiles {
  const at = (path: string) => join(folder, path);

  /** Runs an operation; where a missing file is an answer, `missing` is that answer. */
  async function run<T>(path: string, work: () => Promise<T>, ...missing: [] | [T]): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (missing.length === 1 && codeOf(cause) === "ENOENT") return missing[0];
      throw logError(at(path), cause);
    }
  }

  /** Makes a name; the folders above it are made when they turn out to be missing. */
  async function place<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw cause;
      await mkdir(dirname(at(path)), { recursive: true });
      return work();
    }
  }

  return {
    name: folder,
    start: () => run("", async () => void (await mkdir(folder, { recursive: true }))),
    read: (path) => run<Uint8Array | undefined>(path, async () => new Uint8Array(await readFile(at(path))), undefined),
    list: (path) => run<string[]>(path, () => readdir(at(path)), []),
    write: (path, bytes) =>
      run(path, async () => {
        const file = await place(path, () => open(at(path), "w"));
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
      }),
    rename: (from, to) => run(to, () => place(to, () => rename(at(from), at(to)))),
    syncFolder: (path) =>
      run(path, async () => {
        const handle = await open(at(path), "r");
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      }),
    remove: (path) => run(path, () => rm(at(path), { force: true })),
    removeFolder: (path) => run(path, () => rm(at(path), { force: true, recursive: true })),
  };
}
