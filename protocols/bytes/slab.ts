const BLOCK = 4096;

/**
 * Copies of short byte strings, many to a block of memory. A typed array with memory of its own costs about a
 * microsecond in V8 (more than encoding a reading), a view a third of that. A block lives as long as any view onto it:
 * for byte strings that come and go together.
 */
export class ByteSlab {
  #block = new Uint8Array(0);
  #at = 0;

  /** A copy of `bytes[from … to)`: a view onto a block that holds others beside it. */
  copy(bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array {
    const length = to - from;
    if (length > BLOCK / 4) return new Uint8Array(bytes.subarray(from, to));
    if (this.#at + length > this.#block.length) {
      this.#block = new Uint8Array(BLOCK);
      this.#at = 0;
    }
    const copy = this.#block.subarray(this.#at, this.#at + length);
    copy.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    this.#at += length;
    return copy;
  }
}
