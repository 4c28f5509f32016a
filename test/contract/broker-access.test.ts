import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../firmware-bridge/port/clock.ts";
import { mqttBroker } from "../../gateway/broker/mqtt-broker.ts";
import { hashPassword } from "../../gateway/broker/users.ts";
import { type BrokerChild, startBrokerChild } from "../support/broker-child.ts";
import { builtFile } from "../support/built.ts";
import { publishPacket, RawMqtt, subscribePacket } from "../support/raw-mqtt.ts";
import { describeWith } from "../support/requires.ts";

const ONE = "11".repeat(32);
const TWO = "22".repeat(32);
const GATEWAY = { user: "gateway", token: "made at each start" };

describe("Logins and access of the embedded broker", () => {
  let child: BrokerChild;

  beforeAll(async () => {
    const salt = new Uint8Array(16).fill(7);
    child = await startBrokerChild({
      listen: { host: "127.0.0.1", port: 0 },
      gateway: GATEWAY,
      users: [
        { name: "anna", password: hashPassword("horse", salt) },
        { name: "board-1", password: hashPassword("one", salt), device: ONE },
        { name: "board-2", password: hashPassword("two", salt), device: TWO },
      ],
      durable: { filters: [] },
    });
  });
  afterAll(() => child.kill());

  const login = async (clientId: string, user?: string, password?: string): Promise<[RawMqtt, number | undefined]> => {
    const raw = new RawMqtt(child.port);
    const fields = { clientId, ...(user ? { user } : {}), ...(password ? { password } : {}) };
    return [raw, await raw.connect(fields)];
  };

  it("lets in who knows the password, and nobody else", async () => {
    expect((await login("a"))[1]).toBe(5);
    expect((await login("a", "anna", "hors"))[1]).toBe(4);
    expect((await login("a", "anna"))[1]).toBe(4);
    expect((await login("a", "nobody", "horse"))[1]).toBe(4);
    expect((await login("a", "constructor", "x"))[1]).toBe(4);
    expect((await login("a", GATEWAY.user, "guess"))[1]).toBe(4);
    for (let i = 0; i < 2; i++) {
      const [raw, code] = await login("a", "anna", "horse");
      expect(code).toBe(0);
      raw.end();
    }
    // Remembered, and still the password decides.
    expect((await login("a", "anna", "Horse"))[1]).toBe(4);
  });

  it("keeps a living session's client id from everybody else", async () => {
    const [gateway, code] = await login("fieldseal-gateway", GATEWAY.user, GATEWAY.token);
    expect(code).toBe(0);
    expect((await login("fieldseal-gateway", "anna", "horse"))[1]).toBe(2);
    expect(await gateway.alive()).toBe(true);
    const [again, second] = await login("fieldseal-gateway", GATEWAY.user, GATEWAY.token);
    expect(second).toBe(0);
    await gateway.closed;
    again.end();
    await again.closed;
    // The place is free once its holder is gone: that may take the broker a moment to see.
    let free: number | undefined;
    do {
      const [raw, answer] = await login("fieldseal-gateway", "anna", "horse");
      free = answer;
      raw.end();
    } while (free === 2);
    expect(free).toBe(0);
  });

  /** Whether a publish is acknowledged, on a connection of its own. */
  const mayWrite = async (user: string, password: string, topic: string): Promise<boolean> => {
    const [raw] = await login(`w-${user}`, user, password);
    raw.send(publishPacket(topic, "x", 1));
    const answer = await raw.reply(4);
    raw.end();
    await raw.closed;
    return answer !== undefined;
  };
  const mayRead = async (user: string, password: string, filter: string): Promise<boolean> => {
    const [raw] = await login(`r-${user}`, user, password);
    raw.send(subscribePacket(filter));
    const answer = await raw.reply(9);
    raw.end();
    await raw.closed;
    return answer?.body[2] === 0;
  };

  it.each<[string, string, string, boolean, boolean]>([
    ["board-1", "one", `fieldseal-link/${ONE}/up`, true, false],
    ["board-1", "one", `fieldseal-link/${ONE}/down`, false, true],
    ["board-1", "one", `fieldseal-link/${TWO}/up`, false, false],
    ["board-1", "one", `fieldseal-link/${TWO}/down`, false, false],
    ["board-1", "one", "fieldseal/bridge/state", false, false],
    ["board-1", "one", "anything", false, false],
    ["board-2", "two", `fieldseal-link/${TWO}/up`, true, false],
    ["anna", "horse", `fieldseal-link/${ONE}/up`, false, true],
    ["anna", "horse", `fieldseal-link/${ONE}/down`, false, true],
    ["anna", "horse", "fieldseal/grid-meter", false, true],
    ["anna", "horse", "fieldseal", false, true],
    ["anna", "horse", "fieldseal/bridge/request/rename", true, true],
    ["anna", "horse", "fieldseal/bay-1/set", true, true],
    ["anna", "horse", "tele/plug/SENSOR", true, true],
    ["anna", "horse", "$SYS/x", false, false],
    ["gateway", GATEWAY.token, "fieldseal/grid-meter", true, true],
    ["gateway", GATEWAY.token, `fieldseal-link/${ONE}/down`, true, true],
    ["gateway", GATEWAY.token, "$SYS/x", false, false],
  ])("%s: %s %s, write %s, read %s", async (user, password, topic, write, read) => {
    expect(await mayWrite(user, password, topic)).toBe(write);
    expect(await mayRead(user, password, topic)).toBe(read);
  });

  it.each(["#", "fieldseal-link/#", "fieldseal-link/+/down", "+/+/down", "$share/g/#"])(
    "a device may not snoop with %s",
    async (filter) => {
      expect(await mayRead("board-1", "one", filter)).toBe(false);
    },
  );

  it("lets the gateway send what nobody else may: large packets, retained, in its tree", async () => {
    const [gateway] = await login("fieldseal-gateway", GATEWAY.user, GATEWAY.token);
    gateway.send(publishPacket("fieldseal/bridge/devices", "x".repeat(200_000), 1, 5, true));
    expect((await gateway.reply(4))?.body.readUInt16BE()).toBe(5);
    gateway.end();
  });

  it("does not let a will write what its client may not", async () => {
    const raw = new RawMqtt(child.port);
    expect(
      await raw.connect({ clientId: "w", user: "anna", password: "horse", will: { topic: "fieldseal/bridge/state" } }),
    ).toBe(5);
  });
});

