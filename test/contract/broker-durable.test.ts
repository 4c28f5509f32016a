import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { DurableInbox, type DurableMessage } from "../../gateway/broker/durable-channel.ts";
import { EmbeddedBroker } from "../../gateway/broker/embedded-broker.ts";
import { type BrokerChild, startBrokerChild } from "../support/broker-child.ts";
import { bundled } from "../support/bundle.ts";
import { duplexPair } from "../support/duplex-pair.ts";
import { Mailbox } from "../support/mailbox.ts";
import { publishPacket, RawMqtt, subscribePacket } from "../support/raw-mqtt.ts";

const DEVICE = "5a".repeat(32);
const UP = `fieldseal-link/${DEVICE}/up`;
const OTHER = `fieldseal-link/${"00".repeat(32)}/up`;

/** The gateway's disk, as slow as the test wants it. */
class Disk {
  readonly arrived = new Mailbox<{ message: DurableMessage; finish(error?: Error): void }>();
  readonly failures: unknown[] = [];
  readonly inbox = new DurableInbox({
    onPublish: (message) =>
      new Promise((resolve, reject) => {
        this.arrived.put({ message, finish: (error) => (error ? reject(error) : resolve()) });
      }),
    onFailure: (error) => this.failures.push(error),
  });
}

const acknowledged = (raw: RawMqtt): number[] =>
  raw.received.all.filter(({ header }) => header === 0x40).map(({ body }) => body.readUInt16BE());
const payload = (message: DurableMessage): string => Buffer.from(message.payload).toString();

describe("Durable acknowledgement, broker in its own process", () => {
  let child: BrokerChild;
  let disk: Disk;
  let board: RawMqtt;

  beforeEach(async () => {
    child = await startBrokerChild({ listen: { host: "127.0.0.1", port: 0 }, durable: { timeoutMs: 2_000 } });
    disk = new Disk();
    board = new RawMqtt(child.port);
    expect(await board.connect({ clientId: DEVICE })).toBe(0);
  });
  afterEach(async () => {
    board.end();
    disk.inbox.stop();
    await child.kill();
  });

  it("withholds the PUBACK until the gateway has said durable", async () => {
    disk.inbox.attach(child.channel);
    board.send(publishPacket(UP, "reading 1", 1, 7));
    const { message, finish } = await disk.arrived.wait();
    expect(message).toMatchObject({ clientId: DEVICE, topic: UP });
    expect(payload(message)).toBe("reading 1");
    // What is not durable is acknowledged at once, on another connection of the same broker.
    const other = new RawMqtt(child.port);
    await other.connect({ clientId: "other" });
    other.send(publishPacket("something/else", "x", 1, 9));
    await other.reply(4);
    expect(acknowledged(board)).toEqual([]);
    finish();
    expect((await board.reply(4))?.body.readUInt16BE()).toBe(7);
    other.end();
  });

  it("acknowledges in the order of the messages, whatever the order of the disk", async () => {
    disk.inbox.attach(child.channel);
    board.send(publishPacket(UP, "a", 1, 1), publishPacket(UP, "b", 1, 2), publishPacket(UP, "c", 1, 3));
    const of = (text: string) => disk.arrived.wait(({ message }) => payload(message) === text);
    (await of("c")).finish();
    (await of("b")).finish();
    (await of("a")).finish();
    await board.received.wait(({ header, body }) => header === 0x40 && body[1] === 3);
    expect(acknowledged(board)).toEqual([1, 2, 3]);
  });

  it("shows a message to subscribers only after it is durable", async () => {
    disk.inbox.attach(child.channel);
    const watcher = new RawMqtt(child.port);
    await watcher.connect({ clientId: "watcher" });
    watcher.send(subscribePacket("fieldseal-link/#"));
    await watcher.reply(9);
    board.send(publishPacket(UP, "seen", 1, 1));
    const { finish } = await disk.arrived.wait();
    expect(await watcher.alive()).toBe(true);
    expect(watcher.received.all.some(({ header }) => header >> 4 === 3)).toBe(false);
    finish();
    expect((await watcher.reply(3))?.body.toString()).toContain("seen");
    watcher.end();
  });

  it("disconnects without an acknowledgement when the disk refuses", async () => {
    disk.inbox.attach(child.channel);
    board.send(publishPacket(UP, "x", 1, 1));
    (await disk.arrived.wait()).finish(new Error("no space left"));
    await board.closed;
    expect(acknowledged(board)).toEqual([]);
    expect(disk.failures).toHaveLength(1);
    expect(await child.counters()).toMatchObject({ durable: 0, notDurable: 1 });
  });

  it("lets a message wait for a gateway that comes later, and gives up in the end", async () => {
    board.send(publishPacket(UP, "patient", 1, 1));
    disk.inbox.attach(child.channel);
    (await disk.arrived.wait()).finish();
    expect((await board.reply(4))?.body.readUInt16BE()).toBe(1);
    board.send(publishPacket(UP, "forgotten", 1, 2));
    await board.closed;
    expect(acknowledged(board)).toEqual([1]);
  });

  it("takes no retained reading, none as a will, and none of another device", async () => {
    board.send(publishPacket(UP, "x", 1, 1, true));
    await board.closed;
    const will = new RawMqtt(child.port);
    expect(await will.connect({ clientId: DEVICE, will: { topic: UP } })).toBe(5);
    const thief = new RawMqtt(child.port);
    expect(await thief.connect({ clientId: DEVICE })).toBe(0);
    thief.send(publishPacket(OTHER, "x", 1, 1));
    await thief.closed;
    expect(acknowledged(thief)).toEqual([]);
  });

  it("leaves the gateway alive when the broker is killed, and it serves the next broker", async () => {
    disk.inbox.attach(child.channel);
    board.send(publishPacket(UP, "x", 1, 1));
    const { finish } = await disk.arrived.wait();
    await child.kill();
    await board.closed;
    // The gateway lives on: it finishes its work, and takes the channel of the next broker.
    finish();
    const next = await startBrokerChild({ listen: { host: "127.0.0.1", port: child.port } });
    disk.inbox.attach(next.channel);
    const again = new RawMqtt(next.port);
    await again.connect({ clientId: DEVICE });
    again.send(publishPacket(UP, "x again", 1, 1));
    (await disk.arrived.wait(({ message }) => payload(message) === "x again")).finish();
    expect((await again.reply(4))?.body.readUInt16BE()).toBe(1);
    again.end();
    await next.kill();
  });
});

