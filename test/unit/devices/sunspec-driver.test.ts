import { describe, expect, it } from "vitest";
import { Catalog, type DeviceReading, DriverHost, profile, READINGS } from "../../../devices/index.ts";
import { manualClock, memoryPort } from "../../../firmware-bridge/port/index.ts";
import { encodeAnswer, encodeRtu, RtuRequestDecoder } from "../../../protocols/modbus/index.ts";
import { numberOf } from "../../../protocols/reading/index.ts";
import { describeVectors, readVector } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const DRIVERS = [
  ["sunspec/sunspec-inverter", "power_produced", "energy_produced"],
  ["sunspec/fronius", "power_produced", "energy_produced"],
  ["sunspec/sma", "power_produced", "energy_produced"],
  ["sunspec/sunspec-meter", "power", "energy_import"],
  ["sunspec/fronius-smart-meter", "power", "energy_import"],
] as const;

describe("SunSpec devices", () => {
  it.each(DRIVERS)("%s: found, walked and read", async (driver, power, energy) => {
    const site = await rig([{ driver }]);
    const device = site.driver("plant", driver, { every: 1000 });
    device.start();
    await site.clock.advance(5_000);
    expect(site.states).toEqual([{ device: "plant", state: "online" }]);
    expect(site.readings.length).toBeGreaterThanOrEqual(4);
    const { reading, work } = site.readings.at(-1)!;
    const values = new Map(reading.measurements.map(({ name, value }) => [name, value as number]));
    expect(numberOf(values.get(power)!)).toBeGreaterThan(0);
    expect(work).toBe(BigInt(Math.floor(numberOf(values.get(energy)!))));
    expect(reading.quality).toBe(0);
    await device.stop();
    await site.simulator.stop();
  });

  it("share a line with Modbus units, and are walked anew when they were away", async () => {
    const site = await rig([{ driver: "sunspec/sunspec-inverter", unit: 7 }]);
    const device = site.driver("plant", "sunspec/sunspec-inverter", { every: 1000, unit: 7 });
    device.start();
    await site.clock.advance(3_000);
    site.simulator.boards[0]!.faults.add("silent");
    await site.clock.advance(20_000);
    expect(site.states.at(-1)).toMatchObject({ state: "offline", code: "FS-MODBUS-TIMEOUT" });
    site.simulator.boards[0]!.faults.clear();
    const before = site.readings.length;
    await site.clock.advance(70_000);
    expect(site.states.at(-1)).toMatchObject({ state: "online" });
    expect(site.readings.length).toBeGreaterThan(before + 5);
    await device.stop();
    await site.simulator.stop();
  });

  it("without the marker are told to be so", async () => {
    const site = await rig([{ driver: "modbus/eastron-sdm120", unit: 1 }]);
    const device = site.driver("plant", "sunspec/sunspec-inverter", { every: 1000, unit: 1 });
    device.start();
    await site.clock.advance(5_000);
    expect(site.states).toMatchObject([{ state: "offline", code: "FS-SUNSPEC-ABSENT" }]);
    await device.stop();
    await site.simulator.stop();
  });
});

describeVectors("sunspec", "the register image that the Alliance's own library wrote", () => {
  it("is walked and read by the driver", async () => {
    const { registers } = JSON.parse(readVector("sunspec/inverter_123.regs.json").toString()) as {
      registers: number[];
    };
    const bytes = Uint8Array.from(registers.flatMap((word) => [word >> 8, word & 0xff]));
    const board = profile({
      id: "image",
      vendor: "any",
      model: "inverter 123",
      link: "sunspec",
      source: "the image",
      work: READINGS,
      measurements: [
        {
          name: "curves",
          unit: "",
          kind: "gauge",
          bounds: [0, 9],
          source: "model 129",
          sunspec: [{ models: [129], point: "NCrv" }],
        },
      ],
    });
    const clock = manualClock();
    const { host: port, device } = memoryPort("/dev/bus");
    const decoder = new RtuRequestDecoder();
    device.onBytes = (chunk) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind !== "request" || !("count" in event.request)) continue;
        const { fn, address, count } = event.request;
        const from = 2 * (address - 40_000);
        const known = fn === 3 && from >= 0 && from + 2 * count <= bytes.length;
        const answer = known
          ? { fn: 3 as const, registers: bytes.slice(from, from + 2 * count) }
          : { fn, exception: 2 };
        device.send(encodeRtu(event.unit, encodeAnswer(answer)));
      }
    };
    const readings: DeviceReading[] = [];
    const states: string[] = [];
    const driver = new DriverHost({ clock, openPort: () => port, catalog: new Catalog([board]) }).create({
      name: "plant",
      driver: "sunspec/image",
      config: { port: "/dev/bus", every: 1000 },
      clock,
      onReading: (reading) => readings.push(reading),
      onState: ({ state, code }) => states.push(`${state} ${code ?? ""}`),
    });
    driver.start();
    await clock.advance(3_000);
    await driver.stop();
    expect(states).toEqual(["online "]);
    expect(readings[0]!.reading.measurements).toEqual([{ name: "curves", value: 4 }]);
  });
});
