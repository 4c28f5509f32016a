import { describe, expect, it } from "vitest";
import { DriverHost, treeValues } from "../../../devices/index.ts";
import { manualClock, memoryPort, type PortSettings } from "../../../firmware-bridge/port/index.ts";
import { concatBytes, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeTelegram } from "../../../protocols/meter/index.ts";
import { decodeReading, encodeReading } from "../../../protocols/reading/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const P1 = "p1/dsmr-p1";

describe("P1 driver", () => {
  it("thins telegrams to its pace and loses nothing that was counted", async () => {
    const { clock, driver, readings, states, simulator } = await rig([{ driver: P1 }]);
    driver("house", P1, { every: 10_000 }).start();
    await clock.advance(600_500);
    expect(states).toEqual([{ device: "house", state: "online" }]);
    expect(readings.length).toBeGreaterThanOrEqual(59);
    expect(readings.length).toBeLessThanOrEqual(61);
    const energy = simulator.boards[0]!.model.values().get("energy_import")!;
    expect(energy - Number(readings.at(-1)!.work)).toBeLessThan(15);
    for (const { reading } of readings) {
      expect(reading.quality).toBe(0);
      expect(decodeReading(encodeReading(reading)).measurements).toHaveLength(reading.measurements.length);
    }
  });

  it("says when the meter falls silent, and tries another connection", async () => {
    const { clock, driver, states, simulator } = await rig([{ driver: P1 }]);
    const house = driver("house", P1);
    house.start();
    await clock.advance(5000);
    simulator.boards[0]!.faults.add("silent");
    await clock.advance(35_000);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-P1-SILENT" });
    simulator.boards[0]!.faults.clear();
    await clock.advance(35_000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    expect(house.counters()).toMatchObject({ timeouts: 1, reconnects: 1 });
  });

  it("does not take damaged telegrams for readings", async () => {
    const { clock, driver, readings, simulator } = await rig([{ driver: P1 }]);
    const house = driver("house", P1, { every: 1000 });
    house.start();
    simulator.boards[0]!.faults.add("bad-crc");
    await clock.advance(5000);
    expect(readings).toEqual([]);
    simulator.boards[0]!.faults.clear();
    await clock.advance(2000);
    expect(readings).toHaveLength(2);
    expect(house.counters().discardedBytes).toBeGreaterThan(1000);
    await house.stop();
    await clock.advance(5000);
    expect(readings).toHaveLength(2);
  });

  it("opens the port as the meter's version wants it", () => {
    const opened: PortSettings[] = [];
    const clock = manualClock();
    const openPort = (_spec: unknown, settings: PortSettings) => {
      opened.push(settings);
      return memoryPort("/dev/p1").host;
    };
    for (const config of [{}, { baud: 9600 }, { baud: 9600, parity: "none" as const }]) {
      new DriverHost({ clock, openPort }).create({
        name: "house",
        driver: P1,
        config: { port: "/dev/p1", ...config },
        clock,
        onReading: () => undefined,
        onState: () => undefined,
      });
    }
    // P1 Companion Standard 5.0.2 §5.12: 115200 8N1; DSMR 2.2 and 3.0: 9600 7E1.
    expect(opened).toEqual([
      { baudRate: 115_200, dataBits: 8, parity: "none", stopBits: 1 },
      { baudRate: 9600, dataBits: 7, parity: "even", stopBits: 1 },
      { baudRate: 9600, dataBits: 7, parity: "none", stopBits: 1 },
    ]);
  });

  it("keeps the meter's values when a sub-meter has lost its connection", async () => {
    const { clock, driver, device, readings, states, simulator } = await rig([{ driver: P1 }]);
    await simulator.stop();
    driver("house", P1, { every: 1000 }).start();
    await clock.advance(0);
    const own = ["1-3:0.2.8(50)", "1-0:1.8.1(000001.000*kWh)", "1-0:1.8.2(000002.000*kWh)"];
    const gas = (time: string) => ["0-1:24.1.0(003)", `0-1:24.2.1(${time})(00012.345*m3)`];
    device.send(encodeTelegram("FSL5\\2TEST", [...own, ...gas("240101120000W")]));
    await clock.advance(1000);
    device.send(encodeTelegram("FSL5\\2TEST", [...own, ...gas("632525252525S")]));
    await clock.advance(10);
    expect(states).toEqual([{ device: "house", state: "online" }]);
    expect(treeValues(readings[0]!.reading)).toEqual({
      energy_import_kwh: 3,
      energy_import_t1_kwh: 1,
      energy_import_t2_kwh: 2,
      gas_volume_m3: 12.345,
    });
    expect(treeValues(readings[1]!.reading)).not.toHaveProperty("gas_volume_m3");
    expect(readings.map(({ work }) => work)).toEqual([3000n, 3000n]);
  });

  it("refuses a telegram without the work register", async () => {
    const { clock, driver, device, readings, states, simulator } = await rig([{ driver: P1 }]);
    await simulator.stop();
    driver("house", P1).start();
    await clock.advance(10);
    device.send(utf8("/ISk5\\2MT382-1004\r\n\r\n1-0:1.7.0(0001.01*kW)\r\n!\r\n"));
    await clock.advance(10);
    expect(readings).toEqual([]);
    expect(states).toMatchObject([{ state: "offline", code: "FS-DEVICE-WORK" }]);
  });
});

describeVectors("transcripts/players", "P1 driver on recorded ports", () => {
  it.each([
    [
      "p1-dsmr5-live-3600W",
      10,
      { power_w: 3600, energy_import_kwh: 6.825, gas_volume_m3: 0.107, voltage_l1_v: 230, current_l2_a: 0.44 },
      6825n,
    ],
    ["p1-dsmr22-9600", 3, { power_w: 1010, energy_import_kwh: 2.002, gas_volume_m3: 1.001 }, 2002n],
  ])("%s", async (name, count, values, work) => {
    const { clock, driver, device, readings, simulator } = await rig([{ driver: P1 }]);
    await simulator.stop();
    driver("house", P1, { every: 1000 }).start();
    await clock.advance(0);
    let at = 0;
    for (const burst of readTranscript(`transcripts/players/${name}.jsonl`)) {
      await clock.advance(Math.round(1000 * (burst.at - at)));
      at = burst.at;
      device.send(concatBytes(burst.bytes));
    }
    await clock.advance(10);
    expect(readings).toHaveLength(count);
    expect(treeValues(readings[0]!.reading)).toMatchObject(values);
    expect(readings[0]!.work).toBe(work);
    if (name.includes("live")) expect(readings.at(-1)!.work).toBe(6834n);
  });
});
