import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import type { Broker, PresenceTopic } from "../../gateway/broker/broker.ts";
import { MemoryBrokerHub } from "../../gateway/broker/memory-broker.ts";
import { mqttBroker } from "../../gateway/broker/mqtt-broker.ts";
import type { ReconnectingOptions } from "../../gateway/broker/reconnecting-broker.ts";
import { type BrokerChild, startBrokerChild } from "./broker-child.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";

/** One kind of broker, as the contract suite sees it. */
export interface BrokerRig {
  start(): Promise<void>;
  client(clientId: string, presence?: PresenceTopic): Broker;
  /** Cuts the connection of a client without a DISCONNECT. */
  cut(clientId: string): void;
  /** The broker dies as by kill -9, and loses what it kept. */
  crash(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Where real clients connect, when there is a socket. */
  readonly url?: string;
}

const quick: Omit<ReconnectingOptions, "clock" | "presence"> = { delays: [0, 20, 50, 100], openWithin: 5_000 };

export function memoryRig(): BrokerRig {
  const hub = new MemoryBrokerHub(systemClock());
  return {
    start: async () => undefined,
    client: (clientId, presence) => hub.client({ clientId, ...quick, ...(presence ? { presence } : {}) }),
    cut: (clientId) => hub.cut(clientId),
    crash: async () => hub.crash(),
    restart: async () => hub.restart(),
    stop: async () => undefined,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Process {
  kill(): Promise<void>;
}

async function socketRig(run: (port: number) => Promise<Process>, version: 4 | 5): Promise<BrokerRig> {
  const port = await freePort();
  const proxies = new Map<string, TcpProxy>();
  let process: Process | undefined;
  const proxyOf = async (clientId: string): Promise<TcpProxy> => {
    const proxy = proxies.get(clientId) ?? (await tcpProxy(() => port));
    proxies.set(clientId, proxy);
    return proxy;
  };
  for (const id of ["a", "b", "c"]) await proxyOf(id);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    start: async () => {
      process = await run(port);
    },
    client: (clientId, presence) =>
      mqttBroker({
        url: `mqtt://127.0.0.1:${proxies.get(clientId)?.port}`,
        clientId,
        version,
        clock: systemClock(),
        ...quick,
        ...(presence ? { presence } : {}),
      }),
    cut: (clientId) => proxies.get(clientId)?.cut(),
    crash: async () => {
      await process?.kill();
    },
    restart: async () => {
      process = await run(port);
    },
    stop: async () => {
      await process?.kill();
      for (const proxy of proxies.values()) await proxy.stop();
    },
  };
}

/** The embedded broker in its real process. Boards are anonymous, and anybody may write the tree: access has its own tests. */
export function embeddedRig(onChild: (child: BrokerChild) => void = () => undefined): Promise<BrokerRig> {
  return socketRig(async (port) => {
    const child = await startBrokerChild({ listen: { host: "127.0.0.1", port }, base: "somebody-elses" });
    onChild(child);
    return child;
  }, 4);
}

/** Debian's mosquitto, one unacknowledged message a client at a time, nothing kept over a restart. */
export function mosquittoRig(version: 4 | 5): Promise<BrokerRig> {
  return socketRig(async (port) => {
    const folder = mkdtempSync(join(tmpdir(), "mosquitto-"));
    const config = join(folder, "mosquitto.conf");
    writeFileSync(
      config,
      `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1\nuser root\n`,
    );
    const child = spawn("mosquitto", ["-c", config], { stdio: "ignore" });
    await listening(port, child);
    return {
      kill: () =>
        new Promise((resolve) => {
          child.once("exit", () => {
            rmSync(folder, { recursive: true });
            resolve();
          });
          child.kill("SIGKILL");
        }),
    };
  }, version);
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (up) return;
  }
  throw new Error("mosquitto ended at once");
}
