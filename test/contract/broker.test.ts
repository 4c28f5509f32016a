import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Broker, BrokerMessage } from "../../gateway/broker/broker.ts";
import { bundled } from "../support/bundle.ts";
import { Mailbox } from "../support/mailbox.ts";
import { type BrokerRig, embeddedRig, memoryRig, mosquittoRig } from "../support/mqtt-rigs.ts";
import { describeWith } from "../support/requires.ts";

const text = (message: BrokerMessage): string => Buffer.from(message.payload).toString();
const presence = { topic: "t/state", online: "on", offline: "off" };

interface Kind {
  rig(): BrokerRig | Promise<BrokerRig>;
  /** Unacknowledged messages wait for the client that did not acknowledge them. */
  sessions: boolean;
  /** The next QoS 1 message comes only when the one before is acknowledged. */
  oneAtATime?: boolean;
}

function contract(kind: Kind): void {
  let rig: BrokerRig;
  let brokers: Broker[];

  const client = async (id: string, withPresence = false): Promise<Broker> => {
    const broker = rig.client(id, withPresence ? presence : undefined);
    brokers.push(broker);
    await broker.start();
    return broker;
  };

  beforeEach(async () => {
    brokers = [];
    rig = await kind.rig();
    await rig.start();
  });
  afterEach(async () => {
    for (const broker of brokers) await broker.stop();
    await rig.stop();
  });

  it("delivers what matches, in order, with either quality of service", async () => {
    const [a, b] = [await client("a"), await client("b")];
    const box = new Mailbox<string>();
    await b.subscribe("plant/+/power", (message) => box.put(`${message.topic}=${text(message)}`));
    await a.publish("plant/north", "no", { qos: 1 });
    await a.publish("plant/north/power", "1", { qos: 1 });
    await a.publish("plant/south/power", "2", { qos: 0 });
    await a.publish("plant/north/power/x", "no", { qos: 1 });
    await a.publish("plant/north/power", "end", { qos: 1 });
    await box.wait((line) => line.endsWith("end"));
    expect(box.all).toEqual(["plant/north/power=1", "plant/south/power=2", "plant/north/power=end"]);
    expect(a.counters).toMatchObject({ published: 5, refused: 0, connects: 1 });
  });

  it("keeps the last retained message for later subscribers, and an empty one clears it", async () => {
    const a = await client("a");
    await a.publish("r/kept", "old", { qos: 1, retain: true });
    await a.publish("r/kept", "new", { qos: 1, retain: true });
    await a.publish("r/cleared", "x", { qos: 1, retain: true });
    await a.publish("r/cleared", "", { qos: 1, retain: true });
    const b = await client("b");
    const box = new Mailbox<string>();
    await b.subscribe("r/#", (message) => box.put(`${message.topic}=${text(message)} ${message.retain}`));
    await box.wait();
    await a.publish("r/live", "now", { qos: 1, retain: true });
    await box.wait((line) => line.startsWith("r/live"));
    expect(box.all).toEqual(["r/kept=new true", "r/live=now false"]);
  });

  it("ends a subscription", async () => {
    const [a, b] = [await client("a"), await client("b")];
    const box = new Mailbox<string>();
    const first = await b.subscribe("s/one", (message) => box.put(text(message)));
    await b.subscribe("s/two", (message) => box.put(text(message)));
    await first.cancel();
    await a.publish("s/one", "unheard", { qos: 1 });
    await a.publish("s/two", "heard", { qos: 1 });
    await box.wait();
    expect(box.all).toEqual(["heard"]);
  });

  it("leaves its will when cut off, and says online again by itself", async () => {
    const watcher = await client("b");
    const box = new Mailbox<string>();
    await watcher.subscribe("t/state", (message) => box.put(text(message)));
    await client("a", true);
    await box.wait((state) => state === "on");
    rig.cut("a");
    await box.wait((state) => state === "off");
    const since = box.all.indexOf("off");
    await box.wait((state) => state === "on", since);
  });

  it("says offline itself when it is stopped", async () => {
    const watcher = await client("b");
    const box = new Mailbox<string>();
    await watcher.subscribe("t/state", (message) => box.put(text(message)));
    const a = await client("a", true);
    await box.wait((state) => state === "on");
    await a.stop();
    await box.wait((state) => state === "off");
    expect(a.connected).toBe(false);
  });

  it("asserts itself when somebody says it is offline", async () => {
    const [a, b] = [await client("a", true), await client("b")];
    const box = new Mailbox<string>();
    await b.subscribe("t/state", (message) => box.put(text(message)));
    await box.wait((state) => state === "on");
    await b.publish("t/state", "off", { qos: 1, retain: true });
    await box.wait((state) => state === "off");
    // The birth may be delivered twice (retained, and live): only an "on" after the "off" is the answer to it.
    await box.wait((state) => state === "on", box.all.indexOf("off"));
    expect(a.counters.reasserted).toBeGreaterThan(0);
  });

  it("brings its retained state and its subscriptions back to a broker that was killed, and loses no message", async () => {
    const a = await client("a", true);
    await a.publish("s/keep", "state", { qos: 1, retain: true });
    await a.publish("s/gone", "state", { qos: 1, retain: true });
    const events = new Mailbox<string>();
    await a.subscribe("ask/#", (message) => events.put(text(message)));
    await rig.crash();
    const late = a.publish("s/event", "while away", { qos: 1 });
    const cleared = a.publish("s/gone", "", { qos: 1, retain: true });
    await rig.restart();
    await Promise.all([late, cleared]);
    const b = await client("b");
    const box = new Mailbox<string>();
    await b.subscribe("#", (message) => box.put(`${message.topic}=${text(message)}`));
    await box.wait((line) => line === "s/keep=state");
    await box.wait((line) => line === "t/state=on");
    // The subscription is asked for again on the new connection, which may be granted after our message: so we repeat it.
    for (let i = 0; events.all.length === 0; i++) await b.publish("ask/x", String(i), { qos: 1 });
    expect(box.all).not.toContain("s/gone=state");
    expect(a.counters.connects).toBe(2);
  });

  it("answers its own publishes while a handler takes its time", async () => {
    const [a, b] = [await client("a"), await client("b")];
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const box = new Mailbox<string>();
    await b.subscribe("slow/in", async () => {
      await b.publish("slow/out", "from inside the handler", { qos: 1 });
      box.put("published");
      await held;
    });
    await a.publish("slow/in", "x", { qos: 1 });
    await box.wait();
    await b.publish("slow/other", "beside the handler", { qos: 1 });
    release();
  });

  if (kind.sessions) {
    it("acknowledges a message when its handler has finished: not before, and not if it failed", async () => {
      const [a, b] = [await client("a"), await client("b")];
      const box = new Mailbox<string>();
      let fail = true;
      await b.subscribe("m/#", async (message) => {
        box.put(text(message));
        if (text(message) === "1" && fail) {
          fail = false;
          throw new Error("the disk is full");
        }
      });
      await a.publish("m/x", "1", { qos: 1 });
      await a.publish("m/x", "2", { qos: 1 });
      await box.wait((payload) => payload === "2");
      expect(box.all.filter((payload) => payload === "1")).toHaveLength(2);
      expect(b.counters.unacknowledged).toBe(1);
    });

    if (kind.oneAtATime)
      it("holds the acknowledgement back until the handler has finished", async () => {
        const [a, b] = [await client("a"), await client("b")];
        const box = new Mailbox<string>();
        let release: () => void = () => undefined;
        const held = new Promise<void>((resolve) => {
          release = resolve;
        });
        await b.subscribe("o/#", async (message) => {
          box.put(text(message));
          if (text(message) === "1") await held;
        });
        await a.publish("o/x", "1", { qos: 1 });
        await a.publish("o/x", "2", { qos: 1 });
        await a.publish("o/x", "at most once needs no turn", { qos: 0 });
        await box.wait((payload) => payload.startsWith("at most"));
        expect(box.all).not.toContain("2");
        release();
        await box.wait((payload) => payload === "2");
      });

    it("delivers again what was being handled when the connection broke", async () => {
      const [a, b] = [await client("a"), await client("b")];
      const box = new Mailbox<string>();
      let hang = true;
      await b.subscribe("h/#", async (message) => {
        box.put(text(message));
        if (hang) await new Promise(() => undefined);
      });
      await a.publish("h/x", "kept", { qos: 1 });
      await box.wait();
      hang = false;
      rig.cut("b");
      await box.wait(() => true, 1);
      expect(box.all).toEqual(["kept", "kept"]);
    });
  }
}

describe("Broker: memory twin", () => contract({ rig: memoryRig, sessions: true }));
describe("Broker: embedded, in its own process", () => contract({ rig: () => embeddedRig(), sessions: false }));
describeWith(["mosquitto"], "Broker: mosquitto, MQTT 3.1.1", () =>
  contract({ rig: () => mosquittoRig(4), sessions: true, oneAtATime: true }),
);
describeWith(["mosquitto"], "Broker: mosquitto, MQTT 5", () =>
  contract({ rig: () => mosquittoRig(5), sessions: true, oneAtATime: true }),
);

describe("A gateway that is killed", () => {
  it("is reported offline by its will", async () => {
    const rig = await embeddedRig();
    await rig.start();
    const watcher = rig.client("a");
    await watcher.start();
    const box = new Mailbox<string>();
    await watcher.subscribe("g/state", (message) => box.put(text(message)));
    const child = spawn(process.execPath, [bundled("test/support/presence-client.ts"), rig.url ?? "", "g/state"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    await box.wait((state) => state === "online");
    child.kill("SIGKILL");
    await box.wait((state) => state === "offline");
    await watcher.stop();
    await rig.stop();
  });
});
