import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./pymodbus.ts";

export interface Mosquitto {
  readonly port: number;
  end(): Promise<void>;
}

/** Starts mosquitto as an external broker on loopback. Needs `mosquitto` (see `describeWith`). */
export async function startMosquitto(): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "fieldseal-mosquitto-"));
  const port = await freePort();
  const file = join(folder, "mosquitto.conf");
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const child = spawn("mosquitto", ["-c", file, "-v"], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      if (/ running$/.test(line)) resolve();
    });
    void ended.then(() => reject(new Error("mosquitto ended at its start")));
  });
  return {
    port,
    async end() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface MqttLine {
  topic: string;
  payload: string;
}

const DEADLINE_MS = 60_000;

/** `mosquitto_sub -v`: an MQTT client that is not ours. */
export class MosquittoSub {
  readonly #child: ChildProcess;
  readonly lines: MqttLine[] = [];
  readonly #ended: Promise<void>;
  #check: () => void = () => undefined;

  constructor(port: number, topics: readonly string[], ...more: readonly string[]) {
    const filters = topics.flatMap((topic) => ["-t", topic]);
    // %p as it is: the payloads asked for are text without line ends.
    const args = ["-h", "127.0.0.1", "-p", String(port), "-q", "1", "-v", ...filters, ...more];
    this.#child = spawn("mosquitto_sub", args, { stdio: ["ignore", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      const space = line.indexOf(" ");
      this.lines.push({ topic: line.slice(0, space), payload: line.slice(space + 1) });
      this.#check();
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", () => resolve()));
  }

  /** The payload of the first message on a topic, from line `from` on, that fits. */
  next(topic: string, fits: (payload: string) => boolean = () => true, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no such message on ${topic}`)), DEADLINE_MS);
      this.#check = () => {
        const found = this.lines.slice(from).find((line) => line.topic === topic && fits(line.payload));
        if (!found) return;
        clearTimeout(late);
        this.#check = () => undefined;
        resolve(found.payload);
      };
      this.#check();
    });
  }

  /** Resolves when it has ended by itself (`-C`, `--retained-only -W`). */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async end(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}

/** The retained payload of one topic. */
export async function retainedPayload(port: number, topic: string): Promise<string | undefined> {
  const sub = new MosquittoSub(port, [topic], "--retained-only", "-C", "1", "-W", "10");
  await sub.ended;
  return sub.lines[0]?.payload;
}
