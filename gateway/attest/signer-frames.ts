import { ByteQueue, ByteWriter, ProtocolError } from "../../protocols/bytes/index.ts";

/** One request at most: a registration with the longest inclusion path. */
export const MAX_REQUEST = 4096;
/** One response at most: the public keys of some thousand devices. */
export const MAX_RESPONSE = 1024 * 1024;

/**
 * A frame of the signer's channel.
 *
 * ```text
 * 00 00 00 2A  82 …
 * |            CBOR, deterministic
 * length of what follows, big-endian
 * ```
 */
export function encodeFrame(body: Uint8Array): Uint8Array {
  return new ByteWriter(body.length + 4).u32(body.length).bytes(body).finish();
}

/**
 * Cuts a stream into frames. A channel has two ends of our own: bytes that are no frame mean that one of them is broken, so
 * there is no way on.
 */
export class FrameDecoder {
  readonly #queue = new ByteQueue();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws ProtocolError FS-SIGNER-FRAME for an empty or overlong frame; the stream cannot be read on. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#queue.push(chunk);
    const frames: Uint8Array[] = [];
    while (this.#queue.length >= 4) {
      const head = this.#queue.view();
      const length = ((head[0]! << 24) | (head[1]! << 16) | (head[2]! << 8) | head[3]!) >>> 0;
      if (length === 0 || length > this.#max) {
        throw new ProtocolError("FS-SIGNER-FRAME", `a frame of ${length} bytes, at most ${this.#max}`, {
          context: { length },
        });
      }
      if (this.#queue.length < 4 + length) break;
      this.#queue.drop(4);
      frames.push(this.#queue.take(length));
    }
    return frames;
  }
}
