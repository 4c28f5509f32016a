import * as fs from "node:fs";
import { join } from "node:path";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { DirectoryLock } from "./directory-lock.ts";
import type { Disk, DiskFile } from "./disk.ts";

const { O_CREAT, O_DIRECT, O_DSYNC, O_RDONLY, O_RDWR, O_TRUNC } = fs.constants;
const PAGE = 65_536;
const PROBE = "probe.new";

export interface NodeDiskOptions {
  /** Created, with mode 0700, when absent. */
  directory: string;
  /** Random bytes, for the name of the lock. */
  random: (bytes: number) => Uint8Array;
  /**
   * `direct` (default where the file system takes it): writes go past the page cache, so that a commit costs its own
   * sectors and not whole pages. `cached`: through the page cache.
   */
  write?: "direct" | "cached";
  /** `one` (default on Linux): write and flush in one system call (O_DSYNC). `two`: write, then fdatasync. */
  commit?: "one" | "two";
}

interface Mode {
  flags: number;
  sync: boolean;
}

/** A directory of a local file system. Every call runs on libuv's pool: a slow disk never holds up the main thread. */
export class NodeDisk implements Disk {
  readonly name: string;
  #blockSize = 512;
  #mode: Mode = { flags: 0, sync: true };
  readonly #options: NodeDiskOptions;
  readonly #lock: DirectoryLock;

  constructor(options: NodeDiskOptions) {
    this.#options = options;
    this.name = options.directory;
    this.#lock = new DirectoryLock(options.directory, Buffer.from(options.random(4)).toString("hex"));
  }

  get blockSize(): number {
    return this.#blockSize;
  }

