import { randomBytes } from "node:crypto";
import {
  type Catalog,
  dialCentral,
  type Fault,
  type LinkKind,
  type SimulatedBoardOptions,
  SimulatedStation,
  simulate,
  simulateMqttBoard,
} from "../../devices/index.ts";
import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { UsageError } from "../../protocols/bytes/index.ts";
import { mqttBroker } from "../broker/index.ts";
import type { Config } from "../config/index.ts";
import { BoardMessages } from "../ingest/board-messages.ts";
import { ptyPair } from "./pty-pair.ts";

/** Boards that run, wherever they were put. */
export interface RunningSimulators {
  /** Where they are: a device's `port:`, or the broker or central system they are connected to. */
  port: string;
  /** What `fieldseal devices add` needs to reach each of them. */
  reach: readonly string[];
  boards: readonly { readonly faults: Set<Fault> }[];
  stop(): Promise<void>;
}

export interface SimulatorsOptions {
  /** Board models that there are. */
  catalog: Catalog;
  boards: readonly SimulatedBoardOptions[];
  /** `pty[:PATH]`, a device path, `tcp:PORT`, `rtu+tcp:PORT`, `mqtt[://…]`, `ws[://…]`. */
  on: string;
  clock: Clock;
  /** Between two messages of boards that push, in ms. */
  interval?: number;
  /** Own topic of an MQTT board. */
  topic?: string;
  /** OCPP identity of a station. */
  station?: string;
  /** Configuration in force, asked only where the broker or central system is not named. */
  config(): Config;
  /** Hears what goes wrong on the way to a broker. */
  onNote(text: string): void;
}

const linksOf = ({ boards, catalog }: SimulatorsOptions): LinkKind[] =>
  boards.map(({ driver }) => catalog.find(driver).link);

function expectLink(options: SimulatorsOptions, link: LinkKind): void {
  if (linksOf(options).every((one) => one === link)) return;
  throw new UsageError("FS-SIMULATE", `${options.on.slice(0, 40)} carries only boards of ${link}/…`, {
    fix: "start one simulator for each kind of line: pty or tcp:PORT, mqtt, ws",
  });
}

async function onLine(options: SimulatorsOptions): Promise<RunningSimulators> {
  const { boards, clock, on, interval } = options;
  const away = linksOf(options).find((link) => link === "mqtt" || link === "ocpp");
  if (away) {
    throw new UsageError("FS-SIMULATE", `boards of ${away}/… stand on no line`, {
      fix: away === "mqtt" ? "use --on mqtt, or mqtt://host:port" : "use --on ws, or ws://host:port",
    });
  }
  const pty = /^pty(?::(.+))?$/.exec(on);
  const pair = pty ? await ptyPair(pty[1]) : undefined;
  try {
    const pace = interval === undefined ? {} : { interval };
    const simulator = await simulate({ boards, on: pair?.near ?? on, clock, catalog: options.catalog, ...pace });
    const port = pair?.far ?? simulator.port;
    return {
      port,
      reach: simulator.boards.map(({ unit }) => `--port ${port}${boards.length > 1 ? ` --unit ${unit}` : ""}`),
      boards: simulator.boards,
      async stop() {
        await simulator.stop();
        pair?.end();
      },
    };
  } catch (error) {
    pair?.end();
    throw error;
  }
}

const urlOf = (scheme: string, { host, port }: { host: string; port: number }): string =>
  `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;

async function onBroker(options: SimulatorsOptions): Promise<RunningSimulators> {
  expectLink(options, "mqtt");
  const { boards, clock, on, interval } = options;
  const configured = on === "mqtt" ? options.config().mqtt : undefined;
  const named = configured && configured.broker !== "embedded" ? configured.broker : undefined;
  const url = named ?? (configured ? urlOf("mqtt", configured.listen) : on);
  const broker = mqttBroker({
    url,
    clock,
    clientId: `fieldseal-simulate-${randomBytes(6).toString("hex")}`,
    ...(configured?.user === undefined ? {} : { user: configured.user }),
    ...(configured?.password === undefined ? {} : { password: configured.password }),
  });
  const messages = new BoardMessages({
    embedded: false,
    durable: async () => undefined,
    onTrouble: ({ code, message }) => options.onNote(`${code}  ${message}`),
  });
  broker.onState = (state) => {
    messages.brokerState(state.kind);
    if (state.kind === "offline") options.onNote(`no broker at ${url}: ${state.why}`);
  };
  const topics = boards.map(({ driver }, i) => {
    const own = options.catalog.find(driver).mqtt?.topic;
    const base = options.topic ?? (own ? own : `simulated/${driver.slice(driver.indexOf("/") + 1)}`);
    return i === 0 ? base : `${base}-${i + 1}`;
  });
  const running = boards.map(({ driver, seed, startImport, series }, i) =>
    simulateMqttBoard({
      driver,
      topic: topics[i]!,
      messages,
      clock,
      catalog: options.catalog,
      ...(interval === undefined ? {} : { interval }),
      ...(seed === undefined ? {} : { seed }),
      ...(startImport === undefined ? {} : { startImport }),
      ...(series === undefined ? {} : { series }),
    }),
  );
  await broker.start();
  messages.attach(broker);
  return {
    port: url,
    reach: topics.map((topic) => `--topic ${topic}`),
    boards: running.map(({ board }) => board),
    async stop() {
      for (const board of running) await board.vanish().catch(() => undefined);
      await broker.stop();
    },
  };
}

async function onCentral(options: SimulatorsOptions): Promise<RunningSimulators> {
  expectLink(options, "ocpp");
  const { boards, clock, on, interval } = options;
  if (boards.some(({ series }) => series)) {
    throw new UsageError("FS-SIMULATE-PROFILE", "a simulated station charges with one power, not by a day profile", {
      fix: "leave --profile out",
    });
  }
  const config = on === "ws" ? options.config() : undefined;
  const url = config ? urlOf("ws", config.ocpp?.listen ?? { host: "127.0.0.1", port: 9220 }) : on.replace(/\/+$/, "");
  const ids = boards.map((_, i) => `${options.station ?? "SIM-0001"}${i === 0 ? "" : `-${i + 1}`}`);
  const stations = boards.map(({ driver, startImport }, i) => {
    const station = ids[i]!;
    const version = options.catalog.find(driver).ocpp!.versions[0]!;
    const password = Object.values(config?.devices ?? {}).find((device) => device.station === station)?.password;
    return new SimulatedStation({
      clock,
      version,
      dial: () => dialCentral({ url, station, version, ...(password === undefined ? {} : { password }) }),
      ...(interval === undefined ? {} : { interval }),
      ...(startImport === undefined ? {} : { startWh: startImport }),
    });
  });
  for (const station of stations) {
    await station.start();
    station.plug();
  }
  return {
    port: url,
    reach: ids.map((id) => `--station ${id}`),
    boards: stations,
    async stop() {
      for (const station of stations) station.stop();
    },
  };
}

/**
 * Puts boards where they stand in the field: on a line, at a broker, or before a central system.
 * @throws UsageError FS-DEVICE-DRIVER, FS-SIMULATE, FS-SIMULATE-PROFILE, FS-MQTT-URL; EnvironmentError FS-PORT-…, FS-SIMULATE-PTY.
 */
export function startSimulators(options: SimulatorsOptions): Promise<RunningSimulators> {
  if (/^mqtt$|^mqtts?:\/\//.test(options.on)) return onBroker(options);
  if (/^ws$|^wss?:\/\//.test(options.on)) return onCentral(options);
  return onLine(options);
}
