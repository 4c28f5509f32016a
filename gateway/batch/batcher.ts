import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import {
  EnvironmentError,
  equalBytes,
  FieldsealError,
  InternalError,
  UsageError,
} from "../../protocols/bytes/index.ts";
import { decodeCheckpoint } from "../../protocols/log/index.ts";
import { type ChainHead, checkAgainstChain } from "./chain-check.ts";
import type { LogEntry, LogHead, LogStore } from "./log-store.ts";

/** What a checkpoint says; the signer makes the note of it. */
export interface CheckpointToSign extends LogHead {
  origin: string;
}

/** A checkpoint that is signed and in place. */
export interface PublishedCheckpoint extends LogHead {
  /** The note's bytes. */
  note: Uint8Array;
  /** Entries it covers beyond the checkpoint before it. */
  count: number;
}

export interface BatcherOptions {
  /** Opened; nobody else appends to it. */
  store: LogStore;
  clock: Clock;
  /** Name of the log. */
  origin: string;
  /** ms from a window's first entry to its end. */
  every: number;
  /** Entries that end a window at once, and the most that one window takes. */
  max: number;
  /** Entries that may wait in memory (default 16 windows): `add` refuses more, and the journal keeps them. */
  maxWaiting?: number;
  /** ms to the next try after a failure. Default 10,000. */
  retry?: number;
  /** The log's key holder: makes the signed note of a checkpoint. */
  sign(checkpoint: CheckpointToSign): Promise<Uint8Array>;
  /**
   * The gateway's newest commitment, undefined when there is none. Nothing is signed before it has answered once; later, when the
   * chain cannot be reached, signing goes on.
   */
  chainHead(): Promise<ChainHead | undefined>;
  onCheckpoint(checkpoint: PublishedCheckpoint): void;
  /** A window that could not be closed; it is tried again after `retry`, and no entry is lost. */
  onFailure?(error: FieldsealError): void;
}

/**
 * Collects entries into windows and closes each with a checkpoint: entries to the disk, back from the disk and hashed again,
 * compared with the chain, signed, renamed in. Run again after being killed anywhere, with the entries from `store.size` on, it
 * arrives at the same log.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  #waiting: LogEntry[] = [];
  #timer: Timer | undefined;
  #closing: Promise<void> | undefined;
  #failure: FieldsealError | undefined;
  #compared = false;
  #stopped = false;

  constructor(options: BatcherOptions) {
    if (!(options.max >= 1) || !(options.every > 0)) {
      throw new UsageError("FS-BATCH-OPTIONS", "a window takes at least one entry and some time");
    }
    this.#options = options;
  }

  /** Entries that are not in the store yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Why the last window could not be closed; undefined when it could. */
  get failure(): FieldsealError | undefined {
    return this.#failure;
  }

  /**
   * Adds entries to the open window, in log order. They have to be durable elsewhere: what waits here is lost with the process.
   * @throws EnvironmentError FS-BATCH-FULL when too many wait already; none of these was taken.
   */
  add(...entries: readonly LogEntry[]): void {
    const { max, maxWaiting = 16 * max, every } = this.#options;
    if (this.#stopped) throw new UsageError("FS-BATCH-STOPPED", "the batcher was stopped");
    if (this.#waiting.length + entries.length > maxWaiting) {
      throw new EnvironmentError("FS-BATCH-FULL", `${this.#waiting.length} entries wait for the log already`, {
        context: { waiting: this.#waiting.length, ...(this.#failure ? { cause: this.#failure.code } : {}) },
        fix: "Add them again when there is room; see why windows cannot be closed.",
      });
    }
    this.#waiting.push(...entries);
    // After a failure the next try has its own time, whatever arrives meanwhile.
    if (this.#waiting.length >= max && this.#failure === undefined) this.#closeSoonUnlessClosing();
    else if (this.#waiting.length > 0) this.#wait(every);
  }

  /** Sets the timer of the open window unless it runs already. */
  #wait(ms: number): void {
    if (this.#timer !== undefined || this.#closing !== undefined || this.#stopped) return;
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      this.#closeSoon();
    });
  }

  #closeSoon(): void {
    // Failures are told by onFailure and tried again.
    void this.close().catch(() => undefined);
  }

  /**
   * Ends the open window now: resolves when a checkpoint covers all that was added before the call.
   * @throws FieldsealError why it could not; it will be tried again.
   */
  close(): Promise<void> {
    const after = this.#closing ?? Promise.resolve();
    const closing: Promise<void> = after
      .catch(() => undefined)
      .then(() => this.#closeAll())
      .finally(() => {
        if (this.#closing === closing) this.#closing = undefined;
        this.#next();
      });
    this.#closing = closing;
    return closing;
  }

  /** After a try: sets the time of the next one. */
  #next(): void {
    const { every, max, retry = 10_000 } = this.#options;
    if (this.#failure !== undefined) this.#wait(retry);
    else if (this.#waiting.length >= max) this.#closeSoonUnlessClosing();
    else if (this.#waiting.length > 0) this.#wait(every);
  }

  #closeSoonUnlessClosing(): void {
    if (this.#closing === undefined && !this.#stopped) this.#closeSoon();
  }

  async #closeAll(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      // What waits now; what is added meanwhile opens the next window.
      let left = this.#waiting.length;
      do {
        const window = this.#waiting.slice(0, Math.min(left, this.#options.max));
        await this.#closeWindow(window);
        left -= window.length;
      } while (left > 0);
      this.#failure = undefined;
    } catch (error) {
      this.#failure =
        error instanceof FieldsealError
          ? error
          : new InternalError("FS-BATCH-BUG", "closing a window failed", { cause: error });
      this.#options.onFailure?.(this.#failure);
      throw this.#failure;
    }
  }

  async #closeWindow(window: readonly LogEntry[]): Promise<void> {
    const { store, origin, sign, onCheckpoint } = this.#options;
    if (window.length > 0) {
      await store.append(window);
      this.#waiting.splice(0, window.length);
    }
    const before = store.signed?.checkpoint.size ?? 0;
    const head = store.head;
    if (head.size === before) return;
    await store.check();
    await this.compareWithChain();
    const note = await sign({ origin, ...head });
    this.#checkNote(note, head);
    await store.publish(note);
    onCheckpoint({ ...head, note, count: head.size - before });
  }

  /**
   * Compares the log with the gateway's newest commitment, as every window does before it is signed.
   * @throws EnvironmentError FS-BATCH-BEHIND, FS-BATCH-FORKED; what `chainHead` throws, unless it has answered before.
   */
  async compareWithChain(): Promise<void> {
    let head: ChainHead | undefined;
    try {
      head = await this.#options.chainHead();
    } catch (error) {
      // This log has been found to hold all that is committed, and nobody else commits to it: it cannot fall behind by growing.
      if (this.#compared) return;
      throw error;
    }
    if (head !== undefined) await checkAgainstChain(this.#options.store, head);
    this.#compared = true;
  }

  #checkNote(note: Uint8Array, head: LogHead): void {
    const { origin, size, root } = decodeCheckpoint(note);
    if (origin === this.#options.origin && size === head.size && equalBytes(root, head.root)) return;
    throw new InternalError("FS-BATCH-SIGNER", "the signer signed another checkpoint than it was asked for", {
      context: { origin, size, asked: head.size },
    });
  }

  /** Ends after the window that is being closed; entries that wait are taken again from the journal at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#closing?.catch(() => undefined);
  }
}
