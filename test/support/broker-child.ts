import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FromBroker } from "../../gateway/broker/broker-messages.ts";
import type { EmbeddedCounters } from "../../gateway/broker/embedded-broker.ts";
import type { EmbeddedBrokerOptions } from "../../gateway/broker/embedded-options.ts";
import { builtFile } from "./built.ts";

export interface BrokerChild {
  readonly pid: number;
  readonly port: number;
  /** The gateway's end of the durable channel. */
  readonly channel: Duplex;
  readonly running: boolean;
  counters(): Promise<EmbeddedCounters & { rss: number }>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Resolves with the exit code when it ends by itself. */
  readonly ended: Promise<number | null>;
  disconnect(): void;
  /** Gives the broker another durable channel. */
  hand(channel: Duplex): void;
}

/** Starts the broker as the daemon does: a process of its own, options over IPC, descriptor 3 as the durable channel. */
export async function startBrokerChild(options: EmbeddedBrokerOptions): Promise<BrokerChild> {
  const child: ChildProcess = spawn(process.execPath, [builtFile("broker-process")], {
    stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"],
  });
  const channel = child.stdio[3] as unknown as Duplex;
  channel.on("error", () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const next = <T extends FromBroker["type"]>(type: T): Promise<Extract<FromBroker, { type: T }>> =>
    new Promise((resolve, reject) => {
      const listen = (message: FromBroker): void => {
        if (message.type === "error") reject(Object.assign(new Error(message.message), { code: message.code }));
        if (message.type !== type) return;
        child.off("message", listen);
        resolve(message as Extract<FromBroker, { type: T }>);
      };
      child.on("message", listen);
      void ended.then((code) => reject(new Error(`the broker process ended with ${code}`)));
    });
  child.send({ type: "start", options });
  const { port, pid } = await next("ready");
  return {
    pid,
    port,
    channel,
    ended,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    async counters() {
      const answer = next("counters");
      child.send({ type: "counters" });
      const { counters, rss } = await answer;
      return { ...counters, rss };
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    disconnect: () => child.disconnect(),
    hand: (other) => void child.send({ type: "channel" }, other as Socket),
  };
}
