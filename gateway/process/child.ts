import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { EnvironmentError } from "../../protocols/bytes/index.ts";

/** Built entry of `dist/`, beside the file this code was bundled into. */
export type Entry = "signer-process" | "broker-process" | "gateway-process";

export interface ChildOptions {
  entry: Entry;
  /** Folder of the built entries; default: where this code runs from. */
  folder?: string;
  nodeOptions?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Extra pipes: `channel` becomes descriptor 3 (duplex), `secret` descriptor 4 (written once, then closed). */
  channel?: boolean;
  secret?: Uint8Array;
  onMessage(message: unknown): void;
  onExit(code: number | null, signal: NodeJS.Signals | null): void;
}

/** A running part of the daemon. Messages go over node's IPC; when the parent is gone the child ends itself. */
export class Child {
  readonly #process: ChildProcess;
  readonly entry: Entry;

  constructor(options: ChildOptions) {
    this.entry = options.entry;
    const folder = options.folder ?? fileURLToPath(new URL(".", import.meta.url));
    this.#process = spawn(process.execPath, [...(options.nodeOptions ?? []), `${folder}/${options.entry}.js`], {
      stdio: ["ignore", "inherit", "inherit", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...options.env },
    });
    const secret = this.#process.stdio[4] as Writable;
    secret.on("error", () => undefined); // The child died first: its exit is what is reported.
    secret.end(options.secret);
    this.#process.on("message", options.onMessage);
    this.#process.on("exit", options.onExit);
    this.#process.on("error", (cause) => {
      throw new EnvironmentError("FS-PROCESS", `${options.entry} cannot be started`, { cause });
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Our end of descriptor 3. */
  get channel(): Duplex {
    return this.#process.stdio[3] as unknown as Duplex;
  }

  /** Sends a message, with a socket to hand over if given. Lost silently when the child is gone: its exit is reported. */
  send(message: object, socket?: Duplex): void {
    if (!this.#process.connected) return;
    this.#process.send(message, socket as never, { keepOpen: false }, () => undefined);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }
}
