import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type DeviceReading,
  type DeviceState,
  type Driver,
  DriverHost,
  readingTopics,
  simulateMqttBoard,
} from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import type { Broker } from "../../gateway/broker/broker.ts";
import { DurableInbox } from "../../gateway/broker/durable-channel.ts";
import { MemoryBrokerHub } from "../../gateway/broker/memory-broker.ts";
import { mqttBroker } from "../../gateway/broker/mqtt-broker.ts";
import { hashPassword } from "../../gateway/broker/users.ts";
import { BoardMessages } from "../../gateway/ingest/board-messages.ts";
import { type BrokerChild, startBrokerChild } from "../support/broker-child.ts";
import { Mailbox } from "../support/mailbox.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { publishPacket, RawMqtt } from "../support/raw-mqtt.ts";
import { describeWith } from "../support/requires.ts";

const clock = systemClock();
const TASMOTA = "mqtt/tasmota-plug";
const SENSOR = "tele/plug/SENSOR";
const energy = (total: string) => `{"ENERGY":{"Total":${total},"Power":69,"Voltage":231,"Current":0.3}}`;
const TOPICS = readingTopics("plug", new DriverHost({ clock }).catalog.find(TASMOTA), { topic: "plug" });
const GATEWAY = { user: "gateway", token: "made at each start" };

/** The gateway's side: boards' messages, a driver, and a disk that is as slow as the test wants it. */
class Side {
  readonly readings = new Mailbox<DeviceReading>();
  readonly states = new Mailbox<DeviceState>();
  readonly troubles: string[] = [];
  readonly messages: BoardMessages;
  readonly host: DriverHost;
  /** Resolved and replaced by `write`. */
  disk = { written: Promise.resolve() };

  constructor(embedded: boolean) {
    this.messages = new BoardMessages({
      embedded,
      durable: () => this.disk.written,
      onTrouble: ({ code }) => this.troubles.push(code),
    });
    this.host = new DriverHost({ clock, messages: this.messages });
  }

  attach(broker: Broker): void {
    broker.onState = ({ kind }) => this.messages.brokerState(kind);
    this.messages.attach(broker);
  }

  driver(driver: string, topic: string): Driver {
    return this.host.create({
      name: topic,
      driver,
      config: { topic, every: 1, control: true },
      clock,
      onReading: (reading) => this.readings.put(reading),
      onState: (state) => this.states.put(state),
    });
  }
}

interface Kind {
  start(side: Side): Promise<{ gateway: Broker; board: Broker; stop(): Promise<void> }>;
  embedded: boolean;
}

const MEMORY: Kind = {
  embedded: false,
  async start() {
    const hub = new MemoryBrokerHub(clock);
    return {
      gateway: hub.client({ clientId: "g" }),
      board: hub.client({ clientId: "b" }),
      stop: async () => undefined,
    };
  },
};

const EMBEDDED: Kind = {
  embedded: true,
  async start(side) {
    const child = await startBrokerChild({
      listen: { host: "127.0.0.1", port: 0 },
      gateway: GATEWAY,
      durable: { boards: TOPICS },
    });
    const inbox = new DurableInbox({ onPublish: (message) => side.messages.receive(message) });
    inbox.attach(child.channel);
    const url = `mqtt://127.0.0.1:${child.port}`;
    return {
      gateway: mqttBroker({ url, clientId: "g", clock, user: GATEWAY.user, password: GATEWAY.token }),
      board: mqttBroker({ url, clientId: "b", clock }),
      async stop() {
        inbox.stop();
        await child.kill();
      },
    };
  },
};

const MOSQUITTO: Kind = {
  embedded: false,
  async start() {
    const mosquitto = await startMosquitto();
    const url = `mqtt://127.0.0.1:${mosquitto.port}`;
    return {
      gateway: mqttBroker({ url, clientId: "g", clock }),
      board: mqttBroker({ url, clientId: "b", clock }),
      stop: () => mosquitto.end(),
    };
  },
};

function contract(kind: Kind): void {
  let side: Side;
  let boardSide: BoardMessages;
  let brokers: Broker[];
  let stop: () => Promise<void>;
  let device: Driver | undefined;

  beforeEach(async () => {
    side = new Side(kind.embedded);
    boardSide = new BoardMessages({ embedded: false, durable: () => Promise.resolve(), onTrouble: () => undefined });
    const site = await kind.start(side);
    brokers = [site.gateway, site.board];
    stop = site.stop;
    side.attach(site.gateway);
    site.board.onState = ({ kind: state }) => boardSide.brokerState(state);
    boardSide.attach(site.board);
    for (const broker of brokers) await broker.start();
  });
  afterEach(async () => {
    await device?.stop();
    device = undefined;
    for (const broker of brokers) await broker.stop();
    await stop();
  });

  it("reads a simulated board, obeys its availability, and controls it", async () => {
    // The board is there first: what it keeps on the broker is heard, what is live makes readings.
    const board = simulateMqttBoard({ driver: TASMOTA, topic: "plug", messages: boardSide, clock, interval: 600_000 });
    device = side.driver(TASMOTA, "plug");
    device.start();
    // A reading is the sign that the subscription is granted; until then a board speaks to nobody.
    const publishing = (async () => {
      while (side.readings.all.length === 0) await board.publish();
    })();
    const { reading, work } = await side.readings.wait();
    await publishing;
    expect(reading.quality).toBe(0);
    expect(work).toBeGreaterThanOrEqual(10_211_482n);
    expect(await device.set!({ relay: false })).toEqual({ relay: false });
    await board.vanish();
    await side.states.wait(({ code }) => code === "FS-MQTT-GONE");
    expect(side.troubles).toEqual([]);
  });

  it("does not take what a broker kept for a reading", async () => {
    await boardSide.publish(SENSOR, energy("9.999"), { qos: 1, retain: true });
    device = side.driver(TASMOTA, "plug");
    device.start();
    const publishing = (async () => {
      while (side.readings.all.length === 0) await boardSide.publish(SENSOR, energy("1.000"), { qos: 1 });
    })();
    expect((await side.readings.wait()).work).toBe(1000n);
    await publishing;
    expect(side.readings.all.every(({ work }) => work === 1000n)).toBe(true);
  });
}

