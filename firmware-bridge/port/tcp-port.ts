import { connect, type Socket } from "node:net";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import type { CloseReason, Port } from "./port.ts";

export interface TcpPortOptions {
  host: string;
  port: number;
  /** How long connecting may take, in ms. Default 10 s. */
  connectTimeout?: number;
  /** After how long without data the system begins to probe the peer, in ms. Default 15 s. */
  keepAlive?: number;
}

/**
 * Raw TCP as a port: ser2net, P1 readers, Modbus TCP. A peer that closes its half has nothing more to say, and a line
 * without its receiving half is lost: the port closes.
 */
export function tcpPort(options: TcpPortOptions): Port {
  return new TcpPort(options);
}

class TcpPort implements Port {
  readonly name: string;
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onClose: ((reason: CloseReason) => void) | undefined;
  readonly #options: TcpPortOptions;
  #socket: Socket | undefined;
  #connecting: Socket | undefined;
  #closing = false;

  constructor(options: TcpPortOptions) {
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    this.name = `tcp://${host}:${options.port}`;
    this.#options = options;
  }

  async open(): Promise<void> {
    if (this.#socket) throw new EnvironmentError("FS-PORT-OPEN", `${this.name} is already open`);
    const { host, port, connectTimeout = 10_000, keepAlive = 15_000 } = this.#options;
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAlive });
    this.#connecting = socket;
    try {
      await new Promise<void>((resolve, reject) => {
        socket.setTimeout(connectTimeout, () => socket.destroy(failedWith("ETIMEDOUT")));
        socket.once("connect", resolve);
        socket.once("error", reject);
      });
    } catch (cause) {
      throw this.#openError(cause);
    } finally {
      this.#connecting = undefined;
    }
    socket.setTimeout(0);
    this.#socket = socket;
    this.#closing = false;
    let failure: string | undefined;
    socket.on("data", (bytes: Uint8Array) => this.onBytes?.(bytes));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      failure = error.code ?? "connection error";
    });
    socket.on("close", () => {
      this.#socket = undefined;
      const lost: CloseReason = { kind: "lost", why: failure ?? "the peer closed the connection" };
      this.onClose?.(this.#closing ? { kind: "closed" } : lost);
    });
  }

  #openError(cause: unknown): EnvironmentError {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    const missing = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "EHOSTDOWN"];
    if (missing.includes(code)) {
      return new EnvironmentError("FS-PORT-MISSING", `nothing answers at ${this.name} (${code})`, {
        fix: "check the address and that the device is on",
        cause,
      });
    }
    if (code === "EACCES" || code === "EPERM") {
      return new EnvironmentError("FS-PORT-ACCESS", `connecting to ${this.name} is not permitted`, { cause });
    }
    return new EnvironmentError("FS-PORT-OPEN", `connecting to ${this.name} failed (${code})`, {
      fix: "check the address and that the device is on",
      cause,
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const fail = (cause?: unknown) =>
        reject(new EnvironmentError("FS-PORT-WRITE", `writing to ${this.name} failed`, { cause }));
      if (!socket?.writable) {
        fail();
        return;
      }
      socket.write(bytes, (error) => (error ? fail(error) : resolve()));
    });
  }

  async setLines(): Promise<void> {}

  close(): Promise<void> {
    this.#connecting?.destroy(failedWith("ECANCELED"));
    const socket = this.#socket;
    if (!socket) return Promise.resolve();
    this.#closing = true;
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      socket.destroy();
    });
  }
}

function failedWith(code: string): Error {
  return Object.assign(new Error(code), { code });
}
