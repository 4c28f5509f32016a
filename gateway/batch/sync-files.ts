import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { logError } from "./node-log-files.ts";

/** Runs file work of the published log and gives its failures their codes. @throws EnvironmentError FS-LOG-*. */
export function onFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw logError(path, cause);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Replaces a small file atomically, making its folder; durable when this returns.
 * @throws EnvironmentError FS-LOG-FULL, FS-LOG-ACCESS, FS-LOG-IO: the file is then as it was.
 */
export function replaceFileSync(path: string, text: string): void {
  onFile(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = `${path}.new`;
    const file = openSync(temporary, "w", 0o644);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  });
}
