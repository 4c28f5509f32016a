import { ProtocolError } from "./errors.ts";

/**
 * A bounded cursor over received bytes: every read is checked, nothing is copied, and `end()`
 * insists that all was consumed. Multi-byte values are big-endian unless the name says otherwise.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: string;
  #at = 0;

  /** @param code error code thrown for short or left-over input, so that it names the format being read. */
  constructor(bytes: Uint8Array, code = "FS-BYTES") {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  #take(length: number): number {
    if (length < 0 || length > this.remaining) {
      throw new ProtocolError(this.#code, `${length} bytes wanted at offset ${this.#at}, ${this.remaining} left`, {
        context: { at: this.#at, wanted: length, left: this.remaining },
      });
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** The next `length` bytes, as a view onto the input (no copy). */
  take(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8));
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** @throws ProtocolError when bytes are left over. */
  end(): void {
    if (this.remaining > 0) {
      throw new ProtocolError(this.#code, `${this.remaining} bytes left over at offset ${this.#at}`, {
        context: { at: this.#at, left: this.remaining },
      });
    }
  }
}
