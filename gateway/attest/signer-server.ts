import type { Duplex } from "node:stream";
import { EnvironmentError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import type { Signer } from "./signer.ts";
import { encodeFrame, FrameDecoder, MAX_REQUEST } from "./signer-frames.ts";
import { decodeRequest } from "./signer-protocol.ts";
import { encodeRefusal, encodeResponse } from "./signer-response.ts";

export interface SignerServerOptions {
  signer: Signer;
  channel: Duplex;
  /**
   * The channel is at its end, or the signer must not go on: its state could not be made durable, or another signer has
   * taken over. Called once.
   */
  onEnd(error?: FieldsealError): void;
}

/** Answers to wait for the other end to read before nothing more is taken from it. */
const MAX_UNREAD = 1024 * 1024;

/** Serves one channel: requests are answered one after the other, in order. */
export class SignerServer {
  readonly #options: SignerServerOptions;
  readonly #frames = new FrameDecoder(MAX_REQUEST);
  #ended = false;

  constructor(options: SignerServerOptions) {
    this.#options = options;
  }

  start(): void {
    const { channel } = this.#options;
    channel.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    channel.on("drain", () => channel.resume());
    for (const event of ["end", "close", "error"] as const) channel.on(event, () => this.#end());
  }

  #receive(chunk: Uint8Array): void {
    const { channel } = this.#options;
    if (this.#ended) return;
    channel.cork();
    try {
      for (const frame of this.#frames.push(chunk)) {
        const fatal = this.#answer(frame);
        if (fatal === undefined) continue;
        this.#end(fatal);
        break;
      }
    } catch (error) {
      // The other end does not keep to the frames: nothing after this can be read.
      this.#end(error instanceof FieldsealError ? error : bug(error));
    } finally {
      channel.uncork();
    }
    if (channel.writableLength > MAX_UNREAD) channel.pause();
  }

  /** @returns the error after which this signer must end. */
  #answer(frame: Uint8Array): FieldsealError | undefined {
    const { signer, channel } = this.#options;
    let id = 0;
    try {
      const received = decodeRequest(frame);
      id = received.id;
      if ("refusal" in received) throw received.refusal;
      channel.write(encodeFrame(encodeResponse(id, signer.handle(received.request))));
      return undefined;
    } catch (error) {
      channel.write(encodeFrame(encodeRefusal(id, error)));
      return error instanceof EnvironmentError ? error : undefined;
    }
  }

  #end(error?: FieldsealError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.channel.end();
    this.#options.onEnd(error);
  }
}

const bug = (cause: unknown) => new InternalError("FS-SIGNER-BUG", "the signer failed at a request", { cause });
