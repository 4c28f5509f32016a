import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Writable } from "node:stream";
import type { FromSigner } from "../../gateway/attest/index.ts";
import { PASSPHRASE } from "./keystore.ts";

export interface SignerChildOptions {
  entry: string;
  dir: string;
  passphrase?: string;
  env?: Record<string, string>;
  nodeOptions?: readonly string[];
}

/** The signer as the supervisor starts it: channel on descriptor 3, passphrase on 4, IPC on 5. */
export class SignerChild {
  readonly process: ChildProcess;
  readonly messages: FromSigner[] = [];
  /** Everything it printed. */
  output = "";
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly ready: Promise<FromSigner>;

  constructor({ entry, dir, passphrase = PASSPHRASE, env = {}, nodeOptions = [] }: SignerChildOptions) {
    this.process = spawn(process.execPath, [...nodeOptions, entry], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...env },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString("latin1");
      });
    }
    this.channel.on("error", () => undefined);
    const secret = this.process.stdio[4] as Writable;
    secret.on("error", () => undefined);
    secret.end(passphrase);
    this.process.send({ type: "start", keys: dir }, undefined, {}, () => undefined);
    // Its end can be known before the last that it said has been read.
    const { stdout, stderr } = this.process;
    const over = Promise.all([
      once(this.process, "exit"),
      once(this.process, "disconnect"),
      once(stdout!, "close"),
      once(stderr!, "close"),
    ]);
    this.exited = over.then(() => ({ code: this.process.exitCode, signal: this.process.signalCode }));
    this.ready = new Promise((resolve) => {
      this.process.on("message", (message: FromSigner) => {
        this.messages.push(message);
        resolve(message);
      });
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  get channel(): Duplex {
    return this.process.stdio[3] as unknown as Duplex;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }
}
