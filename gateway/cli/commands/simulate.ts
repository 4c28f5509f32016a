import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { type PowerSeries, parseDayProfile, type SimulatedBoardOptions } from "../../../devices/index.ts";
import { systemClock } from "../../../firmware-bridge/port/clock.ts";
import { EnvironmentError, fromHex, UsageError } from "../../../protocols/bytes/index.ts";
import { parseDuration } from "../../config/index.ts";
import { type CommonOptions, knownModels, load, outputOf } from "../context.ts";
import { faultOf, parseFaultLine } from "../fault-lines.ts";
import type { Output } from "../output.ts";
import { type RunningSimulators, startSimulators } from "../simulators.ts";

export interface SimulateCommandOptions extends CommonOptions {
  on: string;
  fault?: string[];
  seed: string;
  for?: string;
  profile?: string;
  column?: string;
  scale: string;
  interval?: string;
  topic?: string;
  station?: string;
  encrypt?: boolean;
  commands?: boolean;
}

/** Keys of a simulated meter that encrypts. They guard nothing: DLMS UA 1000-2 prints them. */
const KEYS = {
  encryption_key: "000102030405060708090a0b0c0d0e0f",
  authentication_key: "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
} as const;

function number(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new UsageError("FS-USAGE", `${option}: "${text}" is not a number`);
}

function seriesOf({ profile, column, scale }: SimulateCommandOptions): PowerSeries | undefined {
  if (profile === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(profile, "utf8");
  } catch (cause) {
    throw new EnvironmentError("FS-SIMULATE-PROFILE", `${profile} cannot be read`, { cause, fix: "name a CSV file" });
  }
  const factor = { scale: number("--scale", scale) };
  return parseDayProfile(text, column === undefined ? factor : { column, ...factor });
}

function boardsOf(models: readonly string[], options: SimulateCommandOptions): SimulatedBoardOptions[] {
  const seed = Number(options.seed);
  if (!Number.isSafeInteger(seed)) throw new UsageError("FS-USAGE", `--seed: "${options.seed}" is not a whole number`);
  const series = seriesOf(options);
  const keys = { encryption: fromHex(KEYS.encryption_key), authentication: fromHex(KEYS.authentication_key) };
  return models.map((driver, i) => {
    if (options.encrypt && !driver.startsWith("han/")) {
      throw new UsageError("FS-SIMULATE", `${driver} does not encrypt`, { fix: "--encrypt is for boards of han/…" });
    }
    return {
      driver,
      seed: seed + i,
      ...(models.length > 1 ? { unit: i + 1 } : {}),
      ...(series === undefined ? {} : { series }),
      ...(options.encrypt ? { keys } : {}),
    };
  });
}

/** Takes faults from standard input. A line that is none is answered, and harms nothing. */
function hearFaults({ boards }: RunningSimulators, out: Output): () => void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    try {
      const command = parseFaultLine(line);
      if (!command) return;
      const { fault, on, board } = command;
      const chosen = board === undefined ? boards : boards.slice(board - 1, board);
      for (const { faults } of chosen) {
        if (on) faults.add(fault);
        else faults.delete(fault);
      }
      out.data({ event: "fault", fault, on, boards: chosen.length });
      out.line(
        `fault      ${fault} ${on ? "on" : "off"}, ${chosen.length} ${chosen.length === 1 ? "board" : "boards"}`,
      );
    } catch (error) {
      out.error(error);
    }
  });
  return () => lines.close();
}

/** `fieldseal simulate`: boards as they would stand in the field, until Ctrl-C. */
export async function simulateCommand(models: string[], options: SimulateCommandOptions): Promise<void> {
  const out = outputOf(options);
  const faults = (options.fault ?? []).map(faultOf);
  const until = options.for === undefined ? undefined : parseDuration(options.for);
  const { topic, station, on, interval } = options;
  const simulators = await startSimulators({
    boards: boardsOf(models, options),
    on,
    clock: systemClock(),
    catalog: knownModels(options),
    config: () => load(options).config,
    onNote: (text) => out.note(text),
    ...(interval === undefined ? {} : { interval: parseDuration(interval) }),
    ...(topic === undefined ? {} : { topic }),
    ...(station === undefined ? {} : { station }),
  });
  for (const board of simulators.boards) for (const fault of faults) board.faults.add(fault);
  const { port, reach } = simulators;
  const keys = options.encrypt ? KEYS : {};
  out.data({ event: "ready", port, models, reach, ...keys });
  out.line(`ready      ${models.join(", ")} on ${port}`);
  for (const [key, text] of Object.entries(keys)) out.line(`${key}: ${text}`);
  for (const [i, model] of models.entries()) {
    const name = models.length > 1 ? `board-${i + 1}` : "board";
    out.note(`try        fieldseal devices add ${name} --driver ${model} ${reach[i]}`);
  }
  const deaf = options.commands ? hearFaults(simulators, out) : () => undefined;
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    if (until !== undefined) setTimeout(resolve, until);
  });
  deaf();
  await simulators.stop();
}