describe("Durable acknowledgement over a new channel", () => {
  it("asks a restarted gateway again for what the old one had not answered", async () => {
    const broker = new EmbeddedBroker({ listen: { host: "127.0.0.1", port: 0 } }, systemClock());
    const port = await broker.start();
    const [oldEnd, oldGateway] = duplexPair();
    broker.durable.attach(oldEnd);
    const before = new Disk();
    before.inbox.attach(oldGateway);
    const board = new RawMqtt(port);
    await board.connect({ clientId: DEVICE });
    board.send(publishPacket(UP, "twice", 1, 3));
    await before.arrived.wait();
    before.inbox.stop();
    const [newEnd, newGateway] = duplexPair();
    const after = new Disk();
    after.inbox.attach(newGateway);
    broker.durable.attach(newEnd);
    (await after.arrived.wait()).finish();
    expect((await board.reply(4))?.body.readUInt16BE()).toBe(3);
    board.end();
    await broker.stop();
  });
});

describe("Durable channel between processes that their parent made", () => {
  it("loses nothing while it is handed over, nor when the gateway is killed and another takes its place", async () => {
    const child = await startBrokerChild({ listen: { host: "127.0.0.1", port: 0 } });
    const gateway = (): ChildProcess =>
      spawn(process.execPath, [bundled("test/support/inbox-process.ts")], {
        stdio: ["ignore", "inherit", "inherit", "pipe", "ipc"],
      });
    const board = new RawMqtt(child.port);
    await board.connect({ clientId: DEVICE });
    board.send(publishPacket(UP, "before there is a gateway", 1, 1));
    const first = gateway();
    first.send({ channel: true }, child.channel as Socket);
    expect((await board.reply(4))?.body.readUInt16BE()).toBe(1);
    const dead = once(first, "exit");
    first.kill("SIGKILL");
    await dead;
    board.send(publishPacket(UP, "between two gateways", 1, 2));
    const second = gateway();
    child.hand(second.stdio[3] as unknown as Duplex);
    second.send({ channel: false });
    await board.received.wait(({ header, body }) => header === 0x40 && body.readUInt16BE() === 2);
    expect(acknowledged(board)).toEqual([1, 2]);
    board.end();
    const ended = once(second, "exit");
    second.disconnect();
    await ended;
    await child.kill();
  });
});
