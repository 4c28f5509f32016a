import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { answerData, recordValues } from "../../../devices/drivers/mbus/values.ts";
import { findDriver, treeValues } from "../../../devices/index.ts";
import { concatBytes, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import {
  decodeMbusFrame,
  encodeMbusAnswer,
  encodeMbusFrame,
  mbusCommand,
  mbusRequest,
  mbusReset,
  mbusSelect,
} from "../../../protocols/mbus/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const HEAT = "mbus/mbus-heat-meter";
const hex = (frame: Parameters<typeof encodeMbusFrame>[0]) => toHex(encodeMbusFrame(frame));

describe("M-Bus requests", () => {
  it("are those of EN 13757-2 and -3", () => {
    // The M-Bus documentation 4.8, §5.4 and §6.1: SND_NKE, REQ_UD2 with and without FCB, and a selection of slave 12345678.
    expect(hex(mbusReset(1))).toBe("1040014116");
    expect(hex(mbusRequest(1, true))).toBe("107b017c16");
    expect(hex(mbusRequest(1, false))).toBe("105b015c16");
    expect(hex(mbusSelect("12345678"))).toBe("680b0b6853fd5278563412ffffffffb216");
    expect(() => mbusSelect("1234")).toThrow(expect.objectContaining({ code: "FS-MBUS-ADDRESS" }) as Error);
  });

  it("are understood by a slave", () => {
    const command = (frame: Parameters<typeof encodeMbusFrame>[0]) =>
      mbusCommand(decodeMbusFrame(encodeMbusFrame(frame)));
    expect(command(mbusReset(3))).toEqual({ kind: "reset", address: 3 });
    expect(command(mbusRequest(3, true))).toEqual({ kind: "request", address: 3, frameCount: true });
    expect(command(mbusSelect("12ffff78"))).toEqual({ kind: "select", id: "12FFFF78" });
    expect(command({ kind: "ack" })).toBeUndefined();
  });
});

describe("M-Bus driver", () => {
  it("joins the telegrams of an answer, and reads what the meter shows", async () => {
    const { clock, driver, readings, states, simulator } = await rig([{ driver: HEAT, unit: 1 }]);
    const meter = driver("heating", HEAT, { every: 10_000 });
    meter.start();
    await clock.advance(60_000);
    expect(states).toEqual([{ device: "heating", state: "online" }]);
    expect(readings.length).toBeGreaterThan(4);
    const shown = simulator.boards[0]!.model.values();
    const values = treeValues(readings.at(-1)!.reading);
    expect(readings.at(-1)!.reading.quality).toBe(0);
    expect(readings.at(-1)!.reading.measurements).toHaveLength(7);
    expect(values).toMatchObject({ heat_power_w: 4200, temperature_difference_k: 12 });
    expect(shown.get("heat_energy")! / 1000 - (values["heat_energy_kwh"] as number)).toBeLessThan(1.1);
    expect(values["volume_flow_l_s"]).toBeCloseTo(1000 * shown.get("volume_flow")!, 3);
    expect(readings.at(-1)!.work % 1000n).toBe(0n);
    await meter.stop();
    expect(clock.pending).toBe(0);
  });

  it("reads several meters by primary and secondary address, and is not held up by one that is away", async () => {
    const boards = [1, 2, 3].map((unit) => ({ driver: HEAT, unit, startImport: unit * 4_000_000 }));
    const { clock, driver, of, states, simulator } = await rig(boards);
    const config = { every: 10_000, timeout: 500 };
    driver("one", HEAT, { ...config, unit: 1 }).start();
    driver("two", HEAT, { ...config, address: "12340002" }).start();
    driver("any", HEAT, { ...config, address: "FFFF0003" }).start();
    driver("away", HEAT, { ...config, unit: 9 }).start();
    driver("gone", HEAT, { ...config, address: "99999999" }).start();
    await clock.advance(60_000);
    for (const [name, unit] of [
      ["one", 1],
      ["two", 2],
      ["any", 3],
    ] as const) {
      expect(of(name).length, name).toBeGreaterThan(4);
      expect(Number(of(name)[0]!.work), name).toBeCloseTo(unit * 10_000_000, -4);
    }
    expect(of("away")).toEqual([]);
    expect(states.filter(({ state }) => state === "offline")).toMatchObject([
      { device: "away", code: "FS-MBUS-TIMEOUT" },
      { device: "gone", code: "FS-MBUS-TIMEOUT" },
    ]);
    expect(simulator.boards).toHaveLength(3);
  });

  it("repeats a request whose answer was damaged, with the same frame count bit", async () => {
    const { clock, driver, device, readings, simulator } = await rig([{ driver: HEAT, unit: 1 }]);
    await simulator.stop();
    const asked: string[] = [];
    let spoil = false;
    const head = { id: "12345678", manufacturer: "FSL", version: 1, medium: 4, access: 0, status: 0 };
    device.onBytes = (bytes) => {
      asked.push(toHex(bytes));
      const command = mbusCommand(decodeMbusFrame(bytes));
      if (command?.kind === "reset") return device.send(encodeMbusFrame({ kind: "ack" }));
      const data = encodeMbusAnswer({ ...head, records: [{ vif: 6, value: 77 }], more: false });
      const frame = encodeMbusFrame({ kind: "long", control: 8, address: 1, ci: 0x72, data });
      if (spoil) frame[20]! ^= 1;
      spoil = false;
      device.send(frame);
    };
    const meter = driver("m", HEAT, { every: 10_000 });
    meter.start();
    await clock.advance(1000);
    spoil = true;
    await clock.advance(20_000);
    expect(asked).toEqual(["1040014116", "107b017c16", "105b015c16", "105b015c16", "107b017c16"]);
    expect(readings.map(({ work }) => work)).toEqual([77_000n, 77_000n, 77_000n]);
    expect(meter.counters()).toMatchObject({ timeouts: 1, readings: 3 });
    expect(meter.counters().discardedBytes).toBeGreaterThan(10);
  });

  it("goes on through every fault, and after a lost port", async () => {
    const { clock, driver, device, readings, states, simulator } = await rig([{ driver: HEAT, unit: 1 }]);
    const board = simulator.boards[0]!;
    const meter = driver("m", HEAT, { every: 5000, timeout: 500 });
    meter.start();
    await clock.advance(10_000);
    for (const fault of ["silent", "bad-crc"] as const) {
      board.faults.add(fault);
      await clock.advance(20_000);
      expect(states.at(-1), fault).toMatchObject({ state: "offline", code: "FS-MBUS-TIMEOUT" });
      board.faults.clear();
      await clock.advance(10_000);
      expect(states.at(-1), fault).toMatchObject({ state: "online" });
    }
    const before = readings.length;
    board.faults.add("garbage");
    await clock.advance(20_000);
    expect(readings.length).toBeGreaterThan(before + 2);
    device.lose("unplugged");
    await clock.advance(200);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-PORT-LOST" });
    await clock.advance(20_000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    expect(meter.counters().reconnects).toBe(1);
  });

  it("reads the next answer after any flipped byte", async () => {
    const { clock, driver, device, simulator } = await rig([{ driver: HEAT, unit: 1 }]);
    await simulator.stop();
    const records = [{ vif: 6, value: 77 }];
    const head = { id: "12345678", manufacturer: "FSL", version: 1, medium: 4, access: 0, status: 0 };
    const data = encodeMbusAnswer({ ...head, records, more: false });
    const good = encodeMbusFrame({ kind: "long", control: 8, address: 1, ci: 0x72, data });
    let at = -1;
    device.onBytes = (bytes) => {
      if (mbusCommand(decodeMbusFrame(bytes))?.kind === "reset") return device.send(encodeMbusFrame({ kind: "ack" }));
      const frame = good.slice();
      if (at >= 0) frame[at]! ^= 0x41;
      at = -1;
      device.send(frame);
    };
    const meter = driver("m", HEAT, { every: 5000, timeout: 500 });
    meter.start();
    await clock.advance(1000);
    for (let byte = 0; byte < good.length; byte++) {
      const before = meter.counters().readings;
      at = byte;
      await clock.advance(5000);
      expect(meter.counters().readings, `byte ${byte}`).toBe(before + 1);
    }
  });

  it("refuses an address that is none, and a line with other settings", async () => {
    const { driver } = await rig([{ driver: HEAT, unit: 1 }]);
    expect(() => driver("m", HEAT, { address: "1234" })).toThrow(
      expect.objectContaining({ code: "FS-MBUS-ADDRESS" }) as Error,
    );
    driver("a", HEAT, {});
    expect(() => driver("b", HEAT, { baud: 300 })).toThrow(expect.objectContaining({ code: "FS-DEVICE-BUS" }) as Error);
  });
});

describeVectors("mbus", "heat meters that exist", () => {
  const profile = findDriver(HEAT);
  const files = readdirSync(vectorPath("mbus")).filter((name) => name.endsWith(".hex"));
  const frame = (name: string) =>
    decodeMbusFrame(concatBytes(fromHex(readVector(`mbus/${name}`).toString("utf8").replace(/\s+/g, ""))));

  it("gives the energy of each that counts heat", () => {
    const energies = files.flatMap((name) => {
      const data = answerData(frame(name));
      const value = [4, 12, 13].includes(data.medium)
        ? recordValues(profile, data.records).values.get("heat_energy")
        : undefined;
      return value === undefined ? [] : [[name, Number(String(value))] as const];
    });
    expect(energies.length).toBeGreaterThan(8);
    // As in the decoded XML beside the frames: 0.1 MWh, Wh, kWh in BCD, the fixed structure.
    expect(Object.fromEntries(energies)).toMatchObject({
      "engelmann_sensostar2c.hex": 800_000,
      "minol_minocal_c2.hex": 3000,
      "svm_f22_telegram1.hex": 28_014_000,
      "sen_pollusonic_2.hex": 6_531_000,
    });
  });
});
