import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { concatBytes, EnvironmentError } from "../../protocols/bytes/index.ts";
import { type ConnectPacket, connectEnd, decodeConnect, MAX_CONNECT_BYTES, RefusedConnect } from "./connect-packet.ts";
import { type BrokerLimits, isLoopback } from "./embedded-options.ts";

export interface DoorCounters {
  accepted: number;
  /** Refused at once: too many connections, in all or of one address. */
  crowded: number;
  /** Ended because CONNECT did not come in time, or others needed the place. */
  late: number;
  /** Ended because the first bytes were no CONNECT we take. */
  malformed: number;
}

export interface DoorOptions {
  limits: BrokerLimits;
  clock: Clock;
  tls: { key: string; cert: string } | undefined;
  /** A connection with a complete, well-formed CONNECT: its bytes, and what came behind them. */
  onConnect(socket: Socket, connect: ConnectPacket, first: Uint8Array, rest: Uint8Array): void;
}

interface Knocking {
  readonly timer: Timer;
  held: Uint8Array;
}

/**
 * The listening socket. Nothing behind it sees a connection before its CONNECT is complete: until then a stranger
 * holds at most 1 KB and five seconds, and the oldest stranger makes room for the next.
 */
export class Door {
  readonly counters: DoorCounters = { accepted: 0, crowded: 0, late: 0, malformed: 0 };
  readonly #options: DoorOptions;
  readonly #server: Server;
  readonly #knocking = new Map<Socket, Knocking>();
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();

  constructor(options: DoorOptions) {
    this.#options = options;
    const { tls, limits } = options;
    // Half open: what a client sent before it closed its side is still read.
    if (tls === undefined) {
      this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#knock(socket));
    } else {
      const server = createTlsServer({
        ...tls,
        allowHalfOpen: true,
        minVersion: "TLSv1.2",
        handshakeTimeout: limits.connectWithinMs,
      });
      server.on("secureConnection", (socket) => this.#knock(socket));
      // A failed handshake is the client's affair; a timed-out one leaves its socket open.
      server.on("tlsClientError", (_error, socket) => {
        this.counters.malformed++;
        socket.destroy();
      });
      this.#server = server;
    }
    // Sockets are counted before any handshake: a TLS handshake is the most expensive thing a stranger can ask for.
    this.#server.prependListener("connection", (socket: Socket) => this.#count(socket));
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get pending(): number {
    return this.#knocking.size;
  }

  /** @throws EnvironmentError FS-MQTT-LISTEN */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause) => {
        reject(
          new EnvironmentError("FS-MQTT-LISTEN", `the broker cannot listen on ${host}:${port}: ${cause.message}`, {
            cause,
            fix: "stop what else uses this port (another MQTT broker?), or set mqtt.listen to a free one",
          }),
        );
      });
      this.#server.listen({ host, port, backlog: 511 }, () => {
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #count(socket: Socket): void {
    const { connections, perAddress } = this.#options.limits;
    const address = socket.remoteAddress ?? "";
    const same = this.#perAddress.get(address) ?? 0;
    if (this.#sockets.size >= connections || same >= (isLoopback(address) ? connections : perAddress)) {
      this.counters.crowded++;
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#perAddress.set(address, same + 1);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.#sockets.delete(socket);
      const left = (this.#perAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(address, left);
      else this.#perAddress.delete(address);
    });
  }

  #knock(socket: Socket): void {
    if (socket.destroyed) return;
    const { limits, clock } = this.#options;
    for (const [oldest] of this.#knocking) {
      if (this.#knocking.size < limits.pending) break;
      this.#turnAway(oldest, "late");
    }
    const timer = clock.after(limits.connectWithinMs, () => this.#turnAway(socket, "late"));
    this.#knocking.set(socket, { timer, held: new Uint8Array(0) });
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.#leave(socket));
    socket.on("data", (chunk: Buffer) => this.#hear(socket, chunk));
    socket.on("end", () => {
      if (this.#knocking.has(socket)) this.#turnAway(socket, "malformed");
    });
  }

  #leave(socket: Socket): Knocking | undefined {
    const knocking = this.#knocking.get(socket);
    knocking?.timer.cancel();
    this.#knocking.delete(socket);
    return knocking;
  }

  #turnAway(socket: Socket, why: "late" | "malformed", reply?: Uint8Array): void {
    this.counters[why]++;
    this.#leave(socket);
    socket.removeAllListeners("data");
    if (reply === undefined) {
      socket.destroy();
      return;
    }
    // The answer has to be on its way before the socket is closed; whoever does not read it has no claim to more.
    socket.resume();
    socket.end(reply, () => socket.destroy());
  }

  #hear(socket: Socket, chunk: Uint8Array): void {
    const knocking = this.#knocking.get(socket);
    if (knocking === undefined) return;
    const bytes = knocking.held.length === 0 ? chunk : concatBytes(knocking.held, chunk);
    try {
      const end = connectEnd(bytes);
      if (end === undefined) {
        // connectEnd() refuses a longer CONNECT, so this is at most MAX_CONNECT_BYTES and its header.
        // A copy, because a slice of a Buffer would keep the whole chunk it came in.
        knocking.held = new Uint8Array(bytes.subarray(0, MAX_CONNECT_BYTES + 5));
        return;
      }
      const first = new Uint8Array(bytes.subarray(0, end));
      const connect = decodeConnect(first);
      if (connect instanceof RefusedConnect) {
        this.#turnAway(socket, "malformed", connect.reply);
        return;
      }
      this.#leave(socket);
      socket.removeAllListeners("data");
      socket.pause();
      socket.setKeepAlive(true, 60_000);
      this.counters.accepted++;
      this.#options.onConnect(socket, connect, first, bytes.subarray(end));
    } catch {
      this.#turnAway(socket, "malformed");
    }
  }
}