  /** Whether writes go past the page cache. */
  get direct(): boolean {
    return O_DIRECT !== undefined && (this.#mode.flags & O_DIRECT) !== 0;
  }

  async start(): Promise<void> {
    await attempt("create", this.name, (done) =>
      fs.mkdir(this.name, { recursive: true, mode: 0o700 }, (error) => done(error)),
    );
    await this.#lock.take();
    try {
      await this.#probe();
    } catch (error) {
      await this.#lock.release();
      throw error;
    }
  }

  /** Finds out how this file system may be written: directly in sectors, in 4 KiB blocks, or through the page cache only. */
  async #probe(): Promise<void> {
    const { write = "direct", commit = process.platform === "linux" ? "one" : "two" } = this.#options;
    // macOS knows O_DSYNC but only fdatasync, as libuv calls it, empties the drive's own cache.
    const flush =
      commit === "one" && O_DSYNC !== undefined ? { flags: O_DSYNC, sync: false } : { flags: 0, sync: true };
    this.#mode = flush;
    this.#blockSize = 512;
    if (write === "cached" || O_DIRECT === undefined) return;
    const path = join(this.name, PROBE);
    for (const block of [512, 4096]) {
      const bytes = alignedBytes(block);
      if (!bytes) return;
      try {
        const fd = await attempt<number>("open", path, (done) =>
          fs.open(path, O_RDWR | O_CREAT | O_DIRECT, 0o600, done),
        );
        try {
          await attempt<number>("write", path, (done) => fs.write(fd, bytes, 0, block, block, done));
        } finally {
          await attempt("close", path, (done) => fs.close(fd, done));
        }
        this.#mode = { ...flush, flags: flush.flags | O_DIRECT };
        this.#blockSize = block;
        break;
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    }
    await attempt("unlink", path, (done) => fs.unlink(path, done)).catch(() => undefined); // It may not exist.
  }

  async stop(): Promise<void> {
    await this.#lock.release();
  }

  list(): Promise<string[]> {
    return attempt("list", this.name, (done) => fs.readdir(this.name, done));
  }

  async room(): Promise<number> {
    const { bavail, bsize } = await attempt<fs.StatsFs>("stat", this.name, (done) => fs.statfs(this.name, done));
    return bavail * bsize;
  }

  async open(name: string, { create = false } = {}): Promise<DiskFile> {
    const path = join(this.name, name);
    const flags = O_RDWR | (create ? O_CREAT | O_TRUNC : 0);
    const fd = await attempt<number>("open", path, (done) => fs.open(path, flags, 0o600, done));
    const stats = await attempt<fs.Stats>("stat", path, (done) => fs.fstat(fd, done));
    return new NodeFile(name, path, fd, stats.size, this.#mode, this.#blockSize);
  }

  rename(from: string, to: string): Promise<void> {
    return attempt("rename", from, (done) => fs.rename(join(this.name, from), join(this.name, to), done));
  }

  unlink(name: string): Promise<void> {
    return attempt("unlink", name, (done) => fs.unlink(join(this.name, name), done));
  }

  async syncDirectory(): Promise<void> {
    if (process.platform === "win32") return; // NTFS journals names itself and cannot open a directory.
    const fd = await attempt<number>("open", this.name, (done) => fs.open(this.name, O_RDONLY, done));
    try {
      await attempt("sync", this.name, (done) => fs.fsync(fd, done));
    } finally {
      await attempt("close", this.name, (done) => fs.close(fd, done));
    }
  }

  buffer(length: number): Uint8Array {
    return (this.direct ? alignedBytes(length) : undefined) ?? new Uint8Array(length);
  }
}

/** The part of the WebAssembly interface that is used; neither Node's nor our own types need the browser's. */
interface WebAssemblyHost {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
}

/** Direct writes need memory that starts on a block; WebAssembly's is the only page-aligned memory that Node gives. */
function alignedBytes(length: number): Uint8Array | undefined {
  const host = (globalThis as { WebAssembly?: WebAssemblyHost }).WebAssembly;
  try {
    return host && new Uint8Array(new host.Memory({ initial: Math.ceil(length / PAGE) }).buffer, 0, length);
  } catch {
    return undefined; // No address space for it: the first direct write is refused and goes through the page cache.
  }
}

class NodeFile implements DiskFile {
  readonly name: string;
  readonly #path: string;
  /** For reads and bulk writes, through the page cache. */
  readonly #fd: number;
  /** For commits; opened with the first. */
  #commits: Promise<number> | undefined;
  #mode: Mode;
  readonly #blockSize: number;
  size: number;

  constructor(name: string, path: string, fd: number, size: number, mode: Mode, blockSize: number) {
    this.name = name;
    this.#path = path;
    this.#fd = fd;
    this.size = size;
    this.#mode = mode;
    this.#blockSize = blockSize;
  }

  async read(at: number, into: Uint8Array): Promise<number> {
    let got = 0;
    while (got < into.length) {
      const read = await attempt<number>("read", this.#path, (done) =>
        fs.read(this.#fd, into, got, into.length - got, at + got, done),
      );
      if (read === 0) break;
      got += read;
    }
    return got;
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    await this.#writeAll(this.#fd, at, bytes, 1);
    this.size = Math.max(this.size, at + bytes.length);
  }

  async writeDurable(at: number, bytes: Uint8Array): Promise<void> {
    const direct = O_DIRECT !== undefined && (this.#mode.flags & O_DIRECT) !== 0;
    try {
      this.#commits ??= attempt<number>("open", this.#path, (done) =>
        fs.open(this.#path, O_RDWR | this.#mode.flags, 0o600, done),
      );
      await this.#writeAll(await this.#commits, at, bytes, direct ? this.#blockSize : 1);
    } catch (error) {
      if (!direct || !isRefused(error)) throw error;
      // This journal was made for smaller blocks than this disk takes (it was moved): through the page cache then.
      const fd = await this.#commits?.catch(() => undefined);
      this.#commits = undefined;
      this.#mode = { ...this.#mode, flags: this.#mode.flags & ~O_DIRECT };
      if (fd !== undefined) await attempt("close", this.#path, (done) => fs.close(fd, done));
      return this.writeDurable(at, bytes);
    }
    if (this.#mode.sync) {
      const fd = await this.#commits;
      await attempt("sync", this.#path, (done) => fs.fdatasync(fd, done));
    }
  }

  /** A write may be cut short: what is left goes on at the last whole block. */
  async #writeAll(fd: number, at: number, bytes: Uint8Array, block: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const written = await attempt<number>("write", this.#path, (callback) =>
        fs.write(fd, bytes, done, bytes.length - done, at + done, callback),
      );
      const whole = done + written === bytes.length ? written : written - (written % block);
      if (whole === 0) {
        throw new EnvironmentError("FS-DISK-IO", `the disk took ${written} of ${bytes.length - done} bytes`, {
          context: { path: this.#path, at: at + done },
          fix: "Check the disk.",
        });
      }
      done += whole;
    }
  }

  async sync(): Promise<void> {
    await attempt("sync", this.#path, (done) => fs.fdatasync(this.#fd, done));
  }

  async close(): Promise<void> {
    const commits = await this.#commits?.catch(() => undefined);
    this.#commits = undefined;
    if (commits !== undefined) await attempt("close", this.#path, (done) => fs.close(commits, done));
    await attempt("close", this.#path, (done) => fs.close(this.#fd, done));
  }
}

type Callback<T> = (error: NodeJS.ErrnoException | null, ...result: T extends void ? [] : [T]) => void;

/** One call of node:fs as a promise of our errors. */
function attempt<T = void>(what: string, path: string, call: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, ...result) => {
      if (error) reject(diskError(what, path, error));
      else resolve(result[0] as T);
    });
  });
}

const isRefused = (error: unknown): boolean =>
  error instanceof EnvironmentError && (error.context["errno"] === "EINVAL" || error.context["errno"] === "EOPNOTSUPP");

function diskError(what: string, path: string, cause: NodeJS.ErrnoException): EnvironmentError {
  const context = { path, errno: cause.code };
  switch (cause.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new EnvironmentError("FS-DISK-FULL", `cannot ${what} ${path}: no space left`, {
        cause,
        context,
        fix: "Free disk space or raise the quota.",
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new EnvironmentError("FS-DISK-ACCESS", `cannot ${what} ${path}: ${cause.code}`, {
        cause,
        context,
        fix: "Give this user the right to write there.",
      });
    default:
      return new EnvironmentError("FS-DISK-IO", `cannot ${what} ${path}: ${cause.code ?? cause.message}`, {
        cause,
        context,
        fix: "Check the disk and its file system.",
      });
  }
}
