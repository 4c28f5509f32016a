import { EnvironmentError, InternalError } from "../../protocols/bytes/index.ts";
import { type Disk, type DiskFile, isDiskFull } from "./disk.ts";
import { encodeSegmentHead, firstGroup, type SegmentHead } from "./format.ts";
import type { Recovery } from "./report.ts";

const NAME = /^\d{8}\.seg$/;
const UNFINISHED = ".new";
const ZEROS = 1 << 20;

export interface SegmentSetOptions {
  disk: Disk;
  /** Released files kept for reuse; more are removed. */
  spare: number;
}

interface Opened {
  ordinal: number;
  file: DiskFile;
}

/** The segment files: which are in use, which can be used again, and making new ones. */
export class SegmentSet {
  readonly #disk: Disk;
  readonly #spare: number;
  #head: SegmentHead = { ordinal: 0, segmentBytes: 0, align: 0, key: new Uint8Array(8) };
  #live = new Map<number, string>();
  #free: string[] = [];
  #lastName = 0;
  #current: Opened | undefined;
  #prepared: Opened | undefined;
  #preparing: Promise<void> | undefined;
  #removing: Promise<void> = Promise.resolve();
  #zeroed = 0;
  #header: Uint8Array | undefined;
  /** Why a segment could not be made ready: what a failed sync left is unknown, so it is not tried again. */
  #broken: unknown;

  constructor({ disk, spare }: SegmentSetOptions) {
    this.#disk = disk;
    this.#spare = spare;
  }

  /** Bytes of zeros written into new files. */
  get zeroed(): number {
    return this.#zeroed;
  }

  get count(): number {
    return this.#live.size;
  }

  get spare(): number {
    return this.#free.length + (this.#prepared ? 1 : 0);
  }

  /** Segment files present; what a crash left half made is removed. */
  async survey(): Promise<string[]> {
    const names = await this.#disk.list();
    for (const name of names) if (name.endsWith(UNFINISHED)) await this.#disk.unlink(name);
    // The process before may have been killed between naming a file and making the name durable.
    await this.#disk.syncDirectory();
    const segments = names.filter((name) => NAME.test(name)).sort();
    this.#lastName = Number.parseInt(segments.at(-1) ?? "0", 10);
    return segments;
  }

  /** Takes over what recovery found, or starts a new journal with `head` when there was nothing. */
  async adopt(recovery: Recovery, head: SegmentHead): Promise<void> {
    this.#head = head;
    this.#free = [...recovery.free];
    if (recovery.head === undefined) {
      await this.prepare(1);
      await this.take(1);
      return;
    }
    for (const { ordinal, file } of recovery.live) this.#live.set(ordinal, file);
    const { ordinal } = recovery.tail;
    this.#current = { ordinal, file: await this.#disk.open(this.#name(ordinal)) };
    if (recovery.prepared) {
      this.#prepared = { ordinal: ordinal + 1, file: await this.#disk.open(recovery.prepared.file) };
    }
  }

