import { join } from "node:path";
import { memorySockets } from "../../devices/drivers/ocpp/socket.ts";
import {
  DriverHost,
  MessageHub,
  SharedCentral,
  type SimulatedBoardOptions,
  SimulatedStation,
  simulate,
  simulateMqttBoard,
} from "../../devices/index.ts";
import {
  type ManualClock,
  type MemoryDevice,
  manualClock,
  memoryPort,
  type Port,
} from "../../firmware-bridge/port/index.ts";
import { Keystore, nodeBackend, SignerServer } from "../../gateway/attest/index.ts";
import { type LogFiles, nodeLogFiles } from "../../gateway/batch/index.ts";
import { configSchema } from "../../gateway/config/index.ts";
import type { GatewayEvent } from "../../gateway/events.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { Journal, SimulatedDisk } from "../../gateway/journal/index.ts";
import { type FieldsealError, fromHex, utf8 } from "../../protocols/bytes/index.ts";
import { OCPP_SUBPROTOCOLS } from "../../protocols/ocpp/index.ts";
import { duplexPair } from "./duplex-pair.ts";
import { settled } from "./gateway-rig.ts";
import { CHEAP_SCRYPT, PASSPHRASE, startSigner, tempDir } from "./keystore.ts";
import { Random } from "./mutate.ts";

/** One configured device of a fleet: its section, and the board at the other end. */
export interface FleetDevice {
  name: string;
  driver: string;
  /** Path of its line; several devices may share one. */
  port?: string;
  unit?: number;
  encrypted?: boolean;
}

const KEYS = ["000102030405060708090a0b0c0d0e0f", "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf"] as const;
const SECOND = 1000;

/** A mix of every kind of board, each at 1 Hz: buses of several units, boards that are asked, boards that push. */
export function mixedFleet(): FleetDevice[] {
  const alone = (driver: string, count: number): FleetDevice[] =>
    Array.from({ length: count }, (_, i) => {
      const name = `${driver.slice(driver.indexOf("/") + 1)}-${i + 1}`;
      return { name, driver, port: `/dev/${name}` };
    });
  const bus = (driver: string, port: string, count: number): FleetDevice[] =>
    alone(driver, count).map((device, i) => ({ ...device, port, unit: i + 1 }));
  return [
    ...bus("modbus/eastron-sdm120", "/dev/bus-1", 4),
    ...bus("modbus/eastron-sdm630", "/dev/bus-2", 2),
    ...alone("modbus/abb-b23", 1),
    ...alone("modbus/goodwe-et", 1),
    ...alone("sunspec/sunspec-inverter", 2),
    ...alone("sunspec/sunspec-meter", 1),
    ...alone("p1/dsmr-p1", 3),
    ...alone("han/aidon-han", 1),
    ...alone("han/kaifa-han", 1),
    ...alone("han/kamstrup-han", 1).map((device) => ({ ...device, encrypted: true })),
    ...alone("sml/sml-meter", 2),
    ...bus("mbus/mbus-heat-meter", "/dev/mbus", 2),
    ...alone("text/openenergymonitor-emontx3", 2),
    ...alone("nmea/nmea-gnss", 2),
    ...alone("obd/obd2-odometer", 1),
    ...alone("rapi/openevse", 1),
    ...alone("mqtt/tasmota-plug", 2),
    ...alone("mqtt/ruuvi-mqtt", 1),
    ...alone("ocpp/ocpp-16", 1),
    ...alone("ocpp/ocpp-201", 1),
  ];
}

export interface Fleet {
  clock: ManualClock;
  files: LogFiles;
  gateway: Gateway;
  events: GatewayEvent[];
  fatal: FieldsealError[];
  /** Lets the devices stop, and what they said be signed and logged. */
  stop(): Promise<void>;
}

const linkOf = ({ driver }: FleetDevice) => driver.slice(0, driver.indexOf("/"));

function section(device: FleetDevice, pack: number): Record<string, unknown> {
  const { driver, name, port, unit, encrypted } = device;
  const link = linkOf(device);
  return {
    driver,
    every: "1s",
    pack: { count: pack, within: "20s" },
    ...(link === "mqtt" ? { topic: name } : link === "ocpp" ? { station: name } : { port }),
    ...(unit === undefined ? {} : { unit }),
    ...(encrypted ? { encryption_key: KEYS[0], authentication_key: KEYS[1] } : {}),
  };
}

/** Boards that answer stand there before they are asked; what pushes begins when somebody listens. */
const ANSWERING = ["modbus", "sunspec", "mbus", "obd", "rapi"];
const PUSHING = ["p1", "han", "sml", "text", "nmea"];

