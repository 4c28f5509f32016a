import type { Timer } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, type FieldsealError, UsageError } from "../../protocols/bytes/index.ts";
import { Committer } from "./committer.ts";
import {
  alignUp,
  epochGuard,
  firstGroup,
  GROUP_HEADER,
  RECORD_HEADER,
  recordEnd,
  type SegmentHead,
  type StaleGuard,
  viewOf,
} from "./format.ts";
import { Group } from "./group.ts";
import { openJournal } from "./open-journal.ts";
import type { Appended, JournalInput, JournalMetrics, JournalOptions, JournalState } from "./options.ts";
import type { JournalRecord, OnRecord, RecoveryReport } from "./report.ts";
import { SegmentSet } from "./segments.ts";

/** What a first read of one record asks for, and the slack of a group's buffer. */
const SMALL = 4096;
/** Buffers kept for the next groups: one is filled while one is written. */
const KEPT_BUFFERS = 2;

/**
 * The one source of truth: an append-only sequence of records in recycled segment files. A record's promise resolves
 * when it survives a power cut; records of one call become durable together or not at all; order is the order of calls.
 */
export class Journal {
  /** Told after every change of `state`. */
  onState: ((state: JournalState) => void) | undefined;
  readonly #options: JournalOptions;
  readonly #guard: StaleGuard;
  readonly #limits: { commitMs: number; groupBytes: number; pendingBytes: number };
  readonly #segments: SegmentSet;
  readonly #committer: Committer;
  #state: JournalState = "closed";
  #stopping = false;
  #failure: unknown;
  #head: SegmentHead | undefined;
  /** Where the next group goes. */
  #cursor = { ordinal: 0, offset: 0 };
  /** Positions below are durable. */
  #end = 0;
  #number = 1;
  #floor = 0;
  /** Taking records. */
  #group: Group | undefined;
  /** Complete, waiting for the disk in this order; the first may be on its way. */
  #sealed: Group[] = [];
  #due = false;
  #timer: Timer | undefined;
  #timing = false;
  #buffers: Uint8Array[] = [];
  #waiting: (() => void)[] = [];
  #pending = { records: 0, bytes: 0 };
  #totals = { bytes: 0, records: 0, groups: 0, written: 0, refused: 0 };

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#guard = options.guard ?? epochGuard;
    this.#limits = {
      commitMs: options.commitMs ?? 20,
      groupBytes: options.groupBytes ?? 512 << 10,
      pendingBytes: options.pendingBytes ?? 8 << 20,
    };
    this.#segments = new SegmentSet({ disk: options.disk, spare: options.spareSegments ?? 2 });
    this.#committer = new Committer({
      clock: options.clock,
      segments: this.#segments,
      retryMs: options.retryMs ?? 1000,
      next: () => this.#next(),
      onDurable: (group, written) => this.#durable(group, written),
      onFull: (full) => this.#setState(full ? "full" : "open"),
      onFailed: (cause) => {
        this.#failure = cause;
        this.#setState("failed");
        this.#drop(this.#refusal());
      },
    });
  }

  get state(): JournalState {
    return this.#state;
  }

  get metrics(): JournalMetrics {
    const oldest = this.#sealed[0] ?? this.#group;
    return {
      state: this.#state,
      ...this.#totals,
      zeroed: this.#segments.zeroed,
      pending: this.#pending.records,
      pendingBytes: this.#pending.bytes,
      oldestPendingMs: oldest ? this.#options.clock.monotonic() - oldest.since : 0,
      segments: this.#segments.count,
      spareSegments: this.#segments.spare,
    };
  }

  /**
   * Takes the directory for this process, recovers, and hands out every record that is not released, in order.
   * @throws EnvironmentError FS-JOURNAL-LOCKED, FS-JOURNAL-UNREADABLE, FS-DISK-*.
   */
  async open(onRecord: OnRecord = () => undefined): Promise<RecoveryReport> {
    if (this.#head) throw new UsageError("FS-JOURNAL-USE", "a journal object is opened once");
    const { disk, random, segmentBytes = 8 << 20 } = this.#options;
    await disk.start();
    try {
      const recovery = await openJournal(disk, await this.#segments.survey(), this.#guard, onRecord);
      const align = disk.blockSize;
      const head = recovery.head ?? { ordinal: 1, segmentBytes: alignUp(segmentBytes, align), align, key: random(8) };
      await this.#segments.adopt(recovery, head);
      this.#head = head;
      this.#cursor = recovery.head ? recovery.tail : { ordinal: 1, offset: firstGroup(head.align) };
      this.#end = this.#position(this.#cursor.ordinal, this.#cursor.offset);
      this.#number = recovery.nextNumber;
      this.#floor = recovery.floor;
      this.#committer.start({ ...head, ordinal: this.#cursor.ordinal, floor: recovery.floor });
      this.#setState("open");
      return recovery.report;
    } catch (error) {
      await this.#segments.close();
      await disk.stop();
      throw error;
    }
  }

  /** Appends one record; resolves to its position when it survives a power cut. @throws as `put`. */
  async append(kind: number, payload: Uint8Array): Promise<bigint> {
    const { position, durable } = this.putOne(kind, payload);
    await durable;
    return position;
  }

  /** Appends records that become durable together or not at all; resolves to their positions. @throws as `put`. */
  async appendAll(records: readonly JournalInput[]): Promise<bigint[]> {
    const { positions, durable } = this.put(records);
    await durable;
    return positions;
  }

  /**
   * Queues records and says at once where they will stand. Order of calls is order in the journal.
   * @throws EnvironmentError FS-JOURNAL-BUSY or FS-JOURNAL-FULL: too much waits for the disk, await `ready()`;
   * FS-JOURNAL-FAILED. @throws UsageError FS-JOURNAL-TOO-LARGE, FS-JOURNAL-USE.
   */
  put(records: readonly JournalInput[]): Appended {
    let length = 0;
    for (const { payload } of records) length += RECORD_HEADER + payload.length;
    const group = this.#admit(length);
    const positions = records.map(({ kind, payload }) => this.#add(group, kind, payload));
    this.#admitted(group, records.length, length);
    return { positions, durable: group.durable };
  }

  /** `put` of one record. */
  putOne(kind: number, payload: Uint8Array): { position: bigint; durable: Promise<void> } {
    const length = RECORD_HEADER + payload.length;
    const group = this.#admit(length);
    const position = this.#add(group, kind, payload);
    this.#admitted(group, 1, length);
    return { position, durable: group.durable };
  }

  /** The group that takes `length` bytes of records, unless too much waits already. */
  #admit(length: number): Group {
    this.#assertUsable();
    if (this.#pending.bytes >= this.#limits.pendingBytes) {
      this.#totals.refused++;
      throw this.#refusal();
    }
    return this.#room(length);
  }

  #add(group: Group, kind: number, payload: Uint8Array): bigint {
    const position = this.#position(group.ordinal, group.next);
    group.add(kind, payload);
    return BigInt(position);
  }

  #admitted(group: Group, records: number, length: number): void {
    this.#pending.records += records;
    this.#pending.bytes += length;
    this.#schedule(group.length >= this.#limits.groupBytes);
  }

  /** Resolves when appends are accepted; rejects when they never will be again. */
  async ready(): Promise<void> {
    this.#assertUsable();
    while (this.#pending.bytes >= this.#limits.pendingBytes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#assertUsable();
    }
  }

  /** Commits what is waiting now; resolves when it is durable. */
  async flush(): Promise<void> {
    this.#assertUsable();
    const last = this.#group ?? this.#sealed.at(-1);
    this.#schedule(true);
    await last?.durable;
  }

  /**
   * Says that records before `before` are final elsewhere: the next open does not hand them out, and their segment
   * files are used again. Resolves when that is durable.
   */
  async release(before: bigint): Promise<void> {
    this.#assertUsable();
    const group = this.#room(0);
    const end = this.#position(group.ordinal, group.next);
    this.#floor = Math.max(this.#floor, Math.min(Number(before), end));
    this.#schedule(false);
    await group.durable;
  }

  /** Reads one durable record. @throws EnvironmentError FS-JOURNAL-RELEASED, FS-JOURNAL-RECORD; UsageError. */
  async read(position: bigint): Promise<JournalRecord> {
    const head = this.#head;
    const at = Number(position);
    if (!head || position < 0n || at >= this.#end) {
      throw new UsageError("FS-JOURNAL-USE", `nothing durable at position ${position}`);
    }
    const ordinal = Math.floor(at / head.segmentBytes);
    const offset = at % head.segmentBytes;
    let bytes: Uint8Array = new Uint8Array(Math.min(SMALL, head.segmentBytes - offset));
    let got = await this.#segments.read(ordinal, offset, bytes);
    const length = got < RECORD_HEADER ? 0 : RECORD_HEADER + viewOf(bytes).getUint32(0);
    if (length > got && offset + length <= head.segmentBytes) {
      bytes = new Uint8Array(length);
      got = await this.#segments.read(ordinal, offset, bytes);
    }
    const end = recordEnd(bytes, viewOf(bytes), 0, got, this.#guard.seeds(head.key, ordinal));
    if (end === undefined) {
      throw new EnvironmentError("FS-JOURNAL-RECORD", `no valid record at position ${position}`, {
        context: { position, ordinal, offset },
        fix: "Check the disk: a record that was written cannot be read back.",
      });
    }
    return { position, kind: bytes[8]!, payload: bytes.subarray(RECORD_HEADER, end) };
  }

  /** Commits what waits, then gives the directory back. What a full disk keeps from being durable is rejected. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#stopping = true;
    this.#timer?.cancel();
    this.#due = true;
    await this.#committer.stop();
    this.#drop(new EnvironmentError("FS-JOURNAL-CLOSED", "the journal was closed before the record was durable"));
    this.#setState("closed");
    await this.#segments.close();
    await this.#options.disk.stop();
  }

  #position(ordinal: number, offset: number): number {
    return ordinal * this.#head!.segmentBytes + offset;
  }

  /** The open group, with room for `length` bytes of records: a new one, in the next segment, where it must be. */
  #room(length: number): Group {
    const { align, segmentBytes, key } = this.#head!;
    const largest = segmentBytes - firstGroup(align) - GROUP_HEADER;
    if (length > largest) {
      throw new UsageError("FS-JOURNAL-TOO-LARGE", `${length} bytes in one append; a segment holds ${largest}`, {
        fix: "Append less at once, or create the journal with larger segments.",
      });
    }
    const open = this.#group;
    if (open) {
      if (open.length + length <= open.buffer.length && open.next + length <= segmentBytes) return open;
      this.#seal();
    }
    if (this.#cursor.offset + GROUP_HEADER + length > segmentBytes) {
      this.#cursor = { ordinal: this.#cursor.ordinal + 1, offset: firstGroup(align) };
    }
    const { ordinal, offset } = this.#cursor;
    const usual = alignUp(this.#limits.groupBytes + SMALL, align);
    const needed = alignUp(GROUP_HEADER + length, align);
    const kept = needed > usual ? undefined : this.#buffers.pop();
    const buffer = kept ?? this.#options.disk.buffer(Math.max(usual, needed));
    const seeds = this.#guard.seeds(key, ordinal);
    const since = this.#options.clock.monotonic();
    this.#group = new Group({ ordinal, offset, number: this.#number++, seeds, buffer, since });
    return this.#group;
  }

  #seal(): void {
    const group = this.#group;
    if (!group) return;
    this.#group = undefined;
    group.floor = this.#floor;
    this.#cursor.offset = group.offset + group.extent(this.#head!.align);
    this.#sealed.push(group);
  }

  /** What the committer is to write next. */
  #next(): Group | undefined {
    if (this.#sealed.length === 0 && this.#due) this.#seal();
    if (this.#group === undefined) this.#due = false;
    return this.#sealed[0];
  }

  /** Sees to it that the open group is committed: now, or when the first of it has waited long enough. */
  #schedule(now: boolean): void {
    if (now) this.#due = true;
    if (now || this.#sealed.length > 0) this.#committer.kick();
    if (this.#timing || !this.#group || this.#due) return;
    this.#timing = true;
    const due = () => {
      this.#timing = false;
      this.#due = true;
      this.#committer.kick();
    };
    if (this.#limits.commitMs === 0) queueMicrotask(due);
    else this.#timer = this.#options.clock.after(this.#limits.commitMs, due);
  }

  #durable(group: Group, written: number): void {
    this.#sealed.shift();
    this.#end = this.#position(group.ordinal, group.offset) + written;
    const bytes = group.length - GROUP_HEADER;
    this.#totals.bytes += bytes;
    this.#totals.records += group.count;
    this.#totals.groups++;
    this.#totals.written += written;
    this.#pending.records -= group.count;
    this.#pending.bytes -= bytes;
    const usual = alignUp(this.#limits.groupBytes + SMALL, this.#head!.align);
    if (group.buffer.length === usual && this.#buffers.length < KEPT_BUFFERS) this.#buffers.push(group.buffer);
    group.resolve();
    if (this.#pending.bytes < this.#limits.pendingBytes) this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Tells everyone who waits that it will not become durable. */
  #drop(why: Error): void {
    if (this.#group) this.#sealed.push(this.#group);
    this.#group = undefined;
    for (const group of this.#sealed.splice(0)) group.reject(why);
    this.#pending = { records: 0, bytes: 0 };
    this.#wake();
  }

  #setState(state: JournalState): void {
    if (this.#state === state || (this.#state === "failed" && state !== "closed")) return;
    this.#state = state;
    this.onState?.(state);
  }

  #assertUsable(): void {
    if (this.#stopping || this.#state === "failed" || this.#state === "closed") throw this.#refusal();
  }

  #refusal(): FieldsealError {
    const where = this.#options.disk.name;
    if (this.#state === "failed") {
      return new EnvironmentError(
        "FS-JOURNAL-FAILED",
        `the journal in ${where} failed: a write did not become durable`,
        {
          cause: this.#failure,
          fix: "Restart the gateway: it recovers what is on the disk. Check the disk if it happens again.",
        },
      );
    }
    if (this.#stopping || this.#state === "closed") return new UsageError("FS-JOURNAL-USE", "the journal is not open");
    if (this.#state === "full") {
      return new EnvironmentError("FS-JOURNAL-FULL", `no room for the journal in ${where}, and its queue is full`, {
        fix: "Free disk space: the journal goes on by itself.",
      });
    }
    return new EnvironmentError("FS-JOURNAL-BUSY", "more records wait for the disk than the queue may hold", {
      context: { pendingBytes: this.#pending.bytes },
      fix: "Await ready() before the next append.",
    });
  }
}
