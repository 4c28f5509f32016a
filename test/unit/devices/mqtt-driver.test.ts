import { describe, expect, it } from "vitest";
import {
  catalog,
  type DeviceConfig,
  type DeviceReading,
  type DeviceState,
  DriverHost,
  driverId,
  MessageHub,
  readingTopics,
  simulateMqttBoard,
  treeValues,
} from "../../../devices/index.ts";
import { manualClock } from "../../../firmware-bridge/port/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";

function site() {
  const clock = manualClock();
  const hub = new MessageHub();
  const host = new DriverHost({ clock, messages: hub });
  const readings: DeviceReading[] = [];
  const states: DeviceState[] = [];
  return {
    clock,
    hub,
    host,
    readings,
    states,
    /** Publishes, and lets what follows happen. */
    async say(topic: string, payload: string | Uint8Array, retain = false) {
      await hub.publish(topic, payload, { retain });
      await clock.advance(1);
    },
    driver: (driver: string, config: DeviceConfig, name = "board") =>
      host.create({
        name,
        driver,
        config,
        clock,
        onReading: (reading) => readings.push(reading),
        onState: (state) => states.push(state),
      }),
  };
}

const PLUG = "mqtt/tasmota-plug";
const SENSOR = "tele/plug/SENSOR";
const energy = (total: string, power = "69") =>
  `{"Time":"2026-11-22T14:03:20","ENERGY":{"Total":${total},"Power":${power},"Voltage":231,"Current":0.357}}`;