  #name(ordinal: number): string {
    const name = this.#live.get(ordinal);
    if (name === undefined) throw new InternalError("FS-JOURNAL-SEGMENT", `segment ${ordinal} is not in use`);
    return name;
  }

  /** The open file of the segment being written. */
  current(ordinal: number): DiskFile {
    if (this.#current?.ordinal !== ordinal) {
      throw new InternalError("FS-JOURNAL-SEGMENT", `segment ${ordinal} is not the one being written`);
    }
    return this.#current.file;
  }

  /** Makes segment `ordinal` ready before it is needed: a released file, or a new one filled with zeros. Joins a call under way. */
  prepare(ordinal: number): Promise<void> {
    if (this.#prepared?.ordinal === ordinal) return Promise.resolve();
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#preparing ??= this.#prepare(ordinal).then(
      () => {
        this.#preparing = undefined;
      },
      (error: unknown) => {
        this.#preparing = undefined;
        if (!isDiskFull(error)) this.#broken = error;
        throw error;
      },
    );
    return this.#preparing;
  }

  async #prepare(ordinal: number): Promise<void> {
    const file = (await this.#reuse()) ?? (await this.#create());
    try {
      this.#header ??= this.#disk.buffer(firstGroup(this.#head.align));
      const header = this.#header;
      encodeSegmentHead({ ...this.#head, ordinal }, header);
      await file.writeDurable(0, header);
    } catch (error) {
      await file.close();
      // Its header may say `ordinal` already: no other file may get that, so another try takes this one.
      this.#free.unshift(file.name);
      throw error;
    }
    this.#prepared = { ordinal, file };
  }

  /** A released file; one of another size (left from a configuration that never held a record) is removed. */
  async #reuse(): Promise<DiskFile | undefined> {
    for (let name = this.#free.shift(); name !== undefined; name = this.#free.shift()) {
      const file = await this.#disk.open(name);
      if (file.size === this.#head.segmentBytes) return file;
      await file.close();
      await this.#disk.unlink(name);
    }
    return undefined;
  }

  /** A new file of zeros: named only when all of it is on the disk, so that a half-filled one is never met. */
  async #create(): Promise<DiskFile> {
    const name = `${String(this.#lastName + 1).padStart(8, "0")}.seg`;
    const unfinished = name + UNFINISHED;
    const { segmentBytes } = this.#head;
    if ((await this.#disk.room()) < segmentBytes) {
      // Known without writing: a full disk is tried every second, and flash wears.
      throw new EnvironmentError(
        "FS-DISK-FULL",
        `no room in ${this.#disk.name} for a segment of ${segmentBytes} bytes`,
        {
          fix: "Free disk space.",
        },
      );
    }
    const file = await this.#disk.open(unfinished, { create: true });
    try {
      const zeros = new Uint8Array(Math.min(ZEROS, segmentBytes));
      for (let at = 0; at < segmentBytes; at += zeros.length) {
        await file.write(at, zeros.subarray(0, Math.min(zeros.length, segmentBytes - at)));
      }
      await file.sync();
    } catch (error) {
      await file.close();
      await this.#disk.unlink(unfinished).catch(() => undefined); // The next open removes it.
      throw error;
    }
    await file.close();
    await this.#disk.rename(unfinished, name);
    await this.#disk.syncDirectory();
    this.#lastName++;
    this.#zeroed += segmentBytes;
    return this.#disk.open(name);
  }

  /** Makes the prepared segment the one being written. */
  async take(ordinal: number): Promise<void> {
    await this.prepare(ordinal);
    const previous = this.#current;
    this.#current = this.#prepared;
    this.#prepared = undefined;
    this.#live.set(ordinal, this.#current!.file.name);
    await previous?.file.close();
  }

  /**
   * Gives segments below `ordinal` free for reuse, and removes files beyond the spare ones. Call it only when a durable
   * group says that they are released.
   */
  release(below: number): Promise<void> {
    for (const [ordinal, name] of this.#live) {
      if (ordinal >= below || ordinal === this.#current?.ordinal) continue;
      this.#live.delete(ordinal);
      this.#free.push(name);
    }
    // One after another, so that a backlog of thousands does not fill libuv's pool in front of the next commit.
    this.#removing = this.#removing.then(async () => {
      while (this.#free.length > this.#spare) await this.#disk.unlink(this.#free.pop()!);
    });
    return this.#removing;
  }

  /** Reads from a segment in use. */
  async read(ordinal: number, at: number, into: Uint8Array): Promise<number> {
    const name = this.#live.get(ordinal);
    if (name === undefined) {
      throw new EnvironmentError("FS-JOURNAL-RELEASED", `segment ${ordinal} is released, its records are gone`, {
        fix: "Read the entry from the log store.",
      });
    }
    const file = await this.#disk.open(name);
    try {
      return await file.read(at, into);
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    // Their callers have been told what went wrong.
    await this.#preparing?.catch(() => undefined);
    await this.#removing.catch(() => undefined);
    await this.#prepared?.file.close();
    await this.#current?.file.close();
    this.#prepared = undefined;
    this.#current = undefined;
  }
}
