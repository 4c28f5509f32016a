import { describe, expect, it } from "vitest";
import { type OcppRig, ocppRig, type Sockets, STATION, sessionsOf } from "./ocpp-rig.ts";

const BOOT = '[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]';

async function sockets(
  rig: OcppRig,
  version: "1.6" | "2.0.1" = "1.6",
): Promise<Sockets & { heard: unknown[][]; closed: number[] }> {
  const made = await rig.dial(version);
  if (typeof made === "number") throw new Error(`HTTP ${made}`);
  const heard: unknown[][] = [];
  const closed: number[] = [];
  made.far.onText = (text) => heard.push(JSON.parse(text) as unknown[]);
  made.far.onClose = (code) => closed.push(code);
  return Object.assign(made, { heard, closed });
}

async function started(rig: OcppRig) {
  const driver = rig.driver();
  driver.start();
  await rig.clock.advance(0);
  return driver;
}

describe("an unknown station", () => {
  it("is held as pending, nothing of it is taken, and it is adopted by one call", async () => {
    const told: string[] = [];
    const rig = ocppRig({ onPending: ({ station }) => told.push(station) });
    const line = await sockets(rig);
    line.far.send(BOOT);
    line.far.send('[2,"2","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Available"}]');
    expect(line.heard[0]).toMatchObject([3, "1", { status: "Pending", interval: 30 }]);
    expect(line.heard[1]).toMatchObject([4, "2", "InternalError", "FS-OCPP-PENDING", {}]);
    expect(told).toEqual([STATION]);
    expect(rig.shared.pending()).toMatchObject([{ station: STATION, version: "1.6", vendor: "V", model: "M" }]);
    expect(() => rig.shared.adopt("CP-9", "x")).toThrow(expect.objectContaining({ code: "FS-OCPP-STATION" }) as Error);
    const { name, driver: model, station } = rig.shared.adopt(STATION, "bay-1");
    expect([name, model, station]).toEqual(["bay-1", "ocpp/generic", STATION]);
    const driver = await started(rig);
    expect(line.closed).toEqual([1012]);
    expect(rig.shared.pending()).toEqual([]);
    const again = await sockets(rig);
    again.far.send(BOOT);
    expect(again.heard[0]).toMatchObject([3, "1", { status: "Accepted", interval: 60 }]);
    await driver.stop();
  });

  it("is one of thirty-two at most", async () => {
    const rig = ocppRig();
    for (let n = 0; n < 32; n++) expect(await rig.dial("1.6", { path: `/S${n}` })).toBeTypeOf("object");
    expect(await rig.dial("1.6", { path: "/S32" })).toBe(503);
  });
});

describe("a second socket", () => {
  it("is refused while the first still answers, and takes the place of a dead one", async () => {
    const rig = ocppRig();
    const driver = await started(rig);
    const first = await sockets(rig);
    first.far.send(BOOT);
    expect(await rig.dial("1.6")).toBe(409);
    expect(first.closed).toEqual([]);
    first.answersPing = false;
    const next = rig.dial("1.6");
    await rig.clock.advance(0);
    // A third does not wait beside it.
    expect(await rig.dial("1.6")).toBe(409);
    await rig.clock.advance(5000);
    expect(await next).toBeTypeOf("object");
    expect(first.closed).toEqual([1006]);
    expect(rig.shared.central.counters).toEqual({ admitted: 2, refused: 2, duplicates: 1, replaced: 1 });
    await driver.stop();
  });

  it("of a station that went silent is not needed: the line is given up after a ping", async () => {
    const rig = ocppRig();
    const driver = await started(rig);
    const line = await sockets(rig);
    line.far.send(BOOT);
    line.answersPing = false;
    await rig.clock.advance(90_000);
    expect(line.closed).toEqual([1006]);
    expect(rig.states.at(-1)).toMatchObject({ state: "offline" });
    await driver.stop();
  });
});

describe("a station of two devices", () => {
  it("is refused when the second is made, and a station needs an identity and a readable meter key", () => {
    const rig = ocppRig({ meterKey: (station) => (station === "CP-1" ? "00ff" : undefined) });
    rig.driver();
    const create = (station: string | undefined) =>
      rig.host.create({
        name: "bay-2",
        driver: "ocpp/generic",
        config: { station },
        clock: rig.clock,
        onReading: () => undefined,
        onState: () => undefined,
      });
    const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
    expect(() => create(STATION)).toThrow(code("FS-DEVICE-TAKEN"));
    expect(() => create(undefined)).toThrow(code("FS-DEVICE-PORT"));
    expect(() => create("with space")).toThrow(code("FS-DEVICE-PORT"));
    expect(() => create("CP-1")).toThrow(code("FS-OCPP-KEY"));
    expect(create("CP-2").name).toBe("bay-2");
  });
});