describe("MQTT driver", () => {
  it("reads JSON by path, keeps every digit, and counts work in whole Wh", async () => {
    const { say, driver, readings, states } = site();
    driver(PLUG, { topic: "plug" }).start();
    await say(SENSOR, energy("1834.2070000000001", '"69.50"'));
    expect(states).toEqual([{ device: "board", state: "online" }]);
    expect(readings).toMatchObject([{ device: "board", work: 1_834_207n, reading: { quality: 0 } }]);
    const values = new Map(readings[0]!.reading.measurements.map(({ name, value }) => [name, String(value)]));
    expect(values.get("power")).toBe("69.50");
    expect(values.get("energy_import")).toBe("1834207.0000000001");
    expect(treeValues(readings[0]!.reading)).toMatchObject({ energy_import_kwh: 1834.207, power_w: 69.5 });
  });

  it("keeps to its pace and loses nothing that was counted", async () => {
    const { clock, hub, driver, readings } = site();
    driver(PLUG, { topic: "plug", every: 10_000 }).start();
    for (let second = 0; second <= 60; second += 2) {
      await hub.publish(SENSOR, energy((1 + second / 1000).toFixed(3)));
      await clock.advance(2000);
    }
    expect(readings.map(({ work }) => work)).toEqual([1000n, 1010n, 1020n, 1030n, 1040n, 1050n, 1060n]);
  });

  it("marks what is malformed or missing, and takes no message without the register for a reading", async () => {
    const { say, clock, driver, readings } = site();
    const board = driver(PLUG, { topic: "plug" });
    board.start();
    await say(SENSOR, '{"ENERGY":{"Power":69}}');
    expect(readings).toEqual([]);
    await say(SENSOR, energy("1.5", '"lots"'));
    expect(readings[0]!.reading.quality).toBe(Quality.OutOfBounds);
    await clock.advance(10_000);
    await say(SENSOR, energy("1.5", "null"));
    // What was last heard of the power counts still; it is no number.
    expect(readings[1]!.reading.quality).toBe(Quality.OutOfBounds);
  });

  it("refuses hostile payloads, and reads the next good one", async () => {
    const { say, clock, driver, readings, states } = site();
    const board = driver(PLUG, { topic: "plug" });
    board.start();
    const good = energy("2.000");
    for (const bad of ["", "{", "[".repeat(9000), `{"ENERGY":${"9".repeat(90)}}`, good.slice(1), "x".repeat(70_000)]) {
      await say(SENSOR, bad);
    }
    await say(SENSOR, Uint8Array.of(0x7b, 0xff, 0xfe));
    expect(readings).toEqual([]);
    expect(states).toMatchObject([{ state: "offline", code: "FS-JSON" }]);
    expect(board.counters().refusals).toBe(6);
    let taken = 0;
    for (let at = 0; at < good.length; at += 3) {
      const bytes = new TextEncoder().encode(good);
      bytes[at]! ^= 0x10;
      await say(SENSOR, bytes);
      await clock.advance(10_000);
      const before = readings.length;
      await say(SENSOR, good);
      if (readings.length > before) taken++;
      await clock.advance(10_000);
    }
    expect(taken).toBe(Math.ceil(good.length / 3));
  });

  it("hears the board's own word for gone and for there, old form and new", async () => {
    const { say, driver, states } = site();
    driver("mqtt/zigbee2mqtt-plug", { topic: "zigbee2mqtt/laundry" }).start();
    const state = '{"state":"ON","power":1,"energy":0.01}';
    await say("zigbee2mqtt/laundry", state);
    await say("zigbee2mqtt/laundry/availability", '{"state":"offline"}');
    await say("zigbee2mqtt/laundry/availability", '{"state":"online"}');
    expect(states.map(({ state: now, code }) => code ?? now)).toEqual(["online", "FS-MQTT-GONE"]);
    await say("zigbee2mqtt/laundry/availability", "online");
    await say("zigbee2mqtt/laundry/availability", "offline");
    expect(states).toHaveLength(2);
  });

  it("says when the board is silent, and when there is no broker", async () => {
    const { clock, hub, say, driver, states } = site();
    const board = driver(PLUG, { topic: "plug" });
    board.start();
    await say(SENSOR, energy("1.000"));
    await clock.advance(721_000);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-MQTT-SILENT" });
    await say(SENSOR, energy("1.001"));
    expect(states.at(-1)).toMatchObject({ state: "online" });
    hub.connected = false;
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-MQTT-BROKER" });
    hub.connected = true;
    await clock.advance(10_000);
    await say(SENSOR, energy("1.002"));
    expect(states.at(-1)).toMatchObject({ state: "online" });
    expect(board.counters()).toMatchObject({ timeouts: 1, reconnects: 1, readings: 3 });
    await board.stop();
    await clock.advance(1_000_000);
    await say(SENSOR, energy("1.003"));
    expect(board.counters().readings).toBe(3);
    expect(states.at(-1)).toMatchObject({ state: "online" });
  });

  it("takes kept messages for old ones: never a reading by themselves", async () => {
    const { say, driver, readings } = site();
    await say(SENSOR, energy("1.000"), true);
    const plug = driver(PLUG, { topic: "plug" });
    plug.start();
    await say("tele/plug/LWT", "Online", true);
    expect(readings).toEqual([]);
    // A charger that publishes what changes: the total was kept, the power comes.
    await say("go-eCharger/1/eto", "10211482", true);
    await say("go-eCharger/1/amp", "16", true);
    driver("mqtt/go-e", { topic: "go-eCharger/1" }, "bay").start();
    await say("go-eCharger/1/other", "1");
    expect(readings).toEqual([]);
    await say("go-eCharger/1/nrg", "[231,230,232,1,15.8,15.9,15.7,3650,3657,3642,0,10949]");
    expect(readings).toMatchObject([{ device: "bay", work: 10_211_482n, reading: { quality: 0 } }]);
  });

  it("adds up the phases of a meter that has no total, when the last of them has come", async () => {
    const { say, driver, readings } = site();
    driver("mqtt/shelly-3em", { topic: "shellies/mains" }).start();
    for (const [phase, total] of ["1000.5", "2000.25", "3000.25"].entries()) {
      for (const [name, value] of Object.entries({
        power: "10",
        pf: "1",
        current: "1",
        voltage: "230",
        total,
        total_returned: "0",
      })) {
        await say(`shellies/mains/emeter/${phase}/${name}`, value);
        if (phase < 2) expect(readings).toEqual([]);
      }
    }
    expect(readings).toMatchObject([{ work: 6001n }]);
  });

  it("gives each device a topic and channel of its own", () => {
    const { driver } = site();
    driver("mqtt/shelly-em", { topic: "shellies/em", unit: 1 }, "one");
    driver("mqtt/shelly-em", { topic: "shellies/em", unit: 2 }, "two");
    const refused = (config: DeviceConfig) => () => driver("mqtt/shelly-em", config, "three");
    expect(refused({ topic: "shellies/em", unit: 2 })).toThrow(
      expect.objectContaining({ code: "FS-DEVICE-TAKEN" }) as Error,
    );
    for (const topic of [undefined, "a/+/b", "#", "$SYS/x", "", "a\u0000"]) {
      expect(refused({ topic }), topic).toThrow(expect.objectContaining({ code: "FS-DEVICE-TOPIC" }) as Error);
    }
    const alone = new DriverHost({ clock: manualClock() });
    const nothing = () => undefined;
    const options = {
      name: "x",
      driver: PLUG,
      config: { topic: "x" },
      clock: alone.clock,
      onReading: nothing,
      onState: nothing,
    };
    expect(() => alone.create(options)).toThrow(expect.objectContaining({ code: "FS-DEVICE-MESSAGES" }) as Error);
  });

  it("names the topics that a board says its readings on", () => {
    const { host } = site();
    expect(readingTopics("em", host.catalog.find("mqtt/shelly-em"), { topic: "shellies/em", unit: 2 })).toContain(
      "shellies/em/emeter/1/total",
    );
    expect(readingTopics("p1", host.catalog.find("p1/dsmr-p1"), {})).toEqual([]);
  });
});

