import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerChild, startBrokerChild } from "../support/broker-child.ts";
import { mutations } from "../support/mutate.ts";
import { connectPacket, lengthBytes, packet, publishPacket, RawMqtt, subscribePacket } from "../support/raw-mqtt.ts";

/** The hostile ones come from this address, the honest one from 127.0.0.1. */
const HOSTILE = "127.0.0.2";

describe("Limits of the embedded broker", () => {
  let child: BrokerChild;
  let honest: RawMqtt;

  beforeAll(async () => {
    child = await startBrokerChild({
      listen: { host: "127.0.0.1", port: 0 },
      limits: { connectWithinMs: 300, pending: 16, maxOutgoing: 256 * 1024, retained: 8, subscriptions: 16 },
    });
    honest = new RawMqtt(child.port);
    expect(await honest.connect({ clientId: "honest" })).toBe(0);
  });
  afterAll(async () => {
    // The same process and the same connection have lived through everything above.
    expect(child.running).toBe(true);
    expect(await honest.alive()).toBe(true);
    await child.kill();
  });

  const hostile = (): RawMqtt => new RawMqtt(child.port, HOSTILE);

  it("closes on more than 1 KB before CONNECT is complete", async () => {
    const raw = hostile();
    raw.send(Buffer.concat([Buffer.of(0x10), lengthBytes(1_000_000), Buffer.alloc(900)]));
    await raw.closed;
    expect(raw.received.all).toEqual([]);
  });

  it("closes on a length of 256 MB, whether first or later", async () => {
    const first = hostile().send(Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f));
    await first.closed;
    const later = hostile();
    expect(await later.connect({ clientId: "later" })).toBe(0);
    later.send(Buffer.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    await later.closed;
    const { rss } = await child.counters();
    expect(rss).toBeLessThan(200e6);
  });

  it("takes 8 KB packets and closes on larger ones", async () => {
    const raw = hostile();
    expect(await raw.connect({ clientId: "eight" })).toBe(0);
    raw.send(publishPacket("x/y", "x".repeat(8 * 1024 - 7), 1));
    expect((await raw.reply(4))?.body).toEqual(Buffer.of(0, 1));
    raw.send(publishPacket("x/y", "x".repeat(8 * 1024), 1, 2));
    await raw.closed;
  });

  it("closes on a CONNECT that does not come, or comes too slowly", async () => {
    const silent = hostile();
    const slow = hostile();
    const bytes = connectPacket({ clientId: "slow" });
    slow.send(bytes.subarray(0, bytes.length - 1));
    await Promise.all([silent.closed, slow.closed]);
    expect((await child.counters()).late).toBeGreaterThanOrEqual(2);
  });

  it("makes room for an honest CONNECT among many that say nothing", async () => {
    const idle = Array.from({ length: 64 }, hostile);
    const second = new RawMqtt(child.port);
    expect(await second.connect({ clientId: "honest-too" })).toBe(0);
    expect(await second.alive()).toBe(true);
    second.end();
    for (const raw of idle) raw.end();
  });

  it.each<[string, Buffer]>([
    ["not MQTT", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["another packet first", publishPacket("a", "b")],
    ["a length that never ends", Buffer.of(0x10, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ["another protocol", connectPacket({ name: "MQTX" })],
    ["bytes behind the payload", packet(0x10, connectPacket().subarray(2), Buffer.of(0))],
    ["the reserved flag", Buffer.from(connectPacket()).fill(3, 9, 10)],
    ["a will of QoS 3", connectPacket({ will: { topic: "w", qos: 3 } })],
  ])("closes on a CONNECT with %s", async (_name, bytes) => {
    const raw = hostile().send(bytes);
    await raw.closed;
    expect(raw.received.all).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ["a second CONNECT", connectPacket({ clientId: "again" })],
    ["a packet only brokers send", packet(0x20, Buffer.of(0, 0))],
    ["reserved packet type 15", packet(0xf0)],
    ["SUBSCRIBE with wrong flags", Buffer.of(0x80, 0)],
    ["SUBSCRIBE without a filter", packet(0x82, Buffer.of(0, 1))],
    ["a topic longer than its packet", packet(0x30, Buffer.of(0x7f, 0xff, 0x61))],
    ["an empty topic", publishPacket("", "x")],
    ["a wildcard in a topic", publishPacket("a/+/b", "x")],
    ["a control character in a topic", publishPacket("a/\u0000b", "x")],
    ["too many levels", publishPacket("a/".repeat(400), "x")],
    ["QoS 2", publishPacket("a/b", "x", 2)],
    ["QoS 3", publishPacket("a/b", "x", 3)],
    ["PUBREL", packet(0x62, Buffer.of(0, 1))],
    ["a write to $SYS", publishPacket("$SYS/broker/uptime", "x", 1)],
    ["a write to the gateway's tree", publishPacket("fieldseal/bridge/state", "{}", 1)],
    ["somebody else's readings", publishPacket(`fieldseal-link/${"ab".repeat(32)}/up`, "x", 1)],
  ])("closes on %s", async (_name, bytes) => {
    const raw = hostile();
    expect(await raw.connect({ clientId: "breaker" })).toBe(0);
    raw.send(bytes);
    await raw.closed;
    expect(raw.received.all.filter(({ header }) => header >> 4 === 4)).toEqual([]);
  });

  it.each<[string, string, boolean, number]>([
    ["#", "#", true, 2],
    ["+", "+", true, 2],
    ["/", "a/b", true, 2],
    ["$", "$SYS", true, 2],
    ["65 characters", "x".repeat(65), true, 2],
    ["a space", "a b", true, 2],
    ["other scripts", "мост", true, 2],
    ["nothing, and a session to keep", "", false, 2],
    ["nothing", "", true, 0],
    ["64 characters", "x".repeat(64), true, 0],
    ["an inherited property's name", "constructor", true, 0],
    ["__proto__", "__proto__", true, 0],
  ])("answers a client id of %s", async (_name, clientId, clean, code) => {
    const raw = hostile();
    expect(await raw.connect({ clientId, clean })).toBe(code);
    raw.end();
  });

  it("tells clients of other versions so", async () => {
    const five = hostile().send(packet(0x10, Buffer.from("00044d5154540502003c00000161", "hex")));
    expect((await five.reply(2))?.body).toEqual(Buffer.of(0, 0x84, 0));
    expect(await hostile().connect({ level: 6 })).toBe(1);
    const old = hostile();
    expect(await old.connect({ level: 3, name: "MQIsdp" })).toBe(0);
    old.end();
  });

  it("lets the same party take its client id over, and nobody keeps two", async () => {
    const first = hostile();
    expect(await first.connect({ clientId: "twice" })).toBe(0);
    const second = hostile();
    expect(await second.connect({ clientId: "twice" })).toBe(0);
    await first.closed;
    expect(await second.alive()).toBe(true);
    second.end();
  });

  it("refuses to subscribe to $SYS and to more filters than the limit", async () => {
    const raw = hostile();
    expect(await raw.connect({ clientId: "subscriber" })).toBe(0);
    raw.send(subscribePacket("$SYS/#", 0, 1));
    expect((await raw.received.wait(({ body }) => body.equals(Buffer.of(0, 1, 0x80)))).header).toBe(0x90);
    for (let i = 2; i < 40; i++) raw.send(subscribePacket(`f/${i}`, 0, i));
    const last = await raw.received.wait(({ header, body }) => header === 0x90 && body[1] === 39);
    expect(last.body[2]).toBe(0x80);
    raw.end();
  });

  it("keeps a bounded number of retained messages of others", async () => {
    const raw = hostile();
    expect(await raw.connect({ clientId: "hoarder" })).toBe(0);
    for (let i = 0; i < 20; i++) raw.send(publishPacket(`keep/${i}`, "x", 1, i + 1, true));
    await raw.closed;
    expect(raw.received.all.filter(({ header }) => header === 0x40).length).toBeLessThanOrEqual(8);
  });

  it("disconnects a subscriber that does not read, and holds up nobody", async () => {
    const slow = hostile();
    expect(await slow.connect({ clientId: "sleeper" })).toBe(0);
    slow.send(subscribePacket("flood/#"));
    await slow.reply(9);
    slow.socket.pause();
    const { slow: before } = await child.counters();
    const source = new RawMqtt(child.port);
    expect(await source.connect({ clientId: "source" })).toBe(0);
    const load = publishPacket("flood/x", "x".repeat(8_000), 1);
    for (let sent = 0; (await child.counters()).slow === before; sent += 16) {
      const since = source.received.all.length;
      for (let i = 0; i < 16; i++) source.send(load);
      await source.received.wait(() => source.received.all.length >= since + 16, since);
      expect(sent).toBeLessThan(20_000);
    }
    expect(await source.alive()).toBe(true);
    source.end();
    slow.end();
  });

  it("serves the honest client while others flood", async () => {
    const flooders = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const raw = hostile();
        await raw.connect({ clientId: `flood-${i}` });
        const pings = Buffer.alloc(128 * 1024, Buffer.of(0xc0, 0));
        raw.socket.write(pings);
        raw.socket.write(publishPacket("noise", "x".repeat(100)).toString("latin1").repeat(200), "latin1");
        return raw;
      }),
    );
    for (let i = 1; i <= 20; i++) {
      honest.send(publishPacket("honest/x", String(i), 1, 1_000 + i));
      await honest.received.wait(({ header, body }) => header === 0x40 && body.readUInt16BE() === 1_000 + i);
    }
    for (const raw of flooders) raw.end();
  });

  it("outlives mutated packets", async () => {
    const seeds = [
      connectPacket({ will: { topic: "w", qos: 1 } }),
      publishPacket("a/b", "x", 1),
      subscribePacket("a/#"),
      packet(0xa2, Buffer.of(0, 1, 0, 1, 0x61)),
    ];
    const inputs = [...mutations(20261122, seeds, 2_000, 1_024)];
    for (let round = 0; inputs.length > 0; round++) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const raw = hostile();
          if (round % 4 > 0) await raw.connect({ clientId: `fuzz-${i}` });
          for (const bytes of inputs.splice(0, 4)) raw.send(Buffer.from(bytes));
          raw.socket.end();
          await raw.closed;
        }),
      );
    }
  });
});
