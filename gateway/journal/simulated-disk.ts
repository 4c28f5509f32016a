import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { Disk, DiskFile } from "./disk.ts";

const SECTOR = 512;

/** What a directory holds: file contents by name. */
export type DiskImage = Map<string, Uint8Array>;

export type DiskOperation =
  | { kind: "write"; name: string; at: number; length: number }
  | { kind: "sync" | "create" | "unlink"; name: string }
  | { kind: "rename"; name: string; to: string }
  | { kind: "sync-directory"; name: string };

/** An operation that goes wrong: what it throws, and for a write how many bytes reach the cache before. */
export interface DiskFault {
  error: EnvironmentError;
  written?: number;
}

interface Inode {
  /** What a power cut leaves for certain. */
  durable: Uint8Array;
  /** What reads see. */
  cache: Uint8Array;
  /** Sectors whose cached content may or may not be on the disk. */
  dirty: Set<number>;
  /** Memory for what a crash leaves, used again for the next. */
  scratch: Uint8Array;
}

const inodeOf = (bytes: Uint8Array): Inode => ({
  durable: bytes.slice(),
  cache: bytes.slice(),
  dirty: new Set(),
  scratch: new Uint8Array(bytes.length),
});

type NameChange = (names: Map<string, Inode>) => void;

export const diskFull = (): EnvironmentError => new EnvironmentError("FS-DISK-FULL", "no space left (simulated)");
export const diskError = (): EnvironmentError => new EnvironmentError("FS-DISK-IO", "input/output error (simulated)");

/**
 * The memory twin of a disk, with a volatile cache in front of it. A power cut keeps any subset of the 512-byte sectors
 * and of the directory changes that were not synced. A sync that fails drops what it should have written and lets
 * reads go on seeing it, as page caches do.
 */
export class SimulatedDisk implements Disk {
  readonly name = "simulated";
  readonly blockSize = SECTOR;
  /** Room for all files, in bytes. */
  capacity = Number.POSITIVE_INFINITY;
  /** A disk that says "synced" and has not done it: what the tests must notice. */
  liesAboutSync = false;
  /** Asked before each operation. */
  fault: ((operation: DiskOperation) => DiskFault | undefined) | undefined;
  /** Told after each operation, while what it wrote is not synced yet: the moments a power cut is worth trying. */
  onOperation: ((operation: DiskOperation) => void) | undefined;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: NameChange[] = [];

  constructor(image: DiskImage = new Map()) {
    for (const [name, bytes] of image) {
      this.#names.set(name, inodeOf(bytes));
    }
    this.#durableNames = new Map(this.#names);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  buffer(length: number): Uint8Array {
    return new Uint8Array(length);
  }

