import type { Duplex } from "node:stream";
import { writeCorked } from "../corked-write.ts";
import { type DurableFrame, DurableFrameDecoder, encodeDurableFrame } from "./durable-frames.ts";

export interface DurableMessage {
  readonly clientId: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Resolves when the message needs no second delivery: it is on disk, or it has been judged and counted as worthless.
 * Rejects when it has to come again (the disk is full).
 */
export type DurableHandler = (message: DurableMessage) => Promise<void>;

export interface DurableInboxOptions {
  onPublish: DurableHandler;
  /** A message could not be made durable; its board is disconnected without an acknowledgement. */
  onFailure?: (error: unknown) => void;
  /** Handlers that may run at once before the channel is read no further. Default 1,024. */
  maxHandling?: number;
}

/**
 * The gateway's end of the durable channel. Each message is answered when its handler settles. The same message can
 * come twice, after a restart on either side: whoever keeps it tells repetitions by device, boot and sequence.
 */
export class DurableInbox {
  readonly #onPublish: DurableHandler;
  readonly #onFailure: (error: unknown) => void;
  readonly #maxHandling: number;
  #stream: Duplex | undefined;
  #handling = 0;

  constructor({ onPublish, onFailure = () => undefined, maxHandling = 1_024 }: DurableInboxOptions) {
    this.#onPublish = onPublish;
    this.#onFailure = onFailure;
    this.#maxHandling = maxHandling;
  }

  get attached(): boolean {
    return this.#stream !== undefined;
  }

  /** Serves this stream from now on; an earlier one is closed. Called again whenever the broker has been restarted. */
  attach(stream: Duplex): void {
    const previous = this.#stream;
    this.#stream = stream;
    previous?.destroy();
    const decoder = new DurableFrameDecoder();
    stream.on("data", (chunk: Uint8Array) => {
      try {
        for (const frame of decoder.push(chunk)) if (frame.kind === "message") void this.#handle(stream, frame);
      } catch (error) {
        this.#onFailure(error);
        stream.destroy();
      }
      if (this.#handling >= this.#maxHandling) stream.pause();
    });
    const gone = (): void => {
      if (this.#stream === stream) this.#stream = undefined;
      stream.destroy();
    };
    stream.on("error", gone);
    stream.on("end", gone);
    stream.on("close", gone);
    stream.write(encodeDurableFrame({ kind: "hello" }));
  }

  /** Closes the channel. The broker keeps what is unanswered, within its limits, for the next one. */
  stop(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  async #handle(
    stream: Duplex,
    { id, clientId, topic, payload }: Extract<DurableFrame, { kind: "message" }>,
  ): Promise<void> {
    this.#handling++;
    let ok = true;
    try {
      await this.#onPublish({ clientId, topic, payload });
    } catch (error) {
      ok = false;
      this.#onFailure(error);
    }
    this.#handling--;
    if (stream.destroyed) return;
    writeCorked(stream, encodeDurableFrame({ kind: "answer", id, ok }));
    if (stream.isPaused() && this.#handling < this.#maxHandling) stream.resume();
  }
}
