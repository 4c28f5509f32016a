import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Clock, sleep, systemClock, type Timer } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, TimeoutError } from "../../protocols/bytes/index.ts";
import { type Chain, httpChain } from "./chain.ts";
import { data, quantity } from "./rpc.ts";

export interface LocalChainOptions {
  /** File the chain's state is kept in; without it the chain is forgotten when it stops. */
  stateFile?: string;
  /** Seconds between blocks; without it a block is made for each transaction. */
  blockTime?: number;
  chainId?: number;
  /** 0 = a free one. */
  port?: number;
  /** Most time until it answers, ms. */
  timeout?: number;
  clock?: Clock;
  /** Further arguments of anvil. */
  args?: readonly string[];
}

export interface LocalChain {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly chain: Chain;
  /** Resolves when the chain has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Resolves when all that is in the chain now would survive a kill. At once when there is no state file. */
  saved(): Promise<void>;
  /** Ends the chain; its state is on disk afterwards. */
  stop(): Promise<void>;
}

/** Arguments after the first run in the background; the shell waits for its stdin to end (our end of the pipe: also when we are killed) and then interrupts it. */
export const LEASH = '"$0" "$@" & p=$!; exec >/dev/null 2>&1; echo $p >&3; cat; kill -INT $p; wait $p';

/** anvil's own program, without the node process npm puts in front of it. */
export function anvilProgram(): string {
  const ours = createRequire(import.meta.url);
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const file = process.platform === "win32" ? "anvil.exe" : "anvil";
  try {
    const anvil = createRequire(ours.resolve("@foundry-rs/anvil/package.json"));
    return anvil.resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/${file}`);
  } catch (cause) {
    throw new EnvironmentError(
      "FS-LOCAL-CHAIN-MISSING",
      "the local chain (npm package @foundry-rs/anvil) is not installed",
      {
        cause,
        fix: "Install it, or set a JSON-RPC end point.",
      },
    );
  }
}

const isWhole = (file: string): boolean => {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
};

/** anvil rewrites its state file in place; a kill within that leaves half of it. A copy of the last whole one is kept beside it. */
class StateKeeper {
  readonly #file: string;
  #seen = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Puts the last whole state in place of a torn one. */
  restore(): void {
    const good = `${this.#file}.good`;
    if (existsSync(this.#file) && isWhole(this.#file)) return;
    if (existsSync(good)) renameSync(good, this.#file);
    else if (existsSync(this.#file)) renameSync(this.#file, `${this.#file}.torn`);
  }

  /** When the kept state was written, ms since 1970. */
  get keptAt(): number {
    return this.#seen;
  }

  keep(): void {
    const changed = existsSync(this.#file) ? statSync(this.#file).mtimeMs : 0;
    if (changed === this.#seen || !isWhole(this.#file)) return;
    const copy = `${this.#file}.next`;
    writeFileSync(copy, readFileSync(this.#file));
    if (!isWhole(copy)) return;
    renameSync(copy, `${this.#file}.good`);
    this.#seen = changed;
  }
}

function portOf(child: ChildProcess, clock: Clock, timeout: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const fail = (why: string) =>
      reject(new EnvironmentError("FS-LOCAL-CHAIN-START", `the local chain did not start: ${why}`));
    const late = clock.after(timeout, () => {
      reject(new TimeoutError("FS-LOCAL-CHAIN-START", `the local chain did not start within ${timeout} ms`));
    });
    child.once("error", (error) => fail(error.message));
    child.stderr!.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-2_000);
    });
    child.stdout!.on("end", () => fail(text.trim().split("\n").at(-1) ?? "it ended at once"));
    child.stdout!.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-2_000);
      const [, port] = /Listening on [0-9.]+:([0-9]+)/.exec(text) ?? [];
      if (port === undefined) return;
      late.cancel();
      resolve(Number(port));
    });
  });
}

/**
 * Starts anvil with the newest hard fork. It listens on 127.0.0.1 and ends with this process, however this process ends.
 * @throws EnvironmentError FS-LOCAL-CHAIN-MISSING, FS-LOCAL-CHAIN-START; TimeoutError FS-LOCAL-CHAIN-START.
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const { stateFile, blockTime, chainId = 31337, port = 0, timeout = 20_000, args = [] } = options;
  const clock = options.clock ?? systemClock({ background: true });
  const keeper = stateFile === undefined ? undefined : new StateKeeper(stateFile);
  keeper?.restore();
  const anvil = [
    ...["--host", "127.0.0.1", "--port", String(port), "--chain-id", String(chainId), "--hardfork", "osaka"],
    ...["--accounts", "1"],
    ...(stateFile === undefined ? [] : ["--state", stateFile, "--state-interval", "1"]),
    ...(blockTime === undefined ? [] : ["--block-time", String(blockTime)]),
    ...args,
  ];
  const child = spawn("sh", ["-c", LEASH, anvilProgram(), ...anvil], { stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
    // anvil holds the other end of stdout: when it ends by itself, the shell that waits for us is let go.
    child.stdout!.once("end", () => child.stdin!.end());
  });
  child.stdin!.on("error", () => undefined);
  let pid = 0;
  child.stdio[3]!.on("data", (chunk: Buffer) => {
    pid = Number(chunk.toString());
  });
  let listening: number;
  try {
    listening = await portOf(child, clock, timeout);
  } catch (error) {
    child.stdin!.end();
    throw error;
  }
  let tick: Timer | undefined;
  const keep = (): void => {
    keeper?.keep();
    tick = clock.after(1_000, keep);
  };
  if (keeper) keep();
  void exited.then(() => tick?.cancel());
  const url = `http://127.0.0.1:${listening}`;
  return {
    url,
    port: listening,
    get pid() {
      return pid;
    },
    chain: httpChain(url),
    exited,
    async saved() {
      // anvil takes its state and then writes it: the first file written later may still lack what is new.
      for (let files = 0, before = keeper?.keptAt ?? 0; keeper !== undefined && files < 2; ) {
        await sleep(clock, 100);
        keeper.keep();
        if (keeper.keptAt !== before) files++;
        before = keeper.keptAt;
      }
    },
    async stop() {
      child.stdin!.end();
      await exited;
      keeper?.keep();
    },
  };
}

/** Gives an account of a local chain some wei. */
export async function fundLocal(chain: Chain, account: Uint8Array, wei = 10n ** 20n): Promise<void> {
  await chain.request({ method: "anvil_setBalance", params: [data(account), quantity(wei)] });
}
