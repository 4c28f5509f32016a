import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { PacketScanner } from "./packet-scanner.ts";

export interface GateLimits {
  /** Largest packet, in bytes of remaining length. */
  maxPacket: number;
  /** Bytes that may wait for a subscriber that does not read; with more it is disconnected. */
  maxOutgoing: number;
  /** Packets a second, and how many at once; a client that sends more is read more slowly. */
  packetsPerSecond: number;
  burst: number;
}

/**
 * Stands between a connected client's socket and the MQTT engine. Towards the engine it never asks to wait: the engine
 * would hold the publisher until the slowest subscriber has read (aedes `waitForDrain`). A subscriber that does not
 * read is disconnected at `maxOutgoing` instead.
 */
export class PacketGate extends Duplex {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #scanner: PacketScanner;
  #limits: GateLimits;
  #tokens: number;
  #refilled: number;
  #wait: Timer | undefined;
  #wanted = true;

  /** @param first the CONNECT, already checked. @param rest what arrived behind it. */
  constructor(socket: Socket, clock: Clock, limits: GateLimits, first: Uint8Array, rest: Uint8Array) {
    super({
      allowHalfOpen: false,
      readableHighWaterMark: 16 * 1024,
      writableHighWaterMark: Number.MAX_SAFE_INTEGER,
      decodeStrings: true,
    });
    this.#socket = socket;
    this.#clock = clock;
    this.#limits = limits;
    this.#scanner = new PacketScanner(limits.maxPacket);
    this.#tokens = limits.burst;
    this.#refilled = clock.monotonic();
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    this.push(first);
    if (rest.length > 0) this.#receive(rest);
  }

  /** Other limits from now on: what a client may do depends on who it proved to be. */
  set limits(limits: GateLimits) {
    this.#limits = limits;
    this.#scanner.maxPacket = limits.maxPacket;
    this.#tokens = limits.burst;
  }

  #receive(chunk: Uint8Array): void {
    if (this.destroyed) return;
    let packets: number;
    try {
      packets = this.#scanner.scan(chunk);
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined);
      return;
    }
    this.#wanted = this.push(chunk);
    this.#spend(packets);
    if (!this.#wanted || this.#wait !== undefined) this.#socket.pause();
  }

  #spend(packets: number): void {
    const { packetsPerSecond, burst } = this.#limits;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) * packetsPerSecond) / 1000) - packets;
    this.#refilled = now;
    if (this.#tokens >= 0 || this.#wait !== undefined) return;
    this.#wait = this.#clock.after((-this.#tokens / packetsPerSecond) * 1000, () => {
      this.#wait = undefined;
      if (this.#wanted) this.#socket.resume();
    });
  }

  override _read(): void {
    this.#wanted = true;
    if (this.#wait === undefined) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#forward(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: () => void): void {
    this.#forward(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  #forward(bytes: Buffer): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(bytes);
    const waiting = this.#socket.writableLength;
    if (waiting > this.#limits.maxOutgoing) {
      this.destroy(new EnvironmentError("FS-MQTT-SLOW", `a subscriber left ${waiting} bytes unread`));
    }
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wait?.cancel();
    this.#socket.destroy();
    done(error);
  }
}
