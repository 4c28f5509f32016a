import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { isDiskFull } from "./disk.ts";
import type { Group } from "./group.ts";
import type { SegmentSet } from "./segments.ts";

export interface CommitterOptions {
  clock: Clock;
  segments: SegmentSet;
  retryMs: number;
  /** The next group to make durable; undefined when none is due. Called again for each. */
  next(): Group | undefined;
  /** The group is durable. */
  onDurable(group: Group, written: number): void;
  /** There is no room (true), or there is again. */
  onFull(full: boolean): void;
  /** A write or its sync failed; nothing is written after it. */
  onFailed(cause: unknown): void;
}

/**
 * Writes groups one after another: one write, durable when it returns, and no other before that. So a crash can
 * interrupt one group only, and every group before it is whole.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #align = 0;
  #segmentBytes = 0;
  #ordinal = 0;
  #released = 0;
  #busy = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;
  #failed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  start(geometry: { align: number; segmentBytes: number; ordinal: number; floor: number }): void {
    this.#align = geometry.align;
    this.#segmentBytes = geometry.segmentBytes;
    this.#ordinal = geometry.ordinal;
    this.#released = Math.floor(geometry.floor / geometry.segmentBytes);
  }

  /** Starts on what is due, unless already at it. */
  kick(): void {
    if (this.#busy || this.#stopped || this.#failed) return;
    this.#busy = true;
    this.#running = this.#run();
  }

  /** Resolves when it rests: everything due is durable, or it cannot be. */
  async stop(): Promise<void> {
    this.kick();
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let group = this.#options.next(); group !== undefined; group = this.#options.next()) {
        if (!(await this.#commit(group)) || this.#failed) break;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      // Cleared in the same turn in which nothing more was due, so that the next `kick` is never missed.
      this.#busy = false;
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.onFailed(error);
  }

  /** Returns false when it was stopped while there was no room. */
  async #commit(group: Group): Promise<boolean> {
    const { segments } = this.#options;
    while (!(await this.#write(group))) {
      this.#options.onFull(true);
      if (!(await this.#pause())) return false;
    }
    this.#options.onFull(false);
    if (group.offset + group.length > this.#segmentBytes / 2) {
      // Long before it is needed: an append must not wait for a segment to be filled with zeros.
      segments.prepare(group.ordinal + 1).catch((error: unknown) => {
        if (!isDiskFull(error)) this.#fail(error);
      });
    }
    const floor = Math.floor(group.floor / this.#segmentBytes);
    if (floor > this.#released) {
      this.#released = floor;
      segments.release(floor).catch((error: unknown) => this.#fail(error));
    }
    return true;
  }

  /** Returns false when there is no room. Writing the same bytes to the same place again is always safe. */
  async #write(group: Group): Promise<boolean> {
    const { segments } = this.#options;
    try {
      if (group.ordinal !== this.#ordinal) {
        await segments.take(group.ordinal);
        this.#ordinal = group.ordinal;
      }
      const bytes = group.seal(this.#align);
      await segments.current(group.ordinal).writeDurable(group.offset, bytes);
      // Making the next segment ready may have failed meanwhile: its callers have been told already.
      if (!this.#failed) this.#options.onDurable(group, bytes.length);
      return true;
    } catch (error) {
      if (isDiskFull(error)) return false;
      throw error;
    }
  }

  /** Waits until the disk is worth another try. Returns false when stopped. */
  async #pause(): Promise<boolean> {
    if (this.#stopped) return false;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(this.#options.retryMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
    return !this.#stopped;
  }
}
