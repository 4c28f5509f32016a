import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { EnvironmentError, UsageError } from "../../protocols/bytes/index.ts";

/** Far more than any file of ours; a larger one is not ours. */
const MAX_FILE = 64 * 1024;

/** What an errno of the file system means for a secret file. */
export function fileError(path: string, cause: unknown): EnvironmentError {
  const errno = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  if (errno === "ENOENT" || errno === "ENOTDIR") {
    return new EnvironmentError("FS-KEY-MISSING", `${path} does not exist`, {
      context: { path },
      fix: "Restore it from a backup, or create keys with fieldseal init or pair. It is never replaced by itself.",
      cause,
    });
  }
  if (errno === "ELOOP") {
    return new EnvironmentError("FS-KEY-MODE", `${path} is a symbolic link`, {
      context: { path },
      fix: "Put the file itself in the key store.",
      cause,
    });
  }
  return new EnvironmentError("FS-KEY-IO", `${path}: ${errno}`, {
    context: { path, errno },
    fix: "Let the gateway's user read and write the key store, on a disk that has room.",
    cause,
  });
}

/** A file or folder of secrets belongs to us (or we are root) and to nobody else. */
function checkAccess(path: string, stats: Stats, want: "0600" | "0700"): void {
  const self = process.geteuid?.() ?? 0;
  if ((stats.mode & 0o077) !== 0) {
    throw new EnvironmentError("FS-KEY-MODE", `${path} has mode 0${(stats.mode & 0o777).toString(8)}`, {
      context: { path },
      fix: `chmod ${want} ${path}`,
    });
  }
  if (self !== 0 && stats.uid !== self) {
    throw new EnvironmentError("FS-KEY-MODE", `${path} belongs to user ${stats.uid}, not to ${self}`, {
      context: { path },
      fix: `chown ${self} ${path}, or run as its owner`,
    });
  }
}

/** @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE (wider than 0700, a link, another's). */
export function checkSecretDir(dir: string): void {
  let stats: Stats;
  try {
    stats = lstatSync(dir);
  } catch (cause) {
    throw fileError(dir, cause);
  }
  if (!stats.isDirectory()) {
    throw new EnvironmentError("FS-KEY-MODE", `${dir} is not a directory of its own`, {
      context: { path: dir },
      fix: "Name the directory itself: neither a file nor a symbolic link.",
    });
  }
  checkAccess(dir, stats, "0700");
}

/**
 * Reads a file that only its owner may read. The checks are made on the open file, so that it cannot be exchanged between
 * check and read.
 * @throws EnvironmentError FS-KEY-MISSING, FS-KEY-MODE, FS-KEY-IO.
 */
export function readSecretFile(path: string): Uint8Array {
  let fd: number;
  try {
    // Non-blocking: a FIFO in its place must not hang the start.
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw fileError(path, cause);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > MAX_FILE) {
      throw new EnvironmentError("FS-KEY-MODE", `${path} is not a plain small file`, {
        context: { path },
        fix: "Put the file itself there.",
      });
    }
    checkAccess(path, stats, "0600");
    const bytes = new Uint8Array(stats.size);
    let at = 0;
    for (let n = 1; n > 0 && at < bytes.length; at += n) n = readSync(fd, bytes, at, bytes.length - at, at);
    return bytes.subarray(0, at);
  } finally {
    closeSync(fd);
  }
}

export function syncDir(dir: string): void {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts a new 0600 file in place, whole and durable or not at all. `link` is used where `rename` would replace an existing file,
 * so two creators of one name cannot both succeed.
 * @returns false when the name was taken.
 * @throws EnvironmentError FS-KEY-IO.
 */
export function createSecretFile(path: string, bytes: Uint8Array): boolean {
  const dir = dirname(path);
  const temporary = join(dir, `.${randomBytes(9).toString("hex")}.tmp`);
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    try {
      linkSync(temporary, path);
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
      throw cause;
    } finally {
      unlinkSync(temporary);
    }
    syncDir(dir);
    return true;
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** The error for a name that is taken. */
export function existsError(path: string): UsageError {
  return new UsageError("FS-KEY-EXISTS", `${path} exists`, {
    context: { path },
    fix: "Keys are never overwritten: choose another name, or move the old file away yourself.",
  });
}
