/**
 * What a stream decoder has received and not yet settled: bytes go in at the end and leave at the
 * front, in one sized buffer that is compacted instead of reallocated.
 */
export class ByteQueue {
  #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(capacity = 512) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#room(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #room(extra: number): void {
    const pending = this.view();
    const needed = pending.length + extra;
    const target = needed > this.#bytes.length ? new Uint8Array(Math.max(needed, this.#bytes.length * 2)) : this.#bytes;
    target.set(pending);
    this.#bytes = target;
    this.#start = 0;
    this.#end = pending.length;
  }

  /** Everything pending, as a view that the next `push` may overwrite. */
  view(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes `count` bytes from the front, as a copy of its own. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.slice(this.#start, this.#start + count);
    this.drop(count);
    return taken;
  }

  /** Forgets `count` bytes at the front. */
  drop(count: number): void {
    this.#start = Math.min(this.#start + count, this.#end);
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }
}
