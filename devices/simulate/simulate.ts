import { createServer, type Server, type Socket } from "node:net";
import { type Clock, type MemoryDevice, serialPort, type Timer } from "../../firmware-bridge/port/index.ts";
import { EnvironmentError, UsageError } from "../../protocols/bytes/index.ts";
import { findDriver } from "../catalog/index.ts";
import { SimulatedBoard } from "./board.ts";
import { MeterModel } from "./meter-model.ts";
import { type ModbusServer, rtuServer, tcpServer } from "./modbus-slave.ts";
import { simulatedTelegram } from "./p1-board.ts";

export interface SimulatedBoardOptions {
  /** As in the configuration: `modbus/eastron-sdm630`. */
  driver: string;
  unit?: number;
  seed?: number;
  /** Register readings to begin with, in Wh. */
  startImport?: number;
}

export interface SimulateOptions {
  /** Several Modbus boards share one line; of P1 meters there is one. */
  boards: readonly SimulatedBoardOptions[];
  /** `tcp:PORT` (Modbus TCP or P1), `rtu+tcp:PORT`, a device path (one end of a pty pair), or a memory port's device. 0 takes a free port. */
  on: string | MemoryDevice;
  clock: Clock;
  /** Between two telegrams of a P1 meter, in ms. Default 1000, as DSMR 5. */
  interval?: number;
}

export interface Simulator {
  /** What a device's `port:` must say to reach it. */
  readonly port: string;
  readonly boards: readonly SimulatedBoard[];
  stop(): Promise<void>;
}

/** The far end of a line: bytes of the host in, bytes of the boards out. */
interface Attachment {
  receive(bytes: Uint8Array): void;
  end(): void;
}

/**
 * Catalog boards as peers: what a driver would meet in the field, for tests, the demo and for trying a configuration.
 * @throws UsageError FS-DEVICE-DRIVER, FS-SIMULATE; EnvironmentError FS-PORT-… when the port cannot be had.
 */
export async function simulate(options: SimulateOptions): Promise<Simulator> {
  const boards = options.boards.map(({ driver, unit, seed, startImport }, i) => {
    const profile = findDriver(driver);
    const model = new MeterModel({
      clock: options.clock,
      seed: seed ?? i + 1,
      ...(startImport === undefined ? {} : { startImport }),
    });
    return new SimulatedBoard(profile, model, unit ?? profile.modbus?.unit ?? 1);
  });
  const links = new Set(boards.map(({ profile }) => profile.link));
  if (links.size !== 1 || (links.has("p1") && boards.length !== 1)) {
    throw new UsageError("FS-SIMULATE", "one line carries Modbus boards, or one P1 meter", {
      fix: "start one simulator for each line",
    });
  }
  if (typeof options.on !== "string") return onMemory(options.on, options, boards);
  const network = /^(tcp|rtu\+tcp):(\d{1,5})$/.exec(options.on);
  if (network) return onTcp(network[1] as "tcp" | "rtu+tcp", Number(network[2]), options, boards);
  if (options.on.startsWith("/")) return onSerial(options.on, options, boards);
  throw new UsageError("FS-SIMULATE", `a simulator cannot be put on "${options.on}"`, {
    fix: "write tcp:PORT, rtu+tcp:PORT or a device path",
  });
}

/** The time of silence after which a line's leftovers are dropped, in ms. It is on no good frame's way. */
const SILENCE = 100;

function attach(
  { clock, interval = 1000 }: SimulateOptions,
  boards: readonly SimulatedBoard[],
  framing: "rtu" | "tcp",
  send: (bytes: Uint8Array) => void,
): Attachment {
  const [first] = boards;
  if (first?.profile.link === "p1") {
    let timer: Timer;
    const push = () => {
      timer = clock.after(interval, push);
      const telegram = simulatedTelegram(first, clock.now());
      if (telegram) send(telegram);
    };
    timer = clock.after(interval, push);
    return { receive: () => undefined, end: () => timer.cancel() };
  }
  const server: ModbusServer = framing === "tcp" ? tcpServer(boards) : rtuServer(boards);
  let quiet: Timer | undefined;
  return {
    receive(bytes) {
      quiet?.cancel();
      quiet = clock.after(SILENCE, () => server.silence());
      for (const frame of server.receive(bytes)) send(frame);
    },
    end: () => quiet?.cancel(),
  };
}

function onMemory(device: MemoryDevice, options: SimulateOptions, boards: readonly SimulatedBoard[]): Simulator {
  const attachment = attach(options, boards, "rtu", (bytes) => device.send(bytes));
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

async function onSerial(path: string, options: SimulateOptions, boards: readonly SimulatedBoard[]): Promise<Simulator> {
  const { modbus, p1 } = boards[0]!.profile;
  const port = serialPort({ path, baudRate: modbus?.baudRate ?? p1!.baudRate });
  // What cannot be sent to a line that has gone is lost, as it is for a real board.
  const attachment = attach(options, boards, "rtu", (bytes) => void port.write(bytes).catch(() => undefined));
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

async function onTcp(
  kind: "tcp" | "rtu+tcp",
  wanted: number,
  options: SimulateOptions,
  boards: readonly SimulatedBoard[],
): Promise<Simulator> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const attachment = attach(options, boards, kind === "tcp" ? "tcp" : "rtu", (bytes) => void socket.write(bytes));
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
    port: `${boards[0]!.profile.link === "p1" ? "tcp" : kind}://127.0.0.1:${port}`,
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
