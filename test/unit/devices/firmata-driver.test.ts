import { beforeAll, describe, expect, it } from "vitest";
import { FirmataDriver } from "../../../devices/drivers/firmata/firmata-driver.ts";
import { findDriver } from "../../../devices/index.ts";
import { firmwareFrame, versionFrame } from "../../../devices/simulate/firmata-frames.ts";
import { loadFirmata } from "../../../firmware-bridge/firmata/index.ts";
import { manualClock, memoryPort } from "../../../firmware-bridge/port/index.ts";
import { EnvironmentError, fromHex } from "../../../protocols/bytes/index.ts";
import { numberOf, Quality } from "../../../protocols/reading/index.ts";
import { rig } from "./rig.ts";

// Loading takes real time, which manual time does not wait for.
beforeAll(async () => void (await loadFirmata()));

async function board(id: string, last?: { work: bigint; time: number }) {
  const driver = `firmata/${id}`;
  const site = await rig([{ driver }]);
  const sensor = site.driver("shed", driver, { every: 1000 }, last);
  const latest = () =>
    Object.fromEntries(
      site.readings
        .at(-1)!
        .reading.measurements.map(({ name, value }) => [
          name,
          typeof value === "boolean" ? value : numberOf(value as number),
        ]),
    );
  const end = async () => {
    await sensor.stop();
    await site.simulator.stop();
  };
  /** The board's own restart: it forgets its pins and says its name. */
  const restart = () => {
    site.device.onBytes!(Uint8Array.of(0xff));
    site.device.send(versionFrame());
    site.device.send(firmwareFrame());
  };
  return { ...site, sensor, latest, end, restart };
}