describe("The broker process", () => {
  it.each(["0.0.0.0", "192.0.2.1", "::", "example.org"])(
    "refuses to listen on %s without logins and TLS",
    async (host) => {
      await expect(startBrokerChild({ listen: { host, port: 0 } })).rejects.toMatchObject({ code: "FS-MQTT-EXPOSED" });
      const tls = { key: "k", cert: "c" };
      await expect(startBrokerChild({ listen: { host, port: 0 }, tls })).rejects.toMatchObject({
        code: "FS-MQTT-EXPOSED",
      });
    },
  );

  it("says so when its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(startBrokerChild({ listen: { host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "FS-MQTT-LISTEN",
    });
    other.close();
  });

  it("ends by itself when its parent is gone", async () => {
    const child = await startBrokerChild({ listen: { host: "127.0.0.1", port: 0 } });
    child.disconnect();
    expect(await child.ended).toBe(0);
  });

  it("needs no channel to start", async () => {
    const child = spawn(process.execPath, [builtFile("broker-process")], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.send({ type: "start", options: { listen: { host: "127.0.0.1", port: 0 } }, channel: false });
    const [message] = await once(child, "message");
    expect(message).toMatchObject({ type: "ready", pid: child.pid });
    child.send({ type: "stop" });
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describeWith(["openssl"], "The broker over TLS", () => {
  it("serves a client that trusts its certificate, and refuses one that does not", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fieldseal-tls-"));
    const at = (name: string): string => join(folder, name);
    const made = spawnSync("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(" "),
      ..."-addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(" "),
      ...["-keyout", at("key.pem"), "-out", at("cert.pem")],
    ]);
    expect(made.status).toBe(0);
    const [key, cert] = [readFileSync(at("key.pem"), "utf8"), readFileSync(at("cert.pem"), "utf8")];
    rmSync(folder, { recursive: true });
    const password = hashPassword("secret", new Uint8Array(16));
    const child = await startBrokerChild({
      listen: { host: "0.0.0.0", port: 0 },
      tls: { key, cert },
      users: [{ name: "anna", password }],
      limits: { connectWithinMs: 500 },
    });
    const url = `mqtts://127.0.0.1:${child.port}`;
    const clock = systemClock();
    const good = mqttBroker({ url, clientId: "good", clock, user: "anna", password: "secret", tls: { ca: cert } });
    await good.start();
    await good.publish("over/tls", "x", { qos: 1 });
    const bad = mqttBroker({ url, clientId: "bad", clock, user: "anna", password: "secret" });
    const why = new Promise<string>((resolve) => {
      bad.onState = (state) => {
        if (state.kind === "offline") resolve(state.why);
      };
    });
    await bad.start();
    expect(await why).toContain("self-signed certificate");
    const plain = new RawMqtt(child.port);
    expect(await plain.connect({ clientId: "plain", user: "anna", password: "secret" })).toBeUndefined();
    await good.stop();
    await bad.stop();
    while ((await child.counters()).connections > 0);
    await child.kill();
  });
});
