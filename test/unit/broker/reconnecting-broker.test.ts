import { beforeEach, describe, expect, it } from "vitest";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import { MemoryBrokerHub } from "../../../gateway/broker/memory-broker.ts";
import { parseBrokerUrl } from "../../../gateway/broker/mqtt-broker.ts";

const presence = { topic: "s", online: "on", offline: "off" };
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => "done",
    (error: { code: string }) => error.code,
  );

describe("The reconnecting broker, on a manual clock", () => {
  let clock: ManualClock;
  let hub: MemoryBrokerHub;
  const kept = (topic: string): string | undefined => {
    const payload = hub.retained.get(topic);
    return payload && Buffer.from(payload).toString();
  };

  beforeEach(() => {
    clock = manualClock();
    hub = new MemoryBrokerHub(clock);
  });

  it("waits longer from try to try, and starts short again only after a good connection", async () => {
    const broker = hub.client({ clientId: "a", delays: [0, 1_000, 5_000] });
    const states: string[] = [];
    broker.onState = ({ kind }) => states.push(`${clock.monotonic()} ${kind}`);
    hub.crash();
    await broker.start();
    await clock.advance(7_000);
    expect(states).toEqual([
      ...["0 connecting", "0 offline", "0 connecting", "0 offline"],
      ...["1000 connecting", "1000 offline", "6000 connecting", "6000 offline"],
    ]);
    hub.restart();
    await clock.advance(4_000);
    expect(broker.connected).toBe(true);
    // Lost at once: the broker takes us and throws us out, so there is no hurry.
    hub.crash();
    hub.restart();
    await clock.advance(4_999);
    expect(broker.connected).toBe(false);
    await clock.advance(60_000);
    hub.crash();
    hub.restart();
    await clock.advance(0);
    expect(broker.connected).toBe(true);
    expect(broker.counters.connects).toBe(3);
    await broker.stop();
    expect(clock.pending).toBe(0);
  });

  it("gives up a connection that does not open", async () => {
    const broker = hub.client({ clientId: "a", presence });
    hub.mute = true;
    await broker.start();
    await clock.advance(9_999);
    expect(broker.counters.rebuilt).toBe(0);
    hub.mute = false;
    await clock.advance(1);
    expect(broker.counters).toMatchObject({ rebuilt: 1, connects: 1 });
    expect(kept("s")).toBe("on");
  });

  it("gives up a connection that acknowledges nothing, and sends again on the next", async () => {
    const broker = hub.client({ clientId: "a" });
    await broker.start();
    await clock.advance(0);
    hub.mute = true;
    const sent = broker.publish("x", "1", { qos: 1 });
    await clock.advance(29_999);
    expect(broker.connected).toBe(true);
    hub.mute = false;
    await clock.advance(1);
    await sent;
    expect(broker.counters).toMatchObject({ rebuilt: 1, connects: 2, published: 1 });
  });

  it("keeps what it cannot send, in order, up to a limit that it reports", async () => {
    const broker = hub.client({ clientId: "a", queue: { messages: 3, retained: 2 } });
    hub.crash();
    await broker.start();
    const sent = ["1", "2", "3"].map((payload) => broker.publish("e", payload, { qos: 1 }));
    await expect(broker.publish("e", "4", { qos: 1 })).rejects.toEqual(code("FS-MQTT-QUEUE-FULL"));
    // State is not queued: the newest value takes the place of the older, and both callers are served by it.
    const states = ["old", "new"].map((payload) => broker.publish("r/1", payload, { qos: 1, retain: true }));
    states.push(broker.publish("r/2", "x", { qos: 1, retain: true }));
    await expect(broker.publish("r/3", "x", { qos: 1, retain: true })).rejects.toEqual(code("FS-MQTT-QUEUE-FULL"));
    hub.restart();
    const seen: string[] = [];
    const watcher = hub.client({ clientId: "w" });
    await watcher.start();
    await watcher.subscribe("#", ({ topic, payload }) => void seen.push(`${topic}=${Buffer.from(payload)}`));
    await clock.advance(1_000);
    await Promise.all([...sent, ...states]);
    expect(seen).toEqual(["r/1=new", "r/2=x", "e=1", "e=2", "e=3"]);
    expect(broker.counters).toMatchObject({ published: 6, refused: 2 });
  });

  it("owes cleared topics to a broker that was away, and then forgets them", async () => {
    const broker = hub.client({ clientId: "a", queue: { retained: 1 } });
    await broker.start();
    await broker.publish("r/1", "x", { qos: 1, retain: true });
    hub.cut("a");
    const cleared = broker.publish("r/1", "", { qos: 1, retain: true });
    await clock.advance(0);
    await cleared;
    expect(kept("r/1")).toBeUndefined();
    await broker.publish("r/2", "x", { qos: 1, retain: true });
    expect(kept("r/2")).toBe("x");
  });

  it("tells its callers when it is stopped", async () => {
    const broker = hub.client({ clientId: "a", presence });
    await expect(broker.publish("x", "", { qos: 0 })).rejects.toEqual(code("FS-MQTT-STOPPED"));
    hub.crash();
    await broker.start();
    const waiting = [
      settled(broker.publish("x", "", { qos: 1 })),
      settled(broker.publish("x", "1", { qos: 1, retain: true })),
      settled(broker.subscribe("x", () => undefined)),
    ];
    await broker.stop();
    expect(await Promise.all(waiting)).toEqual(["FS-MQTT-STOPPED", "FS-MQTT-STOPPED", "FS-MQTT-STOPPED"]);
    expect(clock.pending).toBe(0);
  });

  it("sends what waits before it stops, for a limited time", async () => {
    const broker = hub.client({ clientId: "a", presence });
    await broker.start();
    const sent = broker.publish("x", "last words", { qos: 1, retain: true });
    await broker.stop();
    await sent;
    expect([kept("x"), kept("s"), hub.clientIds]).toEqual(["last words", "off", []]);
    await broker.start();
    await clock.advance(0);
    expect(kept("s")).toBe("on");
    hub.mute = true;
    const lost = settled(broker.publish("y", "unheard", { qos: 1 }));
    const stopped = broker.stop();
    await clock.advance(2_000);
    await stopped;
    expect(await lost).toBe("FS-MQTT-STOPPED");
  });

  it("reports a refused subscription, and asks again when the connection broke before the answer", async () => {
    const broker = hub.client({ clientId: "a" });
    hub.refuse = "secret/#";
    await broker.start();
    await clock.advance(0);
    await expect(broker.subscribe("secret/#", () => undefined)).rejects.toEqual(code("FS-MQTT-REFUSED"));
    await expect(broker.subscribe("a/#/b", () => undefined)).rejects.toEqual(code("FS-MQTT-TOPIC"));
    hub.crash();
    const granted = settled(broker.subscribe("open/#", () => undefined));
    hub.restart();
    await clock.advance(1_000);
    expect(await granted).toBe("done");
  });

  it("lets two connections with one id take turns, as the specification says", async () => {
    const first = hub.client({ clientId: "same", presence, delays: [1_000] });
    await first.start();
    await clock.advance(0);
    const second = hub.client({ clientId: "same", delays: [1_000] });
    await second.start();
    await clock.advance(0);
    expect([first.connected, second.connected, kept("s")]).toEqual([false, true, "off"]);
  });
});

describe("Broker URLs", () => {
  it("are read", () => {
    expect(parseBrokerUrl("mqtt://10.0.0.7")).toEqual({ host: "10.0.0.7", port: 1883, secure: false });
    expect(parseBrokerUrl("mqtts://broker.example")).toEqual({ host: "broker.example", port: 8883, secure: true });
    expect(parseBrokerUrl("mqtts://[::1]:9")).toEqual({ host: "::1", port: 9, secure: true });
  });
  it.each(["", "localhost:1883", "http://x", "mqtt://", "mqtt://user:secret@x"])(
    "are refused without being repeated: %s",
    (url) => {
      expect(() => parseBrokerUrl(url)).toThrow(code("FS-MQTT-URL"));
      expect(() => parseBrokerUrl(url)).not.toThrow(/secret/);
    },
  );
});
