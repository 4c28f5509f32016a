import { createServer, type Server, type Socket } from "node:net";
import { type Clock, type MemoryDevice, serialPort } from "../../firmware-bridge/port/index.ts";
import { EnvironmentError, UsageError } from "../../protocols/bytes/index.ts";
import type { DlmsKeys } from "../../protocols/meter/index.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { builtIn } from "../catalog/index.ts";
import { SimulatedBoard } from "./board.ts";
import type { PowerSeries } from "./day-profile.ts";
import { MeterModel } from "./meter-model.ts";
import type { PeerContext, PeerKind } from "./peer.ts";
import { peers } from "./peers.ts";

export interface SimulatedBoardOptions {
  /** As in the configuration: `modbus/eastron-sdm630`. */
  driver: string;
  unit?: number;
  seed?: number;
  /** Register readings to begin with, in Wh. */
  startImport?: number;
  /** A day of power, in place of a household's. */
  series?: PowerSeries;
  /** A HAN meter that encrypts. */
  keys?: DlmsKeys;
}

export interface SimulateOptions {
  /** Several Modbus boards share one line; of P1 meters there is one. */
  boards: readonly SimulatedBoardOptions[];
  /** `tcp:PORT` (Modbus TCP or P1), `rtu+tcp:PORT`, a device path (one end of a pty pair), or a memory port's device. 0 takes a free port. */
  on: string | MemoryDevice;
  clock: Clock;
  /** Between two telegrams of a P1 meter, in ms. Default 1000, as DSMR 5. */
  interval?: number;
  /** Default: the models that ship. */
  catalog?: Catalog;
}

export interface Simulator {
  /** What a device's `port:` must say to reach it. */
  readonly port: string;
  readonly boards: readonly SimulatedBoard[];
  stop(): Promise<void>;
}

/**
 * Catalog boards as peers: what a driver would meet in the field, for tests, the demo and for trying a configuration.
 * @throws UsageError FS-DEVICE-DRIVER, FS-SIMULATE; EnvironmentError FS-PORT-… when the port cannot be had.
 */
export async function simulate(options: SimulateOptions): Promise<Simulator> {
  const { catalog = builtIn } = options;
  const boards = options.boards.map(({ driver, unit, seed, startImport, series, keys }, i) => {
    const profile = catalog.find(driver);
    const model = new MeterModel({
      clock: options.clock,
      seed: seed ?? i + 1,
      ...(startImport === undefined ? {} : { startImport }),
      ...(series === undefined ? {} : { series }),
    });
    return new SimulatedBoard(profile, model, unit ?? profile.modbus?.unit ?? profile.sunspec?.unit ?? 1, keys);
  });
  const [link, ...others] = new Set(boards.map(({ profile }) => profile.link));
  const kind = link && peers[link];
  if (!kind || others.length > 0 || (!kind.shared && boards.length !== 1)) {
    throw new UsageError("FS-SIMULATE", "one line carries Modbus boards, or one board of another kind", {
      fix: "start one simulator for each line",
    });
  }
  const site = { ...options, boards, kind };
  if (typeof options.on !== "string") return onMemory(options.on, site);
  const network = /^(tcp|rtu\+tcp):(\d{1,5})$/.exec(options.on);
  if (network) return onTcp(network[1] as "tcp" | "rtu+tcp", Number(network[2]), site);
  if (options.on.startsWith("/")) return onSerial(options.on, site);
  throw new UsageError("FS-SIMULATE", `a simulator cannot be put on "${options.on}"`, {
    fix: "write tcp:PORT, rtu+tcp:PORT or a device path",
  });
}

/** Boards of one kind, to be put on a line. */
interface Site {
  boards: readonly SimulatedBoard[];
  kind: PeerKind;
  clock: Clock;
  interval?: number;
}

const peerOf = ({ boards, kind, clock, interval }: Site, framing: PeerContext["framing"], send: PeerContext["send"]) =>
  kind.attach({ boards, clock, framing, interval, send });

function onMemory(device: MemoryDevice, site: Site): Simulator {
  const { boards } = site;
  const attachment = peerOf(site, "serial", (bytes) => device.send(bytes));
  device.onBytes = (bytes) => attachment.receive(bytes);
  return {
    port: "memory",
    boards,
    async stop() {
      attachment.end();
      device.onBytes = undefined;
    },
  };
}

async function onSerial(path: string, site: Site): Promise<Simulator> {
  const { boards, kind } = site;
  const port = serialPort({ path, baudRate: kind.baudRate(boards[0]!.profile) });
  // What cannot be sent to a line that has gone is lost, as it is for a real board.
  const attachment = peerOf(site, "serial", (bytes) => void port.write(bytes).catch(() => undefined));
  port.onBytes = (bytes) => attachment.receive(bytes);
  await port.open();
  return {
    port: path,
    boards,
    async stop() {
      attachment.end();
      await port.close();
    },
  };
}

async function onTcp(kind: "tcp" | "rtu+tcp", wanted: number, site: Site): Promise<Simulator> {
  const { boards } = site;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const attachment = peerOf(site, kind === "tcp" ? "tcp" : "serial", (bytes) => void socket.write(bytes));
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => attachment.receive(bytes));
    // A client that goes away takes nothing with it.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      attachment.end();
      sockets.delete(socket);
    });
  });
  const port = await listen(server, wanted);
  return {
    port: `${site.kind.shared ? kind : "tcp"}://127.0.0.1:${port}`,
    boards,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(
        new EnvironmentError("FS-PORT-BUSY", `the simulator cannot listen on 127.0.0.1:${wanted}`, {
          fix: "choose another port, or 0 for a free one",
          cause,
        }),
      );
    });
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : wanted);
    });
  });
}
