import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcppClient } from "@extrawest/node-ts-ocpp";
import { RPCClient } from "ocpp-rpc";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  type DeviceReading,
  type DeviceState,
  DriverHost,
  type OcppOptions,
  sharedCentral,
} from "../../devices/index.ts";
import { dialCentral } from "../../devices/simulate/ocpp-dial.ts";
import { SimulatedStation } from "../../devices/simulate/ocpp-station.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import type { OcppVersion } from "../../protocols/ocpp/index.ts";
import { describeWith } from "../support/requires.ts";

const STATION = "CP-0017";
const PLAIN = { listen: { host: "127.0.0.1", port: 0 } };

const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Resolves with the first truthy result; what is waited for always comes, or the test's own limit ends it. */
async function until<T>(probe: () => T): Promise<NonNullable<T>> {
  for (;;) {
    const found = probe();
    if (found) return found as NonNullable<T>;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function gateway(ocpp: OcppOptions = {}, control = false) {
  const clock = systemClock({ background: true });
  const host = new DriverHost({ clock, ocpp: { ...PLAIN, ...ocpp } });
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  const driver = host.create({
    name: "bay-1",
    driver: "ocpp/generic",
    config: { station: STATION, every: 1000, control },
    clock,
    onReading: (reading) => readings.push(reading),
    onState: (state) => states.push(state),
  });
  driver.start();
  ends.push(() => driver.stop());
  const shared = sharedCentral(host);
  const port = await until(() => shared.port);
  const sessions = () =>
    readings
      .map(({ reading }) => Object.fromEntries(reading.measurements.map(({ name, value }) => [name, String(value)])))
      .filter((values) => "session_id" in values);
  return { clock, driver, shared, readings, states, port, sessions, url: `ws://127.0.0.1:${port}` };
}

const at = (minute: number) => new Date(Date.UTC(2026, 4, 4, 10, minute)).toISOString();

describe("charge points built on other packages", () => {
  it("ocpp-rpc, OCPP 1.6: a session, commanded from here", async () => {
    const { driver, sessions, readings, url } = await gateway({}, true);
    const station = new RPCClient({
      endpoint: url,
      identity: STATION,
      protocols: ["ocpp1.6"],
      strictMode: true,
      reconnect: false,
      // Its declaration asks for every option, its code for none.
    } as ConstructorParameters<typeof RPCClient>[0]);
    const limits: unknown[] = [];
    station.handle("SetChargingProfile", async ({ params }) => {
      limits.push(params);
      return { status: "Accepted" };
    });
    station.handle("ChangeAvailability", async () => ({ status: "Rejected" }));
    await station.connect();
    ends.push(() => station.close({ force: true }));
    expect(station.protocol).toBe("ocpp1.6");
    const boot = await station.call("BootNotification", { chargePointVendor: "V", chargePointModel: "M" });
    expect(boot).toMatchObject({ status: "Accepted", interval: 60 });
    expect(await station.call("Authorize", { idTag: "T" })).toEqual({ idTagInfo: { status: "Accepted" } });
    const started = (await station.call("StartTransaction", {
      connectorId: 1,
      idTag: "T",
      meterStart: 500,
      timestamp: at(0),
    })) as { transactionId: number };
    const sampledValue = [{ value: "1.7", unit: "kWh", measurand: "Energy.Active.Import.Register" }];
    await station.call("MeterValues", {
      connectorId: 1,
      transactionId: started.transactionId,
      meterValue: [{ timestamp: at(30), sampledValue }],
    });
    expect(await driver.set!({ current_limit: 10 })).toEqual({ current_limit: 10 });
    expect(limits).toHaveLength(1);
    await expect(driver.set!({ enabled: false })).rejects.toMatchObject({ code: "FS-OCPP-REFUSED" });
    await expect(driver.set!({ reset: "soft" })).rejects.toMatchObject({ code: "FS-OCPP-REFUSED" });
    await station.call("StopTransaction", { transactionId: started.transactionId, meterStop: 2500, timestamp: at(60) });
    await expect(station.call("Reset", { type: "Hard" })).rejects.toMatchObject({ rpcErrorCode: "NotImplemented" });
    expect(sessions()).toMatchObject([{ session_energy: "2000", session_stop_reason: "Local" }]);
    expect(readings.at(-1)!.work).toBe(2000n);
  });

  it("node-ts-ocpp, OCPP 2.0.1: a session", async () => {
    const { sessions, readings, url } = await gateway();
    const station = new OcppClient(STATION);
    station.on("error", () => undefined);
    const connected = new Promise((resolve) => station.on("connect", () => resolve(undefined)));
    station.connect(`${url}/`);
    await connected;
    const call = (action: string, payload: object) =>
      station.callRequest(action as never, payload as never) as Promise<unknown>;
    const boot = await call("BootNotification", {
      reason: "PowerUp",
      chargingStation: { model: "M", vendorName: "V" },
    });
    expect(boot).toMatchObject({ status: "Accepted", interval: 60 });
    const event = (eventType: string, seqNo: number, minute: number, value: number, context: string) =>
      call("TransactionEvent", {
        eventType,
        seqNo,
        timestamp: at(minute),
        triggerReason: "Trigger",
        transactionInfo: { transactionId: "tx-1", ...(eventType === "Ended" ? { stoppedReason: "Remote" } : {}) },
        evse: { id: 1 },
        meterValue: [{ timestamp: at(minute), sampledValue: [{ value, context }] }],
      });
    await event("Started", 0, 0, 10_000, "Transaction.Begin");
    await event("Updated", 1, 10, 11_000, "Sample.Periodic");
    await event("Ended", 2, 20, 12_500.5, "Transaction.End");
    expect(sessions()).toMatchObject([{ session_id: "tx-1", session_energy: "2500.5", session_stop_reason: "Remote" }]);
    expect(readings.at(-1)!.work).toBe(2500n);
  });

  it.each(["1.6", "2.0.1"] as const)("the simulated station, OCPP %s, over a real socket", async (version) => {
    const { clock, sessions, url } = await gateway();
    const station = new SimulatedStation({
      clock,
      version,
      dial: () => dialCentral({ url, station: STATION, version }),
    });
    await station.start();
    ends.push(() => station.stop());
    await until(() => station.accepted);
    station.plug();
    station.unplug();
    await until(() => sessions().length > 0);
    expect(sessions()).toMatchObject([{ session_stop_reason: "EVDisconnected", session_grade: "station" }]);
  });
});

describe("hostile websockets", () => {
  const raw = (url: string, protocols = ["ocpp1.6"]) =>
    new Promise<WebSocket>((resolve, reject) => {
      const ws = new WebSocket(url, protocols);
      ws.once("open", () => resolve(ws));
      ws.once("error", reject);
    });
  const closeCode = (ws: WebSocket) => new Promise<number>((resolve) => ws.once("close", resolve));

  it("never harm the living session of another station, nor the server", async () => {
    const { url, port, shared } = await gateway();
    const good = await dialCentral({ url, station: STATION, version: "1.6" });
    ends.push(() => good.terminate());
    const heard: string[] = [];
    good.onText = (text) => heard.push(text);

    const large = await raw(`${url}/X1`);
    const tooBig = closeCode(large);
    large.send(`[2,"1","Heartbeat",${" ".repeat(70_000)}{}]`);
    expect(await tooBig).toBe(1009);

    const pieces = await raw(`${url}/X2`);
    const fragments = closeCode(pieces);
    for (let n = 0; n < 400; n++) pieces.send("x", { fin: false });
    expect(await fragments).toBe(1008);

    const binary = await raw(`${url}/X3`);
    const bytes = closeCode(binary);
    binary.send(Uint8Array.of(1, 2, 3));
    expect(await bytes).toBe(1003);

    const mangled = connect(port, "127.0.0.1");
    const gone = new Promise((resolve) => mangled.once("close", resolve));
    mangled.on("error", () => undefined);
    mangled.write(
      `GET /${STATION} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n`,
    );
    mangled.resume();
    await gone;

    // The living one answers pings, so a second of its name is turned away.
    await expect(dialCentral({ url, station: STATION, version: "1.6" })).rejects.toMatchObject({
      code: "FS-OCPP-DIAL",
      context: { status: 409 },
    });
    expect(await fetch(`http://127.0.0.1:${port}/`).then(({ status }) => status)).toBe(404);
    good.send('[2,"h","Heartbeat",{}]');
    expect(await until(() => heard.at(-1))).toMatch(/^\[3,"h",\{"currentTime":/);
    expect(shared.central.counters.duplicates).toBeGreaterThanOrEqual(1);
  });

  it("in pieces is one message", async () => {
    const { url } = await gateway();
    const ws = await raw(`${url}/${STATION}`);
    ends.push(() => ws.terminate());
    const answer = new Promise((resolve) => ws.once("message", (data) => resolve(String(data))));
    for (const part of ['[2,"p",', '"Heart', 'beat",{']) ws.send(part, { fin: false });
    ws.send("}]");
    expect(await answer).toMatch(/^\[3,"p"/);
  });
});

describeWith(["openssl"], "security profiles over TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "fs-ocpp-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const pem = (name: string) => readFileSync(join(folder, name), "utf8");
  /** A certificate of the test's own authority. */
  function certificate(name: string, extension: string): { key: string; cert: string } {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl("req", "-new", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-days",
      "2",
      "-out",
      `${name}.crt`,
      "-extfile",
      `${name}.ext`,
    );
    return { key: pem(`${name}.key`), cert: pem(`${name}.crt`) };
  }
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=test authority",
  );
  const ca = pem("ca.crt");
  const server = certificate("server", "subjectAltName=IP:127.0.0.1");
  const own = certificate(STATION, "extendedKeyUsage=clientAuth");
  const other = certificate("CP-0018", "extendedKeyUsage=clientAuth");
  rmSync(folder, { recursive: true });

  const secure = (port: number) => `wss://127.0.0.1:${port}`;
  const dial = (port: number, more: object, version: OcppVersion = "2.0.1") =>
    dialCentral({ url: secure(port), station: STATION, version, ...more });

  it("2: TLS and password", async () => {
    const { port, states } = await gateway({ security: 2, tls: server, password: () => "secret-16-octets" });
    await expect(dial(port, { tls: { ca }, password: "wrong" })).rejects.toMatchObject({ context: { status: 401 } });
    await expect(
      dialCentral({ url: `ws://127.0.0.1:${port}`, station: STATION, version: "1.6" }),
    ).rejects.toMatchObject({
      code: "FS-OCPP-DIAL",
    });
    const socket = await dial(port, { tls: { ca }, password: "secret-16-octets" });
    ends.push(() => socket.terminate());
    socket.send('[2,"1","Heartbeat",{}]');
    await until(() => states.at(-1)?.state === "online");
  });

  it("3: certificates on both sides, the station's in its own name", async () => {
    const { port, states } = await gateway({ security: 3, tls: { ...server, ca } });
    await expect(dial(port, { tls: { ca } })).rejects.toMatchObject({ code: "FS-OCPP-DIAL" });
    await expect(dial(port, { tls: { ca, ...other } })).rejects.toMatchObject({ context: { status: 403 } });
    const socket = await dial(port, { tls: { ca, ...own } });
    ends.push(() => socket.terminate());
    socket.send('[2,"1","Heartbeat",{}]');
    await until(() => states.at(-1)?.state === "online");
  });
});
