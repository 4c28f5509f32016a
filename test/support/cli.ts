import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { builtFile } from "./built.ts";
import { familyOf } from "./processes.ts";

/** A deadline against hanging for ever; no test is about how fast something is. */
const DEADLINE_MS = 60_000;

export interface CliOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  input?: string;
}

export interface CliResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The caller's environment without what would change our commands' behaviour. */
function environment(extra: CliOptions["env"]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(FIELDSEAL_|CREDENTIALS_DIRECTORY|NODE_OPTIONS)/.test(name),
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...extra };
}

/** Runs `fieldseal ARGS` to its end. */
export function cli(args: readonly string[], { cwd, env, input }: CliOptions = {}): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [builtFile("cli"), ...args], { cwd, env: environment(env) });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const late = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(late);
      resolve({ code, stdout, stderr });
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Runs a command with `--json` that has to succeed, and returns its document. */
export async function cliJson<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await cli([...args, "--json"], options);
  if (code !== 0) throw new Error(`fieldseal ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout) as T;
}

/** One line that a streaming command printed. */
export interface PathEvent {
  event: string;
  ms: number;
  [field: string]: unknown;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A streaming command (`run --events`, `demo`) and what it prints, in its own process group. */
export class EventProcess {
  readonly #child: ChildProcess;
  readonly events: PathEvent[] = [];
  /** Lines on stdout that are no event. */
  readonly strange: string[] = [];
  readonly ended: Promise<Ended>;
  stderr = "";
  #isEnded = false;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], { cwd, env }: CliOptions = {}) {
    this.#child = spawn(process.execPath, [builtFile("cli"), ...args, "--json"], {
      cwd,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => this.#line(line));
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("exit", (code, signal) => {
        this.#isEnded = true;
        resolve({ code, signal });
        this.#changed();
      });
    });
  }

  #line(line: string): void {
    try {
      const event = JSON.parse(line) as PathEvent;
      if (typeof event !== "object" || event === null) throw new Error("no object");
      this.events.push(event);
    } catch {
      this.strange.push(line);
    }
    this.#changed();
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get running(): boolean {
    return !this.#isEnded;
  }

  /** Process ids of its parts by name: `gateway`, `signer`, `broker`. */
  parts(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const { pid, command } of familyOf(this.pid)) {
      const part = /(gateway|signer|broker)-process\.js/.exec(command)?.[1];
      if (part) found[part] = pid;
    }
    return found;
  }

  /** Events of one kind so far. */
  of(event: string): PathEvent[] {
    return this.events.filter((entry) => entry.event === event);
  }

  /** The first event from position `from` on that fits. @throws Error when the process ends or the deadline passes before. */
  until(fits: (event: PathEvent) => boolean, from = 0): Promise<PathEvent> {
    return this.when(() => this.events.slice(from).find(fits));
  }

  /** The `count`-th event of a kind, counted from position `from`. */
  nth(event: string, count: number, from = 0): Promise<PathEvent> {
    return this.when(() => this.events.slice(from).filter((entry) => entry.event === event)[count - 1]);
  }

  when<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late);
        this.#watchers.delete(check);
      };
      const fail = (why: string) => {
        done();
        const tail = this.events
          .slice(-12)
          .map((event) => JSON.stringify(event))
          .join("\n");
        reject(new Error(`${why}\n${tail}\n${this.strange.slice(-5).join("\n")}\n${this.stderr.slice(-2000)}`));
      };
      const check = () => {
        const found = look();
        if (found !== undefined) {
          done();
          resolve(found);
        } else if (this.#isEnded) fail("the process ended before");
      };
      const late = setTimeout(() => fail(`not seen within ${DEADLINE_MS / 1000} s`), DEADLINE_MS);
      this.#watchers.add(check);
      check();
    });
  }

  /** A signal to the process alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** A signal to its whole group, as a terminal sends it. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Asks it to end; SIGKILL to the group when it does not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    if (this.#isEnded) return this.ended;
    const late = setTimeout(() => this.killGroup("SIGKILL"), DEADLINE_MS);
    this.kill(signal);
    const ended = await this.ended;
    clearTimeout(late);
    return ended;
  }
}