describe("MQTT boards under control", () => {
  it("is off unless the configuration allows it", () => {
    const { driver } = site();
    expect(driver(PLUG, { topic: "a" }, "a").set).toBeUndefined();
    expect(driver("mqtt/shelly-em", { topic: "b", control: true }, "b").set).toBeUndefined();
  });

  it.each([
    [PLUG, { relay: false }],
    ["mqtt/zigbee2mqtt-plug", { relay: true }],
    ["mqtt/openevse-wifi", { current_limit: 10, enabled: false }],
    ["mqtt/go-e", { enabled: true, current_limit: 32 }],
  ])("%s does as it is told, and confirms it", async (name, command) => {
    const { clock, hub, driver } = site();
    const board = simulateMqttBoard({ driver: name, topic: "board", messages: hub, clock });
    const device = driver(name, { topic: "board", control: true });
    device.start();
    await expect(device.set!(command)).resolves.toEqual(command);
    board.board.faults.add("silent");
    const silent = device.set!(command);
    const refused = expect(silent).rejects.toMatchObject({ code: "FS-MQTT-UNCONFIRMED" });
    await clock.advance(5001);
    await refused;
    hub.connected = false;
    await expect(device.set!(command)).rejects.toMatchObject({ code: "FS-MQTT-BROKER" });
    await device.stop();
    board.stop();
  });

  it("passes on what the charger answers to a value that it refuses", async () => {
    const { clock, hub, driver } = site();
    const device = driver("mqtt/go-e", { topic: "bay", control: true });
    device.start();
    hub.subscribe({
      topic: "bay/amp/set",
      durable: false,
      retained: false,
      listener: () => void hub.publish("bay/amp/result", "value must be number"),
    });
    await expect(device.set!({ current_limit: 16 })).rejects.toMatchObject({ code: "FS-DEVICE-REFUSED" });
    for (const command of [{ current_limit: 5 }, { current_limit: 6.5 }, { enabled: 1 }, { reboot: true }]) {
      await expect(device.set!(command)).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
    }
    await clock.advance(1);
  });
});

describe("MQTT boards of the catalog, simulated", () => {
  const boards = catalog.filter(({ link, mqtt }) => link === "mqtt" && mqtt!.payload === "json");

  it.each(boards.map((board) => [driverId(board), board] as const))("%s", async (driverName, profile) => {
    const { clock, hub, driver, readings, states } = site();
    const board = simulateMqttBoard({
      driver: driverName,
      topic: "some/board",
      messages: hub,
      clock,
      interval: 30_000,
    });
    const device = driver(driverName, { topic: "some/board", every: 30_000 });
    device.start();
    await clock.advance(300_500);
    expect(states).toEqual([{ device: "board", state: "online" }]);
    expect(readings).toHaveLength(10);
    for (const { reading } of readings) expect(reading.quality & ~Quality.OutOfBounds, driverName).toBe(0);
    const work = readings.map((reading) => reading.work);
    expect([...work].sort((a, b) => Number(a - b))).toEqual(work);
    if (profile.work !== "readings") {
      const counted = board.board.model.values().get(profile.work)!;
      expect(Number(work.at(-1))).toBeGreaterThan(counted - 40);
      board.board.faults.add("register-fell");
      // Where the register follows the values it is read with, it is seen one reading later.
      await clock.advance(60_000);
      expect(readings.at(-1)!.reading.quality & Quality.RegisterFell).toBe(Quality.RegisterFell);
      expect(Number(readings.at(-1)!.work - work.at(-1)!)).toBeLessThan(20);
      board.board.faults.clear();
    }
    const before = readings.length;
    board.board.faults.add("garbage");
    await clock.advance(60_000);
    expect(readings).toHaveLength(before);
    board.board.faults.clear();
    await clock.advance(30_000);
    expect(readings).toHaveLength(before + 1);
    await device.stop();
    board.stop();
  });
});