describe("who is let in", () => {
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

  it("names itself and a common subprotocol", async () => {
    const rig = ocppRig();
    expect(await rig.dial("1.6", { path: "/" })).toBe(404);
    expect(await rig.dial("1.6", { path: "/%E0%A4%A" })).toBe(404);
    expect(await rig.dial("1.6", { path: `/${"x".repeat(49)}` })).toBe(404);
    expect(await rig.dial("1.6", { path: "/a%00b" })).toBe(404);
    expect(await rig.dial("1.6", { protocols: ["ocpp1.5"] })).toBe(400);
    const driver = rig.driver({}, undefined, "ocpp/ocpp-201");
    driver.start();
    await rig.clock.advance(0);
    expect(await rig.dial("1.6")).toBe(400);
    expect(await rig.dial("1.6", { protocols: ["ocpp1.6", "ocpp2.0.1"] })).toBeTypeOf("object");
    await driver.stop();
  });

  it("shows its password in profile 1, and guesses no further than ten times", async () => {
    const rig = ocppRig({ security: 1, password: () => "correct horse" });
    const driver = await started(rig);
    expect(await rig.dial("1.6")).toBe(401);
    expect(await rig.dial("1.6", basic("CP-0018:correct horse"))).toBe(401);
    for (let n = 0; n < 8; n++) expect(await rig.dial("1.6", basic(`${STATION}:${n}`))).toBe(401);
    expect(await rig.dial("1.6", basic(`${STATION}:correct horse`))).toBe(429);
    expect(await rig.dial("1.6", { ...basic(`${STATION}:correct horse`), from: "192.0.2.8" })).toBeTypeOf("object");
    await rig.clock.advance(61_000);
    expect(await rig.dial("1.6", basic(`${STATION}:`))).toBe(401);
    await driver.stop();
  });

  it("is refused in profile 1 when nobody configured a password", async () => {
    const rig = ocppRig({ security: 1 });
    const driver = await started(rig);
    expect(await rig.dial("1.6", basic(`${STATION}:`))).toBe(401);
    await driver.stop();
  });

  it("has a certificate of its own name in profile 3", async () => {
    const rig = ocppRig({ security: 3 });
    expect(await rig.dial("1.6", { certificateName: "CP-0018" })).toBe(403);
    expect(await rig.dial("1.6")).toBe(403);
    expect(await rig.dial("1.6", { certificateName: STATION })).toBeTypeOf("object");
  });

  it("never comes back with a lower security profile, not even after a restart", async () => {
    const safe = ocppRig({ security: 1, password: () => "p" });
    const driver = await started(safe);
    expect(await safe.dial("1.6", basic(`${STATION}:p`))).toBeTypeOf("object");
    await driver.stop();
    const open = ocppRig({}, safe.kept);
    const again = await started(open);
    expect(await open.dial("1.6")).toBe(403);
    await again.stop();
  });
});