  async list(): Promise<string[]> {
    return [...this.#names.keys()];
  }

  async room(): Promise<number> {
    return this.capacity - this.#used;
  }

  /** The process is killed, the machine runs on: this object does nothing more, the returned one has what it had. */
  kill(): SimulatedDisk {
    const survivor = new SimulatedDisk();
    survivor.#names = this.#names;
    survivor.#durableNames = this.#durableNames;
    survivor.#changes = this.#changes;
    this.#names = new Map();
    this.#durableNames = new Map();
    this.#changes = [];
    this.onOperation = undefined;
    this.fault = () => ({ error: diskError() });
    return survivor;
  }

  /** A copy of the directory as reads see it now. */
  image(): DiskImage {
    return new Map([...this.#names].map(([name, inode]) => [name, inode.cache.slice()]));
  }

  /**
   * One directory that a power cut at this moment can leave; its bytes are overwritten by the next call.
   * @param random yields numbers in [0, 1).
   */
  crash(random: () => number): DiskImage {
    const names = new Map(this.#durableNames);
    for (const change of this.#changes) if (random() < 0.5) change(names);
    // Half of the sectors is the dullest case: most, few, all and none come up as often.
    const survival = [0, 0.15, 0.5, 0.85, 1][Math.floor(random() * 5)]!;
    const image: DiskImage = new Map();
    for (const [name, inode] of names) image.set(name, survivors(inode, survival, random));
    return image;
  }

  async open(name: string, { create = false } = {}): Promise<DiskFile> {
    let inode = this.#names.get(name);
    if (inode === undefined) {
      if (!create) throw new EnvironmentError("FS-DISK-IO", `no file ${name}`);
      const operation: DiskOperation = { kind: "create", name };
      this.#check(operation);
      inode = inodeOf(new Uint8Array(0));
      const made = inode;
      this.#change((names) => void names.set(name, made));
      this.onOperation?.(operation);
    }
    return this.#file(name, inode);
  }

  async rename(from: string, to: string): Promise<void> {
    const operation: DiskOperation = { kind: "rename", name: from, to };
    this.#check(operation);
    this.#change((names) => {
      const inode = names.get(from);
      if (!inode) return;
      names.delete(from);
      names.set(to, inode);
    });
    this.onOperation?.(operation);
  }

  async unlink(name: string): Promise<void> {
    const operation: DiskOperation = { kind: "unlink", name };
    this.#check(operation);
    this.#change((names) => void names.delete(name));
    this.onOperation?.(operation);
  }

  async syncDirectory(): Promise<void> {
    const operation: DiskOperation = { kind: "sync-directory", name: "." };
    this.#check(operation);
    if (this.liesAboutSync) return;
    this.#durableNames = new Map(this.#names);
    this.#changes = [];
    this.onOperation?.(operation);
  }

  #change(change: NameChange): void {
    change(this.#names);
    this.#changes.push(change);
  }

  #check(operation: DiskOperation): void {
    const fault = this.fault?.(operation);
    if (fault) throw fault.error;
  }

  get #used(): number {
    let bytes = 0;
    for (const { cache } of this.#names.values()) bytes += cache.length;
    return bytes;
  }

  #write(inode: Inode, at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > inode.cache.length) {
      const grown = new Uint8Array(end);
      grown.set(inode.cache);
      inode.cache = grown;
    }
    inode.cache.set(bytes, at);
    for (let sector = Math.floor(at / SECTOR); sector * SECTOR < end; sector++) inode.dirty.add(sector);
  }

  #file(name: string, inode: Inode): DiskFile {
    const write = async (at: number, bytes: Uint8Array): Promise<void> => {
      const operation: DiskOperation = { kind: "write", name, at, length: bytes.length };
      const fault = this.fault?.(operation);
      if (fault) {
        this.#write(inode, at, bytes.subarray(0, fault.written ?? 0));
        throw fault.error;
      }
      if (this.#used + Math.max(0, at + bytes.length - inode.cache.length) > this.capacity) throw diskFull();
      this.#write(inode, at, bytes);
      this.onOperation?.(operation);
    };
    const sync = async (): Promise<void> => {
      const operation: DiskOperation = { kind: "sync", name };
      const fault = this.fault?.(operation);
      if (fault) {
        inode.dirty.clear();
        throw fault.error;
      }
      if (this.liesAboutSync) return;
      inode.durable = survivors(inode, 1, () => 0).slice();
      inode.dirty.clear();
      this.onOperation?.(operation);
    };
    return {
      name,
      size: inode.cache.length,
      async read(at, into) {
        const part = inode.cache.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write,
      sync,
      async writeDurable(at, bytes) {
        await write(at, bytes);
        await sync();
      },
      async close() {},
    };
  }
}

/** The durable content with each dirty sector replaced by the cached one with probability `chance`; in scratch memory. */
function survivors(inode: Inode, chance: number, random: () => number): Uint8Array {
  const { durable, cache, dirty } = inode;
  if (inode.scratch.length < cache.length) inode.scratch = new Uint8Array(cache.length);
  const bytes = inode.scratch;
  bytes.set(durable);
  let length = durable.length;
  for (const sector of dirty) {
    if (chance < 1 && random() >= chance) continue;
    const at = sector * SECTOR;
    const end = Math.min(at + SECTOR, cache.length);
    if (at > length) bytes.fill(0, length, at);
    bytes.set(cache.subarray(at, end), at);
    length = Math.max(length, end);
  }
  return bytes.subarray(0, length);
}