/** The boards of these links at the far ends of the lines. */
async function boardsOn(
  lines: ReadonlyMap<string, MemoryDevice>,
  devices: readonly FleetDevice[],
  links: readonly string[],
  clock: ManualClock,
) {
  for (const [path, on] of lines) {
    const boards = devices.flatMap((device, i): SimulatedBoardOptions[] => {
      if (device.port !== path || !links.includes(linkOf(device))) return [];
      const keys = { encryption: fromHex(KEYS[0]), authentication: fromHex(KEYS[1]) };
      const { driver, unit } = device;
      const address = unit === undefined ? {} : { unit };
      return [{ driver, seed: i + 1, ...address, ...(device.encrypted ? { keys } : {}) }];
    });
    if (boards.length > 0) await simulate({ boards, on, clock, interval: SECOND });
  }
}

/** A whole gateway in one process, in manual time, with these devices; it takes readings when this resolves. */
export async function startFleet(devices: readonly FleetDevice[], { pack = 8 } = {}): Promise<Fleet> {
  const dir = tempDir();
  const [data, keys] = [join(dir, "data"), join(dir, "keys")];
  const random = new Random(7);
  const randomBytes = (length: number) => random.bytes(length);
  const backend = nodeBackend();
  const passphrase = utf8(PASSPHRASE);
  const keystore = Keystore.create({ dir: keys, passphrase, scrypt: CHEAP_SCRYPT, backend, random: randomBytes });
  for (const { name } of devices) keystore.createKey({ purpose: "device", name });
  keystore.createKey({ purpose: "gateway" });
  keystore.createKey({ purpose: "chain" });
  keystore.close();
  const config = configSchema.parse({
    version: 1,
    gateway: { name: "fleet", data, keys },
    devices: Object.fromEntries(devices.map((device) => [device.name, section(device, pack)])),
    batch: { every: "15s" },
  });

  const clock = manualClock();
  const hosts = new Map<string, Port>();
  const lines = new Map<string, MemoryDevice>();
  for (const { port } of devices) {
    if (port === undefined || hosts.has(port)) continue;
    const { host, device } = memoryPort(port);
    hosts.set(port, host);
    lines.set(port, device);
  }
  await boardsOn(lines, devices, ANSWERING, clock);
  const messages = new MessageHub();
  const drivers = new DriverHost({ clock, messages, openPort: (_spec, _settings, text) => hosts.get(text)! });
  const shared = new SharedCentral({
    clock,
    open: async (central) => ({ port: 9220, stop: async () => central.closeAll() }),
  });
  drivers.shared("ocpp", () => shared);

  const events: GatewayEvent[] = [];
  const fatal: FieldsealError[] = [];
  const files = nodeLogFiles(join(data, "log"));
  const journal = new Journal({
    disk: new SimulatedDisk(),
    clock,
    random: randomBytes,
    commitMs: 20,
    // The simulated disk goes through a whole segment with each commit.
    segmentBytes: 32 << 10,
    groupBytes: 16 << 10,
  });
  const gateway = new Gateway({
    config,
    clock,
    random: randomBytes,
    journal,
    logFiles: files,
    drivers,
    backend,
    chain: undefined,
    clockSynced: async () => true,
    onEvent: (event) => events.push(event),
    onFatal: (error) => fatal.push(error),
  });
  const [ours, theirs] = duplexPair();
  new SignerServer({ signer: startSigner(keys), channel: theirs, onEnd: () => undefined }).start();
  await gateway.attachSigner(ours);
  await settled(clock, gateway.start());

  await boardsOn(lines, devices, PUSHING, clock);
  for (const [i, device] of devices.entries()) {
    const { driver, name } = device;
    const link = linkOf(device);
    if (link === "mqtt") simulateMqttBoard({ driver, topic: name, messages, clock, interval: SECOND, seed: i + 1 });
    if (link === "ocpp") await dialIn(shared, device, clock);
  }
  return { clock, files, gateway, events, fatal, stop: () => settled(clock, gateway.stop()) };
}

async function dialIn(shared: SharedCentral, { driver, name }: FleetDevice, clock: ManualClock): Promise<void> {
  const version = driver.endsWith("201") ? "2.0.1" : "1.6";
  const station = new SimulatedStation({
    clock,
    version,
    interval: SECOND,
    async dial() {
      const decision = await shared.central.admit({
        path: `/${name}`,
        protocols: [OCPP_SUBPROTOCOLS[version]],
        authorization: undefined,
        certificateName: undefined,
        from: "192.0.2.7",
      });
      if ("status" in decision) throw new Error(`HTTP ${decision.status}`);
      const sockets = memorySockets();
      decision.accept(sockets.near);
      return sockets.far;
    },
  });
  await station.start();
  station.plug();
}