describe("sensors on a Firmata board", () => {
  it.each([
    ["bme280", { temperature: 21.56, humidity: 46.2, pressure: 100_653 }, 0.6],
    ["dht22", { temperature: 21.6, humidity: 46.2 }, 1e-9],
    ["ds18b20", { temperature: 21.5625 }, 1e-9],
    ["bh1750", { illuminance: 312.5 }, 1e-9],
    ["ina219", { voltage: 12.08, current: 0.85, power: 10.268 }, 1e-9],
    ["ina260", { voltage: 12.08, current: 0.85, power: 10.27 }, 1e-9],
    ["soil-moisture", { soil_moisture: 37 }, 0.2],
  ])("%s is read", async (id, values, error) => {
    const { sensor, clock, readings, states, latest, end } = await board(id);
    sensor.start();
    await clock.advance(10_000);
    expect(states).toEqual([{ device: "shed", state: "online" }]);
    expect(readings.length).toBeGreaterThanOrEqual(6);
    expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    for (const [name, value] of Object.entries(values)) {
      expect(Math.abs((latest()[name] as number) - value), name).toBeLessThanOrEqual(error);
    }
    expect(sensor.counters()).toMatchObject({ timeouts: 0, refusals: 0, discardedBytes: 0, missed: 0 });
    expect(readings.at(-1)!.work).toBe(BigInt(readings.length));
    await end();
  });

  it("door-contact tells open from closed", async () => {
    const { sensor, clock, readings, latest, end } = await board("door-contact");
    sensor.start();
    await clock.advance(5000);
    expect(latest()).toEqual({ door_open: true });
    await clock.advance(10_000);
    expect(latest()).toEqual({ door_open: false });
    expect(readings.at(-1)!.reading.quality).toBe(0);
    await end();
  });

  it.each(["bme280", "door-contact", "s0-pulse-meter"])("%s survives unplugging and silence for ever", async (id) => {
    const { sensor, clock, device, simulator, readings, states, end } = await board(id);
    sensor.start();
    await clock.advance(5000);
    for (let i = 0; i < 5; i++) {
      const before = readings.length;
      device.lose("unplugged");
      await clock.advance(10_000);
      expect(states.at(-2)).toMatchObject({ state: "offline", code: "FS-PORT-LOST" });
      expect(readings.length).toBeGreaterThan(before + 3);
    }
    simulator.boards[0]!.faults.add("silent");
    await clock.advance(120_000);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-FIRMATA-SILENT" });
    device.lose("unplugged");
    device.refuse(new EnvironmentError("FS-PORT-MISSING", "gone"));
    await clock.advance(3_600_000);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-PORT-MISSING" });
    device.refuse(undefined);
    simulator.boards[0]!.faults.clear();
    const before = readings.length;
    await clock.advance(60_000);
    expect(readings.length).toBeGreaterThan(before);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    await end();
    expect(clock.pending).toBe(0);
  });

  it.each(["bme280", "soil-moisture", "s0-pulse-meter"])("%s is set up again when its board restarts", async (id) => {
    const { sensor, clock, readings, restart, states, end } = await board(id);
    sensor.start();
    await clock.advance(6000);
    const before = readings.length;
    restart();
    await clock.advance(5000);
    expect(readings.length).toBeGreaterThanOrEqual(before + 4);
    expect(states).toHaveLength(1);
    expect(sensor.counters().reconnects).toBe(0);
    await end();
  });

  it("notices a restart that it did not hear of", async () => {
    const { sensor, clock, device, readings, states, end } = await board("door-contact");
    sensor.start();
    await clock.advance(5000);
    device.onBytes!(Uint8Array.of(0xff));
    await clock.advance(3000);
    expect(sensor.counters().refusals).toBe(1);
    expect(readings.at(-1)!.reading.quality).toBe(0);
    expect(states).toHaveLength(1);
    await end();
  });

  it.each(["garbage", "bad-crc"] as const)("reads on after %s", async (fault) => {
    const { sensor, clock, simulator, readings, states, end } = await board("ds18b20");
    sensor.start();
    await clock.advance(5000);
    simulator.boards[0]!.faults.add(fault);
    await clock.advance(60_000);
    const spoiled = readings.length;
    expect(states.at(-1)).toMatchObject({ state: "offline" });
    simulator.boards[0]!.faults.clear();
    await clock.advance(60_000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    expect(readings.length).toBeGreaterThan(spoiled);
    expect(readings.every(({ reading }) => reading.measurements[0]!.value?.toString() === "21.5625")).toBe(true);
    await end();
  });

  it("says what is wrong with a board that speaks something else", async () => {
    const clock = manualClock();
    const { host, device } = memoryPort("/dev/ttyACM0");
    const states: (string | undefined)[] = [];
    const sensor = new FirmataDriver({
      driver: {
        name: "shed",
        driver: "firmata/bme280",
        config: {},
        clock,
        onReading: () => undefined,
        onState: ({ code }) => states.push(code),
      },
      profile: findDriver("firmata/bme280"),
      port: host,
    });
    sensor.start();
    await clock.advance(100);
    const chatter = () => {
      device.send(new TextEncoder().encode("$GPRMC,083723.00,A,5155.55442,N\r\n"));
      clock.after(1000, chatter);
    };
    chatter();
    await clock.advance(30_000);
    expect(states).toEqual(["FS-FIRMATA-OTHER"]);
    expect(sensor.counters().discardedBytes).toBeGreaterThan(300);
    await sensor.stop();
  });

  it("says which package is missing, and stops while it is being opened", async () => {
    const clock = manualClock();
    const { host } = memoryPort("/dev/ttyACM0");
    const states: unknown[] = [];
    const options = {
      driver: {
        name: "shed",
        driver: "firmata/bme280",
        config: {},
        clock,
        onReading: () => undefined,
        onState: (state: unknown) => states.push(state),
      },
      profile: findDriver("firmata/bme280"),
      port: host,
    };
    const without = new FirmataDriver({ ...options, load: () => Promise.reject(new Error("ERR_MODULE_NOT_FOUND")) });
    without.start();
    await clock.advance(1000);
    expect(states).toEqual([expect.objectContaining({ code: "FS-FIRMATA-MISSING" })]);
    await without.stop();
    const stopped = new FirmataDriver(options);
    stopped.start();
    await stopped.stop();
    const later = new FirmataDriver(options);
    later.start();
    await clock.advance(500);
    await later.stop();
    expect(states).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("tells a sensor that is not there from a board that is not", async () => {
    const { sensor, clock, device, states, end } = await board("ina260");
    const obey = device.onBytes!;
    // Nothing on the bus: StandardFirmata answers with no bytes.
    device.onBytes = (bytes) => {
      if (bytes[1] === 0x76) device.send(fromHex("f07740007e01f7"));
      else obey(bytes);
    };
    sensor.start();
    await clock.advance(10_000);
    expect(states).toMatchObject([{ state: "offline", code: "FS-FIRMATA-I2C" }]);
    device.onBytes = obey;
    await clock.advance(30_000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    await end();
  });
});

describe("pulses of an S0 output", () => {
  it("are counted to the last one, and go on after a restart of the gateway", async () => {
    const last = { work: 123_456n, time: Date.UTC(2026, 10, 22, 13, 59, 59) };
    const { sensor, clock, simulator, readings, latest, end } = await board("s0-pulse-meter", last);
    const imported = () => Math.floor(simulator.boards[0]!.model.values().get("energy_import")!);
    sensor.start();
    await clock.advance(3500);
    expect(readings[0]!.work).toBe(123_456n);
    // What was counted while the gateway was down is not known.
    expect(readings[0]!.reading.quality).toBe(Quality.GapBefore);
    const before = imported();
    await clock.advance(600_000);
    const grown = imported() - before;
    expect(grown).toBeGreaterThan(30);
    expect(Math.abs(Number(readings.at(-1)!.work - 123_456n) - grown)).toBeLessThanOrEqual(1);
    expect(latest()["energy_import"]).toBe(Number(readings.at(-1)!.work));
    expect(readings.slice(1).every(({ reading }) => reading.quality === 0)).toBe(true);
    await end();
  });

  it("while it was unplugged are not invented: the count stands, the reading is marked", async () => {
    const { sensor, clock, device, readings, end } = await board("s0-pulse-meter");
    sensor.start();
    await clock.advance(60_000);
    const { work } = readings.at(-1)!;
    expect(work).toBeGreaterThan(0n);
    device.lose("unplugged");
    device.refuse(new EnvironmentError("FS-PORT-MISSING", "gone"));
    await clock.advance(600_000);
    device.refuse(undefined);
    const before = readings.length;
    await clock.advance(40_000);
    const [first, second] = readings.slice(before);
    expect(Number(first!.work - work)).toBeLessThanOrEqual(1);
    expect(first!.reading.quality & Quality.GapBefore).toBe(Quality.GapBefore);
    expect(second!.reading.quality).toBe(0);
    expect(readings.at(-1)!.work).toBeGreaterThan(work);
    await end();
  });

  it.each([500, 2000])("are worth what %i pulses for a kWh make of them", async (pulsesPerKwh) => {
    const site = await rig([{ driver: "firmata/s0-pulse-meter" }]);
    const meter = site.driver("shed", "firmata/s0-pulse-meter", { every: 1000, pulsesPerKwh });
    const pulses = () => Math.floor(site.simulator.boards[0]!.model.values().get("energy_import")!);
    meter.start();
    await site.clock.advance(3500);
    const before = pulses();
    await site.clock.advance(300_000);
    const grown = ((pulses() - before) * 1000) / pulsesPerKwh;
    expect(grown).toBeGreaterThan(5);
    expect(Math.abs(Number(site.readings.at(-1)!.work) - grown)).toBeLessThanOrEqual(2000 / pulsesPerKwh);
    expect(site.readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    await meter.stop();
    await site.simulator.stop();
  });

  it("a restart of the board is a gap, too", async () => {
    const { sensor, clock, readings, restart, end } = await board("s0-pulse-meter");
    sensor.start();
    await clock.advance(10_000);
    const before = readings.length;
    restart();
    await clock.advance(2000);
    expect(readings[before]!.reading.quality).toBe(Quality.GapBefore);
    expect(readings.at(-1)!.reading.quality).toBe(0);
    await end();
  });
});
