import { describe, expect, it } from "vitest";
import { Quality } from "../../../protocols/reading/index.ts";
import { ocppRig, STATION, sessionsOf, testMeter, valuesOf } from "./ocpp-rig.ts";

const MINUTE = 60_000;

describe.each(["1.6", "2.0.1"] as const)("a station of OCPP %s", (version) => {
  it("is read, and its session is one object at the end", async () => {
    const rig = ocppRig({ idTagKey: new Uint8Array(32).fill(7) });
    const driver = rig.driver();
    driver.start();
    const station = rig.station(version);
    await rig.clock.advance(0);
    await station.start();
    await rig.clock.advance(15_000);
    expect(rig.states.map(({ state }) => state)).toEqual(["online"]);
    station.plug();
    await rig.clock.advance(30 * MINUTE);
    const during = rig.readings.map(valuesOf).findLast((values) => "power" in values)!;
    // Samples stand in the reading they came with.
    expect(rig.readings.map(valuesOf).some((values) => !("power" in values))).toBe(true);
    const measured = ["power", "voltage_l1", "current_l1", "soc"].map((name) => Number(during[name]));
    expect(measured).toEqual([7360, 230, 32, 50]);
    expect(during).not.toHaveProperty("session_id");
    station.unplug();
    await rig.clock.advance(1000);
    const [session, ...more] = sessionsOf(rig.readings);
    expect(more).toEqual([]);
    expect(session).toMatchObject({
      session_energy: "3680",
      session_meter_start: "100000",
      session_meter_stop: "103680",
      session_connector: "1",
      session_stop_reason: "EVDisconnected",
      session_signature: "none",
      session_grade: "station",
      session_id_tag_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      energy_import: "3680",
    });
    expect(Number(session!.session_end) - Number(session!.session_start)).toBe(1800);
    expect(rig.readings.at(-1)!.work).toBe(3680n);
    // Thinned to one in ten seconds, begin and end apart.
    expect(rig.readings.length).toBeGreaterThan(170);
    expect(rig.readings.length).toBeLessThan(190);
    expect(rig.readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    station.stop();
    await driver.stop();
    expect(rig.clock.pending).toBe(0);
  });

  it("counts what happened while the network was away once, and once only", async () => {
    const rig = ocppRig();
    const driver = rig.driver();
    driver.start();
    const station = rig.station(version);
    await rig.clock.advance(0);
    await station.start();
    station.plug();
    await rig.clock.advance(10 * MINUTE);
    station.drop();
    // It dials every five seconds and is let in again: a session ends and another begins and ends out of sight.
    station.faults.add("silent");
    station.unplug();
    await rig.clock.advance(MINUTE);
    station.plug();
    await rig.clock.advance(20 * MINUTE);
    station.unplug();
    await rig.clock.advance(5 * MINUTE);
    station.faults.delete("silent");
    station.drop();
    await rig.clock.advance(10 * MINUTE);
    expect(sessionsOf(rig.readings).map((values) => values.session_energy)).toEqual([
      expect.stringMatching(/^122[67]/),
      expect.stringMatching(/^245[34]/),
    ]);
    expect(Number(rig.readings.at(-1)!.work)).toBeGreaterThanOrEqual(3679);
    expect(Number(rig.readings.at(-1)!.work)).toBeLessThanOrEqual(3680);
    station.stop();
    await driver.stop();
  });

  it("goes on with an open session after a restart of the gateway, under a new id for the next", async () => {
    const first = ocppRig();
    const driver = first.driver();
    driver.start();
    const station = first.station(version);
    await first.clock.advance(0);
    await station.start();
    station.plug();
    await first.clock.advance(10 * MINUTE);
    await driver.stop();
    station.stop();
    const { work, reading } = first.readings.at(-1)!;
    const known = JSON.parse(first.kept.get(STATION)!) as { open: { transaction: string }[] };

    // The same instant: the clock gives no new second.
    const second = ocppRig({}, first.kept, first.clock.now());
    const again = second.driver({}, { work, time: reading.time });
    again.start();
    await second.clock.advance(0);
    const sockets = await second.dial(version);
    if (typeof sockets === "number") throw new Error(String(sockets));
    const answers: unknown[] = [];
    sockets.far.onText = (text) => answers.push(JSON.parse(text));
    const transaction = known.open[0]!.transaction;
    const timestamp = new Date(second.clock.now() + MINUTE).toISOString();
    await second.clock.advance(MINUTE);
    if (version === "1.6") {
      const payload = { transactionId: Number(transaction), meterStop: 101_349, timestamp };
      sockets.far.send(JSON.stringify([2, "a", "StopTransaction", payload]));
      sockets.far.send(
        JSON.stringify([2, "b", "StartTransaction", { connectorId: 1, idTag: "X", meterStart: 101_349, timestamp }]),
      );
      const [, [, , started]] = answers as [unknown, [number, string, { transactionId: number }]];
      expect(started.transactionId).toBeGreaterThan(Number(transaction));
    } else {
      const ended = {
        eventType: "Ended",
        timestamp,
        triggerReason: "EVDeparted",
        seqNo: 99,
        transactionInfo: { transactionId: transaction },
        evse: { id: 1 },
        meterValue: [{ timestamp, sampledValue: [{ value: 101_349, context: "Transaction.End" }] }],
      };
      sockets.far.send(JSON.stringify([2, "a", "TransactionEvent", ended]));
    }
    const [session] = sessionsOf(second.readings);
    expect(session).toMatchObject({ session_id: transaction, session_meter_start: "100000", session_energy: "1349" });
    const end = second.readings.find((one) => "session_id" in valuesOf(one))!;
    expect(end.work).toBe(1349n);
    await again.stop();
  });

  it("believes no register that fell, and goes on when it is back", async () => {
    const rig = ocppRig();
    const driver = rig.driver();
    driver.start();
    const station = rig.station(version);
    await rig.clock.advance(0);
    await station.start();
    station.plug();
    await rig.clock.advance(5 * MINUTE);
    const before = rig.readings.at(-1)!.work;
    station.faults.add("register-fell");
    await rig.clock.advance(20_000);
    const fallen = rig.readings.at(-1)!;
    expect(fallen.reading.quality & Quality.OutOfBounds).not.toBe(0);
    // What was counted before the fault and not told yet, at most.
    expect(fallen.work - before).toBeLessThanOrEqual(21n);
    await rig.clock.advance(5000);
    expect(rig.readings.at(-1)!.work).toBe(fallen.work);
    station.faults.delete("register-fell");
    await rig.clock.advance(5 * MINUTE);
    station.unplug();
    await rig.clock.advance(1000);
    const [session] = sessionsOf(rig.readings);
    expect(Number(session!.session_energy)).toBeGreaterThanOrEqual(1267);
    expect(Number(rig.readings.at(-1)!.work)).toBe(Math.floor(Number(session!.session_energy)));
    station.stop();
    await driver.stop();
  });

  it("survives garbage and silence, and says so", async () => {
    const rig = ocppRig();
    const driver = rig.driver();
    driver.start();
    const station = rig.station(version);
    await rig.clock.advance(MINUTE);
    expect(rig.states.at(-1)).toMatchObject({ state: "offline", code: "FS-OCPP-ABSENT" });
    await station.start();
    station.plug();
    await rig.clock.advance(MINUTE);
    expect(rig.states.at(-1)).toEqual({ device: "bay-1", state: "online" });
    station.faults.add("garbage");
    await rig.clock.advance(3 * MINUTE);
    station.faults.delete("garbage");
    await rig.clock.advance(6 * MINUTE);
    station.unplug();
    await rig.clock.advance(2 * MINUTE);
    const [session, ...more] = sessionsOf(rig.readings);
    expect(more).toEqual([]);
    expect(Math.round(Number(session!.session_energy))).toBeGreaterThanOrEqual(1226);
    station.drop();
    expect(rig.states.at(-1)).toMatchObject({ state: "offline", code: "FS-OCPP-LOST" });
    await rig.clock.advance(MINUTE);
    expect(rig.states.at(-1)).toEqual({ device: "bay-1", state: "online" });
    station.stop();
    await driver.stop();
  });

  it("is controlled where that is allowed, and only with its consent", async () => {
    const rig = ocppRig();
    const driver = rig.driver({ control: true });
    driver.start();
    const station = rig.station(version);
    await rig.clock.advance(0);
    await expect(driver.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-OCPP-ABSENT" });
    await station.start();
    await rig.clock.advance(20_000);
    expect(await driver.set!({ current_limit: 16 })).toEqual({ current_limit: 16 });
    expect(station.limit).toBe(16);
    await driver.set!({ start: 1 });
    await rig.clock.advance(MINUTE);
    expect(station.session).toBe(true);
    expect(Number(rig.readings.map(valuesOf).findLast((values) => "power" in values)!.power)).toBe(3680);
    await driver.set!({ stop: 1 });
    await rig.clock.advance(1000);
    expect(sessionsOf(rig.readings)).toHaveLength(1);
    await driver.set!({ enabled: false });
    expect(station.enabled).toBe(false);
    await expect(driver.set!({ stop: 1 })).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
    await expect(driver.set!({ current_limit: 3 })).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
    await expect(driver.set!({ voltage: 3 })).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
    await rig.shared.send(STATION, { do: "trigger", message: "Heartbeat" });
    const asked = rig.shared.send(STATION, { do: "get", keys: [] });
    if (version === "1.6") {
      expect(await asked).toEqual({
        configurationKey: [{ key: "MeterValueSampleInterval", value: "10", readonly: false }],
      });
      await rig.shared.send(STATION, { do: "change", key: "MeterValueSampleInterval", value: "30" });
      expect(station.configuration.get("MeterValueSampleInterval")).toBe("30");
    } else {
      // Its schema wants one variable at least.
      await expect(asked).rejects.toMatchObject({ code: "FS-OCPP-CALL" });
    }
    const unknown = { do: "change", key: "NoSuchKey", value: "1" } as const;
    await expect(rig.shared.send(STATION, unknown)).rejects.toMatchObject({ code: "FS-OCPP-REFUSED" });
    await expect(rig.shared.send("CP-1", unknown)).rejects.toMatchObject({ code: "FS-OCPP-ABSENT" });
    station.faults.add("silent");
    const refused = expect(driver.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-OCPP-TIMEOUT" });
    await rig.clock.advance(30_000);
    await refused;
    station.stop();
    await driver.stop();
  });

  it("is not controlled where that is not allowed", async () => {
    const rig = ocppRig();
    const driver = rig.driver();
    await expect(driver.set!({ enabled: false })).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
  });

  it.each([
    ["verified", true, false, "meter-signed"],
    ["no-key", false, false, "station"],
    ["invalid", true, true, "station"],
    ["invalid", false, true, "station"],
  ])("grades the meter's own signature: %s", async (verdict, trusted, altered, grade) => {
    const meter = testMeter();
    const rig = ocppRig(trusted ? { meterKey: () => meter.key } : {});
    const driver = rig.driver();
    driver.start();
    const station = rig.station(version, { signer: meter });
    await rig.clock.advance(0);
    await station.start();
    station.plug();
    await rig.clock.advance(10 * MINUTE);
    if (altered) station.faults.add("bad-crc");
    station.unplug();
    await rig.clock.advance(1000);
    const [session] = sessionsOf(rig.readings);
    expect(session).toMatchObject({ session_signature: verdict, session_grade: grade });
    expect(session!.session_ocmf).toMatch(/^OCMF\|/);
    expect(session!.session_ocmf_sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Number(session!.session_energy)).toBeGreaterThan(1225);
    station.stop();
    await driver.stop();
  });
});