describe("hostile messages", () => {
  const HOSTILE = [
    "",
    "{",
    "null",
    "[]",
    "[2]",
    "[2,1,1,1]",
    '[9,"x","Heartbeat",{}]',
    '[2,"x","Heartbeat",[]]',
    '[2,"x","Heartbeat",{},{}]',
    '[2,"x","__proto__",{}]',
    '[2,"x","constructor",{}]',
    '[2,"x","Reset",{"type":"Hard"}]',
    '[2,"x","NoSuchAction",{}]',
    '[2,"x","Heartbeat",{"more":1}]',
    '[2,"x","BootNotification",{"chargePointVendor":"V"}]',
    '[2,"x","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":"1","timestamp":"now"}]',
    '[2,"x","MeterValues",{"connectorId":1,"meterValue":[]}]',
    `[2,"${"x".repeat(40)}","Heartbeat",{}]`,
    `[2,"x","Heartbeat",${"[".repeat(5000)}`,
    '[3,"x",{"status":"Accepted"}]',
    '[4,"x","GenericError","",{}]',
    `["${"a".repeat(70_000)}"]`,
  ];

  it.each(["1.6", "2.0.1"] as const)("never harm the living session of %s", async (version) => {
    const rig = ocppRig();
    const driver = await started(rig);
    const line = await sockets(rig, version);
    for (const [n, text] of HOSTILE.entries()) {
      line.far.send(text);
      line.far.send(`[2,"h${n}","Heartbeat",{}]`);
      expect(line.heard.at(-1), text.slice(0, 40)).toMatchObject([
        3,
        expect.any(String),
        { currentTime: expect.any(String) as string },
      ]);
    }
    expect(line.closed).toEqual([]);
    await driver.stop();
  });

  it("in a row end the line", async () => {
    const rig = ocppRig();
    const driver = await started(rig);
    const line = await sockets(rig);
    for (let n = 0; n < 20; n++) line.far.send("{");
    expect(line.closed).toEqual([1002]);
    await driver.stop();
  });

  it("that come twice are answered as before and taken once", async () => {
    const rig = ocppRig();
    const driver = await started(rig);
    const line = await sockets(rig);
    line.far.send(BOOT);
    const start =
      '[2,"s","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":1000,"timestamp":"2026-11-22T14:00:00Z"}]';
    line.far.send(start);
    line.far.send(start);
    // Under another id, as a station sends it again that missed the answer.
    line.far.send(start.replace('"s"', '"t"'));
    const [, first, second, third] = line.heard as [unknown, ...{ transactionId: number }[][]];
    expect(second).toEqual(first);
    expect(third![2]!.transactionId).toBe(first![2]!.transactionId);
    const { transactionId } = first![2]!;
    const stop = `[2,"u","StopTransaction",{"transactionId":${transactionId},"meterStop":3000,"timestamp":"2026-11-22T15:00:00Z"}]`;
    line.far.send(stop);
    line.far.send(stop.replace('"u"', '"v"'));
    line.far.send(start.replace('"s"', '"w"'));
    expect(line.heard.at(-1)).toMatchObject([3, "w", { transactionId }]);
    expect(sessionsOf(rig.readings)).toHaveLength(1);
    expect(rig.readings.at(-1)!.work).toBe(2000n);
    await driver.stop();
  });

  it("that are too many are slowed down, and no call is lost", async () => {
    const rig = ocppRig();
    const driver = await started(rig);
    const line = await sockets(rig);
    let paused = 0;
    line.near.pause = () => paused++;
    for (let n = 0; n < 600; n++) line.far.send(`[2,"${n}","Heartbeat",{}]`);
    expect(line.heard).toHaveLength(200);
    expect(paused).toBe(1);
    await rig.clock.advance(10_000);
    expect(line.heard.map(([, id]) => id)).toEqual(Array.from({ length: 600 }, (_, n) => String(n)));
    for (let n = 0; n < 3000; n++) line.far.send(`[2,"x${n}","Heartbeat",{}]`);
    expect(line.closed).toEqual([1008]);
    await driver.stop();
  });

  it("are no answer to our calls", async () => {
    const rig = ocppRig();
    const driver = rig.driver({ control: true });
    driver.start();
    await rig.clock.advance(0);
    const line = await sockets(rig);
    const refused = expect(driver.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-OCPP-ANSWER" });
    const [, id] = line.heard.at(-1)!;
    line.far.send(`[3,"not-${String(id)}",{"status":"Accepted"}]`);
    line.far.send(`[3,"${String(id)}",{"status":"Perhaps"}]`);
    await refused;
    const rejected = expect(driver.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-OCPP-REFUSED" });
    line.far.send(`[3,"${String(line.heard.at(-1)![1])}",{"status":"Rejected"}]`);
    await rejected;
    const error = expect(driver.set!({ reset: "hard" })).rejects.toMatchObject({ code: "FS-OCPP-REFUSED" });
    line.far.send(`[4,"${String(line.heard.at(-1)![1])}","NotSupported","",{}]`);
    await error;
    const gone = expect(driver.set!({ reset: "soft" })).rejects.toMatchObject({ code: "FS-OCPP-CLOSED" });
    line.far.close(1000, "");
    await gone;
    await driver.stop();
  });

  it("about a session are asked for again while the disk is full, and told once", async () => {
    let full = false;
    const save = () => {
      if (full) throw new Error("ENOSPC");
    };
    const rig = ocppRig({ state: { load: () => undefined, save } });
    const driver = await started(rig);
    const line = await sockets(rig);
    line.far.send(BOOT);
    line.far.send(
      '[2,"s","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"2026-11-22T14:00:00Z"}]',
    );
    const [, , { transactionId }] = line.heard.at(-1) as [number, string, { transactionId: number }];
    const stop = (id: string) =>
      `[2,"${id}","StopTransaction",{"transactionId":${transactionId},"meterStop":9000,"timestamp":"2026-11-22T15:00:00Z"}]`;
    full = true;
    line.far.send(stop("a"));
    expect(line.heard.at(-1)).toEqual([4, "a", "InternalError", "FS-OCPP-SAVE", {}]);
    full = false;
    line.far.send(stop("b"));
    expect(line.heard.at(-1)).toEqual([3, "b", {}]);
    expect(sessionsOf(rig.readings)).toMatchObject([{ session_energy: "9000" }]);
    await driver.stop();
  });
});
