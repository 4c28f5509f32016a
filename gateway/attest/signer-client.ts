import type { Duplex } from "node:stream";
import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import {
  CancelledError,
  EnvironmentError,
  equalBytes,
  FieldsealError,
  TimeoutError,
  UsageError,
} from "../../protocols/bytes/index.ts";
import { writeCorked } from "../corked-write.ts";
import { encodeFrame, FrameDecoder, MAX_RESPONSE } from "./signer-frames.ts";
import {
  type AttestRequest,
  type CheckpointRequest,
  type EnrolRequest,
  encodeRequest,
  type Operation,
  type SignerRequest,
  type TransactionRequest,
} from "./signer-protocol.ts";
import { decodeResponse, type Hello, type SignerResult, type SignerResults } from "./signer-response.ts";

export interface SignerClientOptions {
  clock: Clock;
  /** ms a request may take, restarts of the signer included. Default 30,000. */
  timeout?: number;
  /** Requests without an answer; further ones are refused. Default 1024. */
  maxPending?: number;
  /** A signer is there, for the first time or again. Its boot number is a new one. */
  onAttached?(hello: Hello): void;
  /** The channel is gone; requests wait for the next. */
  onDetached?(error: FieldsealError | undefined): void;
}

interface Pending {
  op: Operation;
  frame: Uint8Array;
  timer: Timer;
  settle(answer: { result: SignerResult } | { error: unknown }): void;
}

/**
 * The gateway's side of the signer's channel. Requests go out in the order they are made and are answered in it.
 *
 * When the signer restarts, what was asked and not answered is asked again over the new channel. That is safe: a signature
 * reaches the gateway's journal only through an answer, so no statement of the old start has left the gateway, and the new
 * start says the same sequence numbers under a new boot number; a checkpoint or a commitment asked for again is the same
 * one. After a time-out the caller asks for the very same statement or waits for a restart: the signer does not sign a
 * second, different one over the same sequence numbers.
 */
export class SignerClient {
  readonly #options: SignerClientOptions;
  readonly #pending = new Map<number, Pending>();
  #channel: Duplex | undefined;
  #hello: Hello | undefined;
  /** Keys of the signer last greeted. */
  #known: Hello["keys"] = [];
  #nextId = 1;
  #closed = false;

  constructor(options: SignerClientOptions) {
    this.#options = options;
  }

