import type { Duplex } from "node:stream";
import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, type FieldsealError, TimeoutError } from "../../protocols/bytes/index.ts";
import { writeCorked } from "../corked-write.ts";
import { DurableFrameDecoder, encodeDurableFrame } from "./durable-frames.ts";

export interface DurableOutletOptions {
  clock: Clock;
  /** How long a message waits for the gateway. Then its sender is disconnected, and sends it again. Default 10 s. */
  timeoutMs?: number;
  /** Messages that may wait at once. Default 4,096. */
  maxPending?: number;
  /** Bytes of frames that may wait at once. Default 16 MB. */
  maxBytes?: number;
}

interface Pending {
  readonly frame: Uint8Array;
  readonly timer: Timer;
  resolve(): void;
  reject(error: FieldsealError): void;
}

/** The broker's end of the durable channel: a message is settled only by the gateway's word that it is on disk. */
export class DurableOutlet {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #maxPending: number;
  readonly #maxBytes: number;
  readonly #pending = new Map<number, Pending>();
  #stream: Duplex | undefined;
  /**
   * The gateway has said hello on this stream. The stream is handed from process to process, and whoever holds it in
   * between may already read: what is sent before the gateway is there would be lost.
   */
  #ready = false;
  #bytes = 0;
  #nextId = 1;

  constructor({ clock, timeoutMs = 10_000, maxPending = 4_096, maxBytes = 16 * 1024 * 1024 }: DurableOutletOptions) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#maxPending = maxPending;
    this.#maxBytes = maxBytes;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get attached(): boolean {
    return this.#ready;
  }

  /**
   * Uses this stream from now on. When the gateway has said hello, what waits is sent on it again: the gateway may see a
   * message twice, never not at all.
   */
  attach(stream: Duplex): void {
    const previous = this.#stream;
    this.#stream = stream;
    this.#ready = false;
    previous?.destroy();
    const decoder = new DurableFrameDecoder();
    stream.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of decoder.push(chunk)) {
          if (frame.kind === "answer") this.#answer(frame.id, frame.ok);
          else if (frame.kind === "hello") this.#greeted(stream);
        }
      } catch {
        stream.destroy();
      }
    });
    const gone = (): void => {
      if (this.#stream === stream) {
        this.#stream = undefined;
        this.#ready = false;
      }
      stream.destroy();
    };
    stream.on("error", gone);
    stream.on("end", gone);
    stream.on("close", gone);
  }

  #greeted(stream: Duplex): void {
    if (this.#stream !== stream) return;
    this.#ready = true;
    for (const { frame } of this.#pending.values()) stream.write(frame);
  }

  /**
   * Resolves when the gateway has the message on disk.
   * @throws EnvironmentError FS-DURABLE-BACKLOG, FS-DURABLE-REFUSED · TimeoutError FS-DURABLE-TIMEOUT
   */
  deliver(message: { clientId: string; topic: string; payload: Uint8Array }): Promise<void> {
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    const frame = encodeDurableFrame({ kind: "message", id, ...message });
    if (this.#pending.size >= this.#maxPending || this.#bytes + frame.length > this.#maxBytes) {
      return Promise.reject(
        new EnvironmentError("FS-DURABLE-BACKLOG", `${this.#pending.size} messages wait for the gateway already`, {
          fix: "see whether the gateway process runs and its disk keeps up; boards send again by themselves",
        }),
      );
    }
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeoutMs, () => {
        this.#remove(id);
        reject(
          new TimeoutError("FS-DURABLE-TIMEOUT", `the gateway did not confirm a message within ${this.#timeoutMs} ms`),
        );
      });
      this.#pending.set(id, { frame, timer, resolve, reject });
      this.#bytes += frame.length;
      if (this.#ready && this.#stream) writeCorked(this.#stream, frame);
    });
  }

  #remove(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    this.#bytes -= pending.frame.length;
    pending.timer.cancel();
    return pending;
  }

  #answer(id: number, ok: boolean): void {
    // An answer to an id we gave up meanwhile says nothing any more.
    const pending = this.#remove(id);
    if (ok) pending?.resolve();
    else pending?.reject(new EnvironmentError("FS-DURABLE-REFUSED", "the gateway could not make a message durable"));
  }
}
