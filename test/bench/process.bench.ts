import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { cliJson, EventProcess } from "../support/cli.ts";
import { type Bench, type BenchContext, median, type Row } from "./bench.ts";
import { cpuOf, memoryOf } from "./proc-files.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Packs close after this long, so that the first signature is soon there. */
const WITHIN = "200ms";
/** A meter read as fast as this, to have readings enough to count. */
const FAST = "10ms";

/** A gateway's folder as `fieldseal init` and `devices add` make it, for one meter. */
async function site(dir: string, port: string): Promise<void> {
  await cliJson(["init"], { cwd: dir });
  const meter = ["--driver", "modbus/eastron-sdm630", "--port", port, "--unit", "1", "--every", "1s"];
  await cliJson(["devices", "add", "meter", ...meter], { cwd: dir });
  change(dir, "listen: 127.0.0.1:1883", "listen: 127.0.0.1:0");
  change(dir, "every: 1s", `every: 1s, pack: { count: 64, within: ${WITHIN} }`);
}

function change(dir: string, from: string, to: string): void {
  const file = join(dir, "config.yaml");
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${from} is not in the configuration`);
  writeFileSync(file, text.replace(from, to));
}

interface Start {
  ready: number;
  signed: number;
}

/** From spawn to the gateway taking readings, and to its first signed one, in ms. */
async function start(dir: string): Promise<{ run: EventProcess; times: Start }> {
  const began = performance.now();
  const run = new EventProcess(["run", "--events"], { cwd: dir });
  await run.nth("ready", 1);
  const ready = performance.now() - began;
  await run.when(() => run.of("attestation").find(({ count }) => Number(count) > 0));
  return { run, times: { ready, signed: performance.now() - began } };
}

async function stop(run: EventProcess): Promise<void> {
  process.kill(run.pid, "SIGTERM");
  await run.ended;
}

/** Bare node, doing nothing, as it is measured beside ours. */
async function bareNode(): Promise<{ rss: number; pss: number }> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1e6)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  await pause(500);
  const memory = memoryOf(child.pid!);
  child.kill();
  return memory;
}

/** CPU µs a reading and process, over some seconds. */
async function cpuPerReading(run: EventProcess, seconds: number) {
  const parts = { supervisor: run.pid, ...run.parts() };
  const before = Object.entries(parts).map(([name, pid]) => ({ name, pid, micros: cpuOf(pid) }));
  const readings = run.of("reading").length;
  await pause(seconds * 1000);
  const count = run.of("reading").length - readings;
  return {
    count,
    micros: Object.fromEntries(before.map(({ name, pid, micros }) => [name, (cpuOf(pid) - micros) / count])),
  };
}

const text = (value: number, digits = 0): string => value.toFixed(digits);

export const bench: Bench = {
  name: "process",
  async run({ quick }: BenchContext): Promise<Row[]> {
    if (process.platform !== "linux") return [];
    const dir = mkdtempSync(join(tmpdir(), "fieldseal-bench-"));
    const meter = await simulate({ boards: [{ driver: "modbus/eastron-sdm630" }], on: "tcp:0", clock: systemClock() });
    try {
      await site(dir, meter.port);
      const starts: Start[] = [];
      for (let i = 0; i < (quick ? 1 : 4); i++) {
        const { run, times } = await start(dir);
        starts.push(times);
        await stop(run);
      }
      const { run } = await start(dir);
      await pause(quick ? 3_000 : 10_000);
      const parts = { supervisor: run.pid, ...run.parts() };
      const memory = Object.entries(parts).map(([name, pid]) => ({ name, ...memoryOf(pid) }));
      await stop(run);
      const bare = await bareNode();
      change(
        dir,
        `every: 1s, pack: { count: 64, within: ${WITHIN} }`,
        `every: ${FAST}, pack: { count: 64, within: 10s }`,
      );
      const { run: fast } = await start(dir);
      const cost = await cpuPerReading(fast, quick ? 2 : 6);
      await stop(fast);
      const of = (name: string) => memory.find((part) => part.name === name) ?? { rss: Number.NaN, pss: Number.NaN };
      const sum = (key: "rss" | "pss") => memory.reduce((total, part) => total + part[key], 0);
      const ready = median(starts.map((times) => times.ready));
      return [
        {
          row: "gateway process with one meter, resident memory",
          ours: of("gateway").rss,
          unit: "MB",
          peers: [{ name: "bare node", value: bare.rss }],
          ratio: bare.rss / of("gateway").rss,
          goal: "≤ 80 MB",
          note: `RSS/PSS in MB: ${memory.map(({ name, rss, pss }) => `${name} ${text(rss)}/${text(pss)}`).join(" · ")} · all ${text(sum("rss"))}/${text(sum("pss"))}; bare node ${text(bare.rss)}/${text(bare.pss)}`,
        },
        {
          row: "from spawn to ready",
          ours: ready,
          unit: "ms",
          peers: [],
          ratio: 1000 / ready,
          goal: "≤ 1,000 ms",
          note: `first signed reading after ${text(median(starts.map(({ signed }) => signed)))} ms (packs close after ${WITHIN})`,
        },
        {
          row: `gateway process, CPU a reading (Modbus TCP every ${FAST}, packs of 64, MQTT out)`,
          ours: cost.micros["gateway"] ?? Number.NaN,
          unit: "µs",
          peers: [],
          ratio: 1,
          goal: "told, no peer in this run",
          note: `all of it: ${Object.entries(cost.micros)
            .map(([name, micros]) => `${name} ${text(micros)}`)
            .join(" · ")} µs, of ${cost.count} readings`,
        },
      ];
    } finally {
      await meter.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
};