  /** The signer that is there; undefined while there is none. */
  get signer(): Hello | undefined {
    return this.#hello;
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Takes a channel to a signer that has just started, in place of the one before.
   * @throws EnvironmentError FS-SIGNER-GONE when the channel ends before its greeting; FS-SIGNER-KEYS when a key of the
   * signer before is missing or another; TimeoutError FS-SIGNER-TIMEOUT; CancelledError FS-SIGNER-CLOSED.
   */
  async attach(channel: Duplex): Promise<Hello> {
    this.#checkOpen();
    this.#detach(undefined);
    this.#channel = channel;
    const frames = new FrameDecoder(MAX_RESPONSE);
    channel.on("data", (chunk: Uint8Array) => {
      if (this.#channel !== channel) return;
      try {
        for (const frame of frames.push(chunk)) this.#receive(frame);
      } catch (error) {
        this.#lose(channel, error instanceof FieldsealError ? error : undefined);
      }
    });
    for (const event of ["end", "close", "error"] as const) channel.on(event, () => this.#lose(channel));
    const waiting = [...this.#pending.values()];
    // The greeting goes first: what answers it is known before what was left over is signed.
    const hello = this.#request({ op: "hello" }, channel);
    for (const { frame } of waiting) writeCorked(channel, frame);
    const { value } = (await hello) as { value: Hello };
    return value;
  }

  attest(request: AttestRequest): Promise<Uint8Array> {
    return this.#ask({ op: "attest", ...request });
  }

  enrol(request: EnrolRequest): Promise<SignerResults["enrol"]> {
    return this.#ask({ op: "enrol", ...request });
  }

  checkpoint(request: CheckpointRequest): Promise<Uint8Array> {
    return this.#ask({ op: "checkpoint", ...request });
  }

  transaction(request: TransactionRequest): Promise<Uint8Array> {
    return this.#ask({ op: "transaction", ...request });
  }

  async #ask<Op extends Operation>(request: SignerRequest & { op: Op }): Promise<SignerResults[Op]> {
    const { value } = await this.#request(request, undefined);
    return value as SignerResults[Op];
  }

  #request(request: SignerRequest, only: Duplex | undefined): Promise<SignerResult> {
    const { clock, timeout = 30_000, maxPending = 1024 } = this.#options;
    this.#checkOpen();
    if (this.#pending.size >= maxPending && request.op !== "hello") {
      throw new EnvironmentError("FS-SIGNER-BUSY", `${this.#pending.size} requests wait for the signer`, {
        fix: "Sign fewer readings each for itself: larger packs.",
      });
    }
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    const frame = encodeFrame(encodeRequest(id, request));
    return new Promise((resolve, reject) => {
      const settle: Pending["settle"] = (answer) => {
        this.#pending.delete(id);
        timer.cancel();
        if ("error" in answer) reject(answer.error);
        else resolve(answer.result);
      };
      const timer = clock.after(timeout, () => {
        const fix = "Look whether the signer runs: fieldseal status.";
        settle({
          error: new TimeoutError("FS-SIGNER-TIMEOUT", `no answer to ${request.op} in ${timeout} ms`, { fix }),
        });
      });
      this.#pending.set(id, { op: request.op, frame, timer, settle });
      const channel = only ?? this.#channel;
      if (channel !== undefined) writeCorked(channel, frame);
    });
  }

  #receive(frame: Uint8Array): void {
    const response = decodeResponse(frame);
    const pending = this.#pending.get(response.id);
    // Its time was over; nobody waits for it.
    if (pending === undefined) return;
    let result: SignerResult;
    try {
      result = response.result(pending.op);
    } catch (error) {
      pending.settle({ error });
      return;
    }
    if (result.op === "hello") {
      const changed = this.#greeted(result.value);
      if (changed !== undefined) {
        pending.settle({ error: changed });
        throw changed;
      }
    }
    pending.settle({ result });
  }

  /** Keys may be added between two starts of the signer; one that devices were enrolled with does not vanish or change. */
  #greeted(hello: Hello): EnvironmentError | undefined {
    const lost = this.#known.find(({ id }) => !hello.keys.some((key) => equalBytes(key.id, id)));
    if (lost !== undefined) {
      return new EnvironmentError(
        "FS-SIGNER-KEYS",
        `the signer came back without the ${lost.purpose} key ${lost.name}`,
        {
          fix: "Restore the key store, or restart the gateway if the key was removed on purpose.",
        },
      );
    }
    this.#known = hello.keys;
    this.#hello = hello;
    this.#options.onAttached?.(hello);
    return undefined;
  }

  #lose(channel: Duplex, error?: FieldsealError): void {
    if (this.#channel === channel) this.#detach(error);
  }

  #detach(error: FieldsealError | undefined): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    this.#channel = undefined;
    const known = this.#hello !== undefined;
    this.#hello = undefined;
    channel.destroy();
    // A greeting is for its own channel; everything else is asked again over the next.
    for (const pending of [...this.#pending.values()]) {
      if (pending.op !== "hello") continue;
      const fix = "It restarts by itself; its own message says why it ended.";
      pending.settle({
        error: error ?? new EnvironmentError("FS-SIGNER-GONE", "the signer ended at its start", { fix }),
      });
    }
    if (known || error !== undefined) this.#options.onDetached?.(error);
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new UsageError("FS-SIGNER-CLOSED", "the signer's client is closed", { fix: "Make a new one." });
  }

  /** Ends the channel, and with it the signer. Requests without an answer are cancelled. */
  close(): void {
    this.#closed = true;
    this.#detach(undefined);
    const error = new CancelledError("FS-SIGNER-CLOSED", "the gateway stops");
    for (const pending of [...this.#pending.values()]) pending.settle({ error });
  }
}
