import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FAULTS, type Fault, simulate } from "../../../devices/index.ts";
import { systemClock } from "../../../firmware-bridge/port/clock.ts";
import { EnvironmentError, UsageError } from "../../../protocols/bytes/index.ts";
import { parseDuration } from "../../config/index.ts";
import { type CommonOptions, outputOf } from "../context.ts";

export interface SimulateCommandOptions extends CommonOptions {
  on: string;
  fault?: string[];
  seed: string;
  for?: string;
}

interface Pty {
  /** Our end. */
  near: string;
  /** The end that a gateway opens. */
  far: string;
  end(): void;
}

/** A pair of pseudo terminals, held by socat. */
async function ptyPair(far: string | undefined): Promise<Pty> {
  const folder = mkdtempSync(join(tmpdir(), "fieldseal-pty-"));
  const near = join(folder, "board");
  const outer = far ?? join(folder, "port");
  const end = (link: string) => `pty,raw,echo=0,link=${link}`;
  const socat: ChildProcess = spawn("socat", ["-d", "-d", end(near), end(outer)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const missing = (cause: unknown) =>
    new EnvironmentError("FS-SIMULATE-PTY", "a pseudo terminal needs socat, which could not be started", {
      fix: "apt-get install socat, or use --on tcp:PORT",
      cause,
    });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    socat.once("error", (error) => reject(missing(error)));
    socat.once("exit", () => reject(missing(said)));
    socat.stderr?.on("data", (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-2000);
      if (said.includes("starting data transfer loop")) resolve();
    });
  });
  return {
    near,
    far: outer,
    end() {
      socat.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function faultsOf(names: readonly string[]): Fault[] {
  return names.map((name) => {
    const fault = FAULTS.find((known) => known === name);
    if (fault) return fault;
    throw new UsageError("FS-SIMULATE-FAULT", `"${name}" is no fault`, { fix: `use one of ${FAULTS.join(", ")}` });
  });
}

/** `fieldseal simulate`: boards as they would stand in the field, until Ctrl-C. */
export async function simulateCommand(models: string[], options: SimulateCommandOptions): Promise<void> {
  const out = outputOf(options);
  const faults = faultsOf(options.fault ?? []);
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(seed)) throw new UsageError("FS-USAGE", `--seed: "${options.seed}" is not a whole number`);
  const until = options.for === undefined ? undefined : parseDuration(options.for);
  const pty = /^pty(?::(.+))?$/.exec(options.on);
  const pair = pty ? await ptyPair(pty[1]) : undefined;
  try {
    const boards = models.map((driver, i) => ({
      driver,
      seed: seed + i,
      ...(models.length > 1 ? { unit: i + 1 } : {}),
    }));
    const simulator = await simulate({ boards, on: pair?.near ?? options.on, clock: systemClock() });
    for (const board of simulator.boards) for (const fault of faults) board.faults.add(fault);
    const port = pair?.far ?? simulator.port;
    out.data({ event: "ready", port, models });
    out.line(`ready      ${models.join(", ")} on ${port}`);
    out.note(`try        fieldseal devices add meter --driver ${models[0]} --port ${port}`);
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      if (until !== undefined) setTimeout(resolve, until);
    });
    await simulator.stop();
  } finally {
    pair?.end();
  }
}
