import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { concatBytes, EnvironmentError } from "../../protocols/bytes/index.ts";
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

/** Packets that the engine gets in one turn: 64 KB of PINGREQ would be 32,768, and everybody else would wait. */
const PACKETS_A_TURN = 64;
const NOTHING = new Uint8Array(0);

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
  #held: Uint8Array = NOTHING;
  #ended = false;

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
    socket.on("end", () => {
      this.#ended = true;
      this.#pass();
    });
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    this.push(first);
    this.#held = rest;
  }

  /** Other limits from now on: what a client may do depends on who it proved to be. */
  set limits(limits: GateLimits) {
    this.#limits = limits;
    this.#scanner.maxPacket = limits.maxPacket;
    this.#tokens = limits.burst;
  }

  #receive(chunk: Uint8Array): void {
    // Nothing is read while something is held, so that this is never more than one chunk.
    this.#held = this.#held.length === 0 ? chunk : concatBytes(this.#held, chunk);
    this.#socket.pause();
    this.#pass();
  }

  /** Passes on what the engine wants and the rate allows, or lets the socket go on. */
  #pass(): void {
    if (this.destroyed || !this.#wanted || this.#wait !== undefined) return;
    if (this.#held.length === 0) {
      if (this.#ended) this.push(null);
      else this.#socket.resume();
      return;
    }
    this.#refill();
    if (this.#tokens < 1) {
      this.#passAfter(((1 - this.#tokens) / this.#limits.packetsPerSecond) * 1000);
      return;
    }
    try {
      const { packets, end } = this.#scanner.scan(this.#held, Math.min(PACKETS_A_TURN, Math.floor(this.#tokens)));
      this.#tokens -= packets;
      const passed = this.#held.subarray(0, end);
      this.#held = this.#held.subarray(end);
      this.#wanted = this.push(passed);
    } catch (error) {
      this.destroy(error instanceof Error ? error : undefined);
      return;
    }
    if (this.#held.length > 0) this.#passAfter(0);
    else this.#pass();
  }

  #passAfter(ms: number): void {
    this.#wait = this.#clock.after(ms, () => {
      this.#wait = undefined;
      this.#pass();
    });
  }

  #refill(): void {
    const { packetsPerSecond, burst } = this.#limits;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilled) * packetsPerSecond) / 1000);
    this.#refilled = now;
  }

  override _read(): void {
    this.#wanted = true;
    this.#pass();
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
