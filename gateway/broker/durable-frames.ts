import { ByteReader, ByteWriter, fromUtf8, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";

/**
 * The channel between the broker and the gateway. All integers big-endian:
 *
 *   00 00 00 1f  01  00 00 00 07  00 04 62 6f 61 72  00 0c 66 69 …  83 …
 *   |            |   |            |     |            |     |        |
 *   length of    |   id           |     client id    |     topic    payload, to the end
 *   what follows 1 = message      its length         its length
 *
 *   00 00 00 06  02  00 00 00 07  01      2 = answer: id, 1 durable or 0 not
 *   00 00 00 02  03  01                   3 = hello: version; the gateway's first frame, and the broker sends none before it
 */
export type DurableFrame =
  | {
      readonly kind: "message";
      readonly id: number;
      readonly clientId: string;
      readonly topic: string;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "answer"; readonly id: number; readonly ok: boolean }
  | { readonly kind: "hello" };

const VERSION = 1;

/** Longest frame: the largest packet a client can send, its id, and our few bytes. */
export const MAX_FRAME_BYTES = 1024 * 1024 + 1024;

export function encodeDurableFrame(frame: DurableFrame): Uint8Array {
  const writer = new ByteWriter(frame.kind === "message" ? 96 + frame.payload.length : 16).u32(0);
  if (frame.kind === "message") {
    const clientId = utf8(frame.clientId);
    const topic = utf8(frame.topic);
    writer.u8(1).u32(frame.id).u16(clientId.length).bytes(clientId).u16(topic.length).bytes(topic).bytes(frame.payload);
  } else if (frame.kind === "hello") {
    writer.u8(3).u8(VERSION);
  } else {
    writer
      .u8(2)
      .u32(frame.id)
      .u8(frame.ok ? 1 : 0);
  }
  const bytes = writer.finish();
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
  return bytes;
}

/** One frame without its length. @throws ProtocolError FS-DURABLE-FRAME */
function decodeBody(body: Uint8Array): DurableFrame {
  const reader = new ByteReader(body, "FS-DURABLE-FRAME");
  const kind = reader.u8();
  if (kind === 3) {
    const version = reader.u8();
    reader.end();
    if (version !== VERSION) throw bad(`version ${version}`);
    return { kind: "hello" };
  }
  const id = reader.u32();
  if (kind === 1) {
    const clientId = fromUtf8(reader.take(reader.u16()));
    const topic = fromUtf8(reader.take(reader.u16()));
    if (clientId === undefined || topic === undefined) throw bad("text that is not UTF-8");
    return { kind: "message", id, clientId, topic, payload: new Uint8Array(reader.take(reader.remaining)) };
  }
  if (kind !== 2) throw bad(`unknown kind ${kind}`);
  const ok = reader.u8();
  reader.end();
  if (ok > 1) throw bad(`answer ${ok}`);
  return { kind: "answer", id, ok: ok === 1 };
}

const bad = (why: string): ProtocolError => new ProtocolError("FS-DURABLE-FRAME", `durable channel: ${why}`);

/** Cuts the channel's bytes into frames. After an error the channel is out of step and has to be closed. */
export class DurableFrameDecoder {
  #held: Uint8Array = new Uint8Array(0);

  /** @throws ProtocolError FS-DURABLE-FRAME */
  push(chunk: Uint8Array): DurableFrame[] {
    let bytes = chunk;
    if (this.#held.length > 0) {
      bytes = new Uint8Array(this.#held.length + chunk.length);
      bytes.set(this.#held);
      bytes.set(chunk, this.#held.length);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: DurableFrame[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = view.getUint32(at);
      if (length > MAX_FRAME_BYTES) throw bad(`a frame of ${length} bytes`);
      if (bytes.length - at < 4 + length) break;
      frames.push(decodeBody(bytes.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    this.#held = new Uint8Array(bytes.subarray(at));
    return frames;
  }
}
