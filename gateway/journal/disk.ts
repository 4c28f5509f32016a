import { FieldsealError } from "../../protocols/bytes/index.ts";

/** An open segment file. Offsets and lengths of writes are multiples of the disk's `blockSize`. */
export interface DiskFile {
  readonly name: string;
  /** Length in bytes when it was opened or last extended by `write`. */
  readonly size: number;
  /** Fills `into` from offset `at`; returns the bytes read, fewer only at the end of the file. */
  read(at: number, into: Uint8Array): Promise<number>;
  /** Hands all bytes to the disk. They may be lost, in any part, until `sync` has resolved. */
  write(at: number, bytes: Uint8Array): Promise<void>;
  /** Writes all bytes; when it resolves they survive a power cut. A failure says nothing about what is on the disk. */
  writeDurable(at: number, bytes: Uint8Array): Promise<void>;
  /** Makes what `write` handed over survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The seam for durable storage: one directory of files. All methods throw EnvironmentError: FS-DISK-FULL (no space,
 * quota), FS-DISK-ACCESS (permission, read-only file system), FS-DISK-IO (everything else).
 */
export interface Disk {
  /** How people name it: the directory's path, `simulated`. */
  readonly name: string;
  /** What offsets, lengths and memory of writes must be a multiple of. Known after `start`. */
  readonly blockSize: number;
  /**
   * Makes the directory usable and its only user.
   * @throws EnvironmentError FS-JOURNAL-LOCKED when another living process holds it.
   */
  start(): Promise<void>;
  /** Gives the directory back. */
  stop(): Promise<void>;
  list(): Promise<string[]>;
  /** Bytes that files here may still grow by, as far as the file system says. */
  room(): Promise<number>;
  open(name: string, options?: { create?: boolean }): Promise<DiskFile>;
  /** Replaces `to` atomically. Durable after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  unlink(name: string): Promise<void>;
  /** Makes creations, renames and removals survive a power cut. */
  syncDirectory(): Promise<void>;
  /** Zeroed memory from which this disk writes without copying. */
  buffer(length: number): Uint8Array;
}

/** The disk has no room (or quota) for what was written: worth another try when there is. */
export const isDiskFull = (error: unknown): boolean => error instanceof FieldsealError && error.code === "FS-DISK-FULL";