describe("Boards' messages and a broker that comes later", () => {
  it("subscribes when it is there, and tells drivers when it is not", async () => {
    const hub = new MemoryBrokerHub(clock);
    const side = new Side(false);
    const device = side.driver(TASMOTA, "plug");
    device.start();
    expect(side.states.all).toMatchObject([{ state: "offline", code: "FS-MQTT-BROKER" }]);
    await expect(side.messages.publish("a", "b", { qos: 1 })).rejects.toMatchObject({ code: "FS-MQTT-STOPPED" });
    const [gateway, board] = [hub.client({ clientId: "g" }), hub.client({ clientId: "b" })];
    side.attach(gateway);
    await gateway.start();
    await board.start();
    const publishing = (async () => {
      while (side.readings.all.length === 0) await board.publish(SENSOR, energy("1.000"), { qos: 1 });
    })();
    expect((await side.readings.wait()).work).toBe(1000n);
    await publishing;
    hub.refuse = "tele/other/SENSOR";
    const other = side.driver(TASMOTA, "other");
    other.start();
    while (side.troubles.length === 0) await board.publish("x", "y", { qos: 1 });
    expect(side.troubles).toEqual(["FS-MQTT-REFUSED"]);
    await device.stop();
    await other.stop();
    await gateway.stop();
    await board.stop();
    expect(side.states.all.at(-1)).toMatchObject({ state: "online" });
  });
});

describe("Boards' messages in memory", () => contract(MEMORY));
describe("Boards' messages over the embedded broker", () => contract(EMBEDDED));
describeWith(["mosquitto"], "Boards' messages over mosquitto", () => contract(MOSQUITTO));

describe("Boards at the embedded broker", () => {
  let child: BrokerChild;
  let side: Side;
  let inbox: DurableInbox;
  let device: Driver;
  const raws: RawMqtt[] = [];
  const salt = new Uint8Array(16).fill(7);

  beforeEach(async () => {
    side = new Side(true);
    child = await startBrokerChild({
      listen: { host: "127.0.0.1", port: 0 },
      gateway: GATEWAY,
      durable: { boards: TOPICS, timeoutMs: 2000 },
      users: [
        {
          name: "plug",
          password: hashPassword("one", salt),
          topics: { write: [...TOPICS, "tele/plug/LWT"], read: ["cmnd/plug/POWER"] },
        },
        { name: "anna", password: hashPassword("horse", salt) },
      ],
    });
    inbox = new DurableInbox({ onPublish: (message) => side.messages.receive(message) });
    inbox.attach(child.channel);
    device = side.driver(TASMOTA, "plug");
    device.start();
  });
  afterEach(async () => {
    for (const raw of raws.splice(0)) raw.end();
    inbox.stop();
    await device.stop();
    await child.kill();
  });

  const login = async (user: string, password: string): Promise<RawMqtt> => {
    const raw = new RawMqtt(child.port);
    raws.push(raw);
    expect(await raw.connect({ clientId: user, user, password })).toBe(0);
    return raw;
  };

  it("acknowledges a board's message when its reading is durable, and not before", async () => {
    let written: () => void = () => undefined;
    side.disk.written = new Promise((resolve) => {
      written = resolve;
    });
    const plug = await login("plug", "one");
    plug.send(publishPacket(SENSOR, energy("1.234"), 1, 7));
    expect((await side.readings.wait()).work).toBe(1234n);
    // Another client's message is acknowledged meanwhile: the broker waits for this one only.
    const anna = await login("anna", "horse");
    anna.send(publishPacket("something/else", "x", 1, 9));
    await anna.reply(4);
    expect(plug.received.all.filter(({ header }) => header === 0x40)).toEqual([]);
    written();
    expect((await plug.reply(4))?.body.readUInt16BE()).toBe(7);
  });

  it("disconnects the board unacknowledged when the disk does not take it", async () => {
    side.disk.written = Promise.reject(new Error("disk full"));
    side.disk.written.catch(() => undefined);
    const plug = await login("plug", "one");
    plug.send(publishPacket(SENSOR, energy("1.234"), 1, 7));
    await plug.closed;
    expect(plug.received.all.filter(({ header }) => header === 0x40)).toEqual([]);
  });

  it("lets a board write its own topics only, and nobody else write them", async () => {
    const plug = await login("plug", "one");
    plug.send(publishPacket("tele/other/SENSOR", energy("9"), 1, 1));
    await plug.closed;
    const anna = await login("anna", "horse");
    anna.send(publishPacket(SENSOR, energy("9"), 1, 1));
    await anna.closed;
    expect(side.readings.all).toEqual([]);
    const again = await login("plug", "one");
    again.send(publishPacket(SENSOR, energy("1.5"), 1, 2, true));
    expect((await again.reply(4))?.body.readUInt16BE()).toBe(2);
    expect((await side.readings.wait()).work).toBe(1500n);
  });
});
