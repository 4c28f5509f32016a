import { beforeEach, describe, expect, it } from "vitest";
import { type ManualClock, manualClock } from "../../../firmware-bridge/port/manual-clock.ts";
import type { Broker } from "../../../gateway/broker/broker.ts";
import { MemoryBrokerHub } from "../../../gateway/broker/memory-broker.ts";
import { MqttTree, type TreeDevice } from "../../../gateway/broker/tree.ts";
import { bridgePresence, type DeviceReading } from "../../../gateway/broker/tree-payloads.ts";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { decodeCbor } from "../../../protocols/cbor/index.ts";

const ID = "9f2c41ab".padEnd(64, "0");
const OTHER = "41ee07d2".padEnd(64, "0");
const meter: TreeDevice = {
  id: ID,
  name: "grid-meter",
  freshForMs: 30_000,
  about: { key: "fs:9f2c41ab", signer: "gateway" },
};

describe("The MQTT tree", () => {
  let clock: ManualClock;
  let hub: MemoryBrokerHub;
  let broker: Broker;
  let tree: MqttTree;
  let beats: number;

  const reading = (over: Partial<DeviceReading> = {}): DeviceReading => ({
    values: { power_w: 1834.2, energy_import_kwh: 10211.482 },
    quality: "good",
    measuredAt: clock.now(),
    lastSeen: clock.now() + 187,
    clock: "synced",
    seq: 48211n,
    key: "fs:9f2c41ab",
    signer: "gateway",
    checkpoint: null,
    ...over,
  });
  const text = (topic: string): string | undefined => {
    const payload = hub.retained.get(topic);
    return payload && Buffer.from(payload).toString();
  };
  const json = (topic: string): unknown => JSON.parse(text(topic) ?? "null");
  const topics = (): string[] => [...hub.retained.keys()].sort();

  beforeEach(async () => {
    clock = manualClock(Date.UTC(2026, 10, 22, 14, 3, 20, 114));
    hub = new MemoryBrokerHub(clock);
    broker = hub.client({ clientId: "gateway", presence: bridgePresence("fieldseal") });
    beats = 0;
    tree = new MqttTree({ broker, clock, health: () => ({ uptime_s: ++beats }) });
    await broker.start();
  });

  it("shows a reading as it is documented", async () => {
    tree.addDevice(meter);
    tree.start();
    tree.reading(ID, reading());
    await clock.advance(0);
    expect(text("fieldseal/grid-meter")).toBe(
      '{"power_w":1834.2,"energy_import_kwh":10211.482,"quality":"good","measured_at":"2026-11-22T14:03:20.114Z",' +
        '"last_seen":"2026-11-22T14:03:20.301Z","clock":"synced","seq":48211,"key":"fs:9f2c41ab","signer":"gateway","checkpoint":null}',
    );
    expect(json("fieldseal/bridge/state")).toEqual({ state: "online" });
    expect(json("fieldseal/bridge/devices")).toEqual([
      { key: "fs:9f2c41ab", signer: "gateway", name: "grid-meter", id: ID },
    ]);
  });

  it("never lets a measurement take a reserved name, a number lose digits, or a bad clock break it", async () => {
    tree.addDevice(meter);
    tree.start();
    tree.reading(
      ID,
      reading({
        values: { seq: 1, key: "fs:forged", on: true },
        seq: 2n ** 64n - 1n,
        measuredAt: 9e15,
        clock: "unsynced",
      }),
    );
    await clock.advance(0);
    expect(json("fieldseal/grid-meter")).toMatchObject({
      seq: "18446744073709551615",
      key: "fs:9f2c41ab",
      on: true,
      measured_at: null,
    });
  });

  it("says online while data is fresh, and offline when it is not, whatever else is alive", async () => {
    tree.addDevice(meter);
    tree.start();
    const state = () => (json("fieldseal/grid-meter/availability") as { state: string }).state;
    await clock.advance(0);
    expect(state()).toBe("offline");
    tree.reading(ID, reading());
    await clock.advance(29_999);
    expect(state()).toBe("online");
    tree.reading(ID, reading());
    await clock.advance(29_999);
    expect(state()).toBe("online");
    await clock.advance(1);
    expect(state()).toBe("offline");
    expect(tree.isOnline(ID)).toBe(false);
    // A backlog is not a sign of life: its age counts from when it was measured.
    tree.reading(ID, reading({ measuredAt: clock.now() - 60_000 }));
    await clock.advance(0);
    expect(state()).toBe("offline");
    tree.reading(ID, reading({ measuredAt: clock.now() - 20_000 }));
    await clock.advance(9_999);
    expect(state()).toBe("online");
    await clock.advance(1);
    expect(state()).toBe("offline");
    // A device that does not know the time is judged by when its data came.
    tree.reading(ID, reading({ measuredAt: 0, clock: "unsynced" }));
    await clock.advance(0);
    expect(state()).toBe("online");
  });

  it("does not let a late reading take the place of a newer one", async () => {
    tree.addDevice(meter);
    tree.start();
    tree.reading(ID, reading({ seq: 5n }));
    tree.reading(ID, reading({ seq: 4n, measuredAt: clock.now() - 5_000 }));
    await clock.advance(0);
    expect(json("fieldseal/grid-meter")).toMatchObject({ seq: 5 });
  });

  it("clears every topic of a device that is removed, and moves those of one that is renamed", async () => {
    tree.addDevice(meter);
    tree.addDevice({ ...meter, id: OTHER, name: "pv" });
    tree.start();
    tree.reading(ID, reading());
    tree.reading(OTHER, reading({ seq: 1n }));
    await clock.advance(0);
    tree.renameDevice(ID, "house");
    tree.removeDevice(OTHER);
    await clock.advance(0);
    expect(topics()).toEqual([
      "fieldseal/bridge/devices",
      "fieldseal/bridge/health",
      "fieldseal/bridge/state",
      "fieldseal/house",
      "fieldseal/house/availability",
    ]);
    expect(json("fieldseal/house")).toMatchObject({ seq: 48211 });
    expect(json("fieldseal/house/availability")).toEqual({ state: "online" });
    expect(json("fieldseal/bridge/devices")).toMatchObject([{ name: "house", id: ID }]);
    expect(() => tree.reading(OTHER, reading())).toThrow(expect.objectContaining({ code: "FS-MQTT-DEVICE" }));
    await clock.advance(40_000);
    expect(topics()).not.toContain("fieldseal/pv/availability");
  });

  it("refuses names that are taken or no topic level", () => {
    tree.addDevice(meter);
    const bad = (name: string) => () => tree.addDevice({ ...meter, id: OTHER, name });
    expect(bad("grid-meter")).toThrow(expect.objectContaining({ code: "FS-MQTT-NAME" }));
    expect(bad("a/b")).toThrow(expect.objectContaining({ code: "FS-MQTT-NAME" }));
    expect(() => tree.renameDevice(ID, "bridge")).toThrow(expect.objectContaining({ code: "FS-MQTT-NAME" }));
    expect(() => tree.addDevice({ ...meter, name: "again" })).toThrow(
      expect.objectContaining({ code: "FS-MQTT-DEVICE" }),
    );
  });

  it("clears what earlier runs left behind for devices that are gone, and only that", async () => {
    const kept = (topic: string, payload: string) => hub.retained.set(topic, utf8(payload));
    kept("fieldseal/ghost", "{}");
    kept("fieldseal/ghost/availability", '{"state":"online"}');
    kept("fieldseal/grid-meter", '{"seq":1}');
    kept("fieldseal/grid-meter/availability", '{"state":"online"}');
    kept("elsewhere/ghost/availability", "x");
    tree.addDevice(meter);
    tree.start();
    await clock.advance(5_000);
    expect(topics()).toEqual([
      "elsewhere/ghost/availability",
      "fieldseal/bridge/devices",
      "fieldseal/bridge/health",
      "fieldseal/bridge/state",
      "fieldseal/grid-meter",
      "fieldseal/grid-meter/availability",
    ]);
    expect(json("fieldseal/grid-meter/availability")).toEqual({ state: "offline" });
    // The sweep is over: what others keep there later is not ours to judge.
    kept("fieldseal/late/availability", "x");
    hub.cut("gateway");
    await clock.advance(1_000);
    expect(topics()).toContain("fieldseal/late/availability");
  });

  it("brings everything back to a broker that lost it", async () => {
    tree.info({ version: "0.1.0" });
    tree.addDevice(meter);
    tree.start();
    tree.reading(ID, reading());
    tree.checkpoint({ size: 512, root: "7be1", count: 36, state: "committed", tx: "0x01" });
    await clock.advance(0);
    const before = new Map(topics().map((topic) => [topic, text(topic)]));
    hub.crash();
    await clock.advance(100);
    expect(topics()).toEqual([]);
    hub.restart();
    await clock.advance(2_000);
    expect(new Map(topics().map((topic) => [topic, text(topic)]))).toEqual(before);
    expect([...before.keys()]).toEqual([
      "fieldseal/bridge/checkpoint",
      "fieldseal/bridge/devices",
      "fieldseal/bridge/health",
      "fieldseal/bridge/info",
      "fieldseal/bridge/state",
      "fieldseal/grid-meter",
      "fieldseal/grid-meter/availability",
    ]);
  });

  it("beats once a minute, and not after it was stopped", async () => {
    tree.start();
    await clock.advance(150_000);
    expect([beats, json("fieldseal/bridge/health")]).toEqual([3, { uptime_s: 3 }]);
    tree.stop();
    await broker.stop();
    await clock.advance(600_000);
    expect([beats, clock.pending]).toEqual([3, 0]);
    expect(json("fieldseal/bridge/state")).toEqual({ state: "offline" });
  });

  it("publishes events, log lines and attestations without keeping them", async () => {
    const seen = new Map<string, Uint8Array>();
    const watcher = hub.client({ clientId: "watcher" });
    await watcher.start();
    await watcher.subscribe("#", ({ topic, payload }) => void seen.set(topic, payload));
    tree.addDevice(meter);
    tree.start();
    tree.event({ type: "gap", device: "grid-meter", missing: 3 });
    tree.log({ level: "warn", namespace: "ingest", message: "late" });
    tree.attestation(ID, Uint8Array.of(0xd2, 1), [Uint8Array.of(1), Uint8Array.of(2, 3)]);
    await clock.advance(0);
    const show = (topic: string): string => Buffer.from(seen.get(topic) ?? []).toString();
    expect(show("fieldseal/bridge/event")).toBe('{"type":"gap","device":"grid-meter","missing":3}');
    expect(show("fieldseal/bridge/logging")).toBe('{"level":"warn","namespace":"ingest","message":"late"}');
    expect(decodeCbor(seen.get("fieldseal/grid-meter/attestation") ?? new Uint8Array())).toEqual([
      Uint8Array.of(0xd2, 1),
      [Uint8Array.of(1), Uint8Array.of(2, 3)],
    ]);
    expect(topics().some((topic) => /event|logging|attestation/.test(topic))).toBe(false);
  });

  it("counts what a full queue refuses", async () => {
    const codes: string[] = [];
    hub.crash();
    const narrow = hub.client({ clientId: "n", queue: { messages: 1 } });
    await narrow.start();
    const small = new MqttTree({ broker: narrow, clock, onDropped: (error) => codes.push(error.code) });
    small.start();
    for (let i = 0; i < 3; i++) small.event({ i });
    await clock.advance(0);
    expect([small.dropped, codes]).toEqual([2, ["FS-MQTT-QUEUE-FULL", "FS-MQTT-QUEUE-FULL"]]);
  });
});
