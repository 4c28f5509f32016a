import { describe, expect, it } from "vitest";
import { type DeviceReading, treeValues } from "../../../devices/index.ts";
import { concatBytes, fromHex } from "../../../protocols/bytes/index.ts";
import { type DlmsData, encodeDlmsNotification, encodeHdlc, encodeTelegram } from "../../../protocols/meter/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";
import { describeVectors, readVectorJson } from "../../support/vectors.ts";
import { HAN_FRAMES, obis, structure, text, u32 } from "../meter/han-frames.ts";
import { ENTRIES, file, messages } from "../sml/by-hand.ts";
import { rig } from "./rig.ts";

const numbers = (reading: DeviceReading | undefined) => (reading ? treeValues(reading.reading) : {});

/** A driver on a line that only the test speaks on. */
async function alone(driver: string, every = 1000) {
  const line = await rig([{ driver }]);
  await line.simulator.stop();
  const meter = line.driver("m", driver, { every });
  meter.start();
  await line.clock.advance(0);
  const say = async (bytes: Uint8Array, ms = 0) => {
    line.device.send(bytes);
    await line.clock.advance(ms);
  };
  return { ...line, meter, say };
}

const framed = (information: Uint8Array) =>
  encodeHdlc({ destination: 32, source: 577, control: 0x13, segmented: false, information });
const hanList = (data: DlmsData) => framed(encodeDlmsNotification({ invokeId: 0, data }));

describe.each(["han/kamstrup-han", "han/aidon-han", "han/kaifa-han", "sml/sml-meter", "p1/emucs-p1", "p1/swedish-p1"])(
  "%s and its simulator",
  (driver) => {
    it("reads what the board shows, through every fault", async () => {
      const { clock, driver: make, readings, states, simulator } = await rig([{ driver }], 10_000);
      const board = simulator.boards[0]!;
      const meter = make("m", driver, { every: 10_000 });
      meter.start();
      await clock.advance(60_500);
      expect(states).toEqual([{ device: "m", state: "online" }]);
      expect(readings).toHaveLength(6);
      expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
      expect(numbers(readings[0])["energy_import_kwh"]).toBeCloseTo(10_211.5, 0);
      const power = driver.startsWith("sml") ? "power_w" : "power_import_w";
      expect(Math.abs((numbers(readings[3])[power] as number) - board.model.values().get("power")!)).toBeLessThan(2500);
      for (const fault of ["garbage", "bad-crc", "silent"] as const) {
        const before = readings.length;
        board.faults.add(fault);
        await clock.advance(20_000);
        expect(readings).toHaveLength(before);
        board.faults.clear();
        await clock.advance(20_000);
        expect(readings.length).toBeGreaterThan(before);
      }
      expect(meter.counters().discardedBytes).toBeGreaterThan(100);
      await meter.stop();
    });

    it("is named when it says nothing, and comes back", async () => {
      const { clock, driver: make, states, simulator } = await rig([{ driver }], 5000);
      simulator.boards[0]!.faults.add("silent");
      make("m", driver).start();
      await clock.advance(65_000);
      expect(states).toMatchObject([{ state: "offline", code: `FS-${driver.split("/")[0]!.toUpperCase()}-SILENT` }]);
      simulator.boards[0]!.faults.clear();
      // A meter with an hourly register is back with the next one.
      await clock.advance(360 * 5000 + 40_000);
      expect(states.at(-1)).toMatchObject({ state: "online" });
    });
  },
);

describe("HAN driver", () => {
  it("waits for the first register, and carries powers in between", async () => {
    const { say, readings, states } = await alone("han/aidon-han");
    await say(HAN_FRAMES.aidon1, 1000);
    expect(readings).toEqual([]);
    expect(states).toMatchObject([{ state: "offline", code: "FS-DEVICE-WORK" }]);
    await say(HAN_FRAMES.aidon3, 1000);
    await say(HAN_FRAMES.aidon1, 1000);
    expect(readings.map(numbers)).toMatchObject([
      { energy_import_kwh: 111_111.11, power_w: 1500 },
      { power_import_w: 1000 },
    ]);
    expect(numbers(readings[1])).not.toHaveProperty("energy_import_kwh");
    expect(readings.map(({ work }) => work)).toEqual([111_111_110n, 111_111_110n]);
    expect(states.at(-1)).toMatchObject({ state: "online" });
  });

  it("does not lose an hourly list that comes between two readings", async () => {
    const { say, readings } = await alone("han/aidon-han", 10_000);
    await say(HAN_FRAMES.aidon3, 4000);
    const later = structure(
      structure(
        obis(1, 0, 1, 8, 0),
        u32(11_111_112n),
        structure({ type: "integer", value: 1n }, { type: "enum", value: 30n }),
      ),
    );
    await say(hanList(later), 3000);
    await say(HAN_FRAMES.aidon1, 3000);
    await say(HAN_FRAMES.aidon1, 10);
    expect(readings.map(({ work }) => work)).toEqual([111_111_110n, 111_111_120n]);
    expect(numbers(readings[1])).toMatchObject({ energy_import_kwh: 111_111.12, power_import_w: 1000 });
  });

  it("says that the meter encrypts, and not that it is silent", async () => {
    const { say, clock, states, meter } = await alone("han/kamstrup-han");
    const ciphered = framed(fromHex("e6e700db084b414d000000000125300000000100112233445566778899aabbcc"));
    for (let i = 0; i < 9; i++) await say(ciphered, 10_000);
    await clock.advance(60_000);
    expect(states).toMatchObject([{ state: "offline", code: "FS-DLMS-CIPHERED" }]);
    expect(meter.counters().refusals).toBeGreaterThan(6);
  });

  it("marks a value in another unit and goes on", async () => {
    const { say, readings } = await alone("han/aidon-han");
    await say(HAN_FRAMES.aidon3, 1000);
    const volts = structure({ type: "integer", value: 0n }, { type: "enum", value: 35n });
    await say(
      hanList(structure(structure(obis(1, 0, 1, 7, 0), u32(230n), volts), structure(obis(1, 0, 0, 2, 129), text("A")))),
      1000,
    );
    await say(HAN_FRAMES.aidon1, 1000);
    expect(readings.at(-1)!.reading.quality & Quality.OutOfBounds).not.toBe(0);
  });
});

describe("recorded streams with one byte flipped", () => {
  const telegram = encodeTelegram("FLU5\\253000000_A", ["1-0:1.8.1(000321.123*kWh)", "1-0:1.8.2(000456.789*kWh)"]);
  it.each([
    ["han/aidon-han", HAN_FRAMES.aidon3],
    ["han/kaifa-han", HAN_FRAMES.kaifaWithFlag],
    ["sml/sml-meter", file(messages(ENTRIES))],
    ["p1/emucs-p1", telegram],
  ])("%s reads the next good one", async (driver, good) => {
    const { say, meter } = await alone(driver, 1);
    // Kaifa's first list has no register: with one behind it, every good frame is a reading.
    if (driver.includes("kaifa")) await say(hanList(structure(obis(1, 0, 1, 8, 0), u32(1n))), 10);
    await say(good, 10);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x41;
      const before = meter.counters().readings;
      await say(bad, 2);
      await say(concatBytes(good, good), 2);
      expect(meter.counters().readings, `byte ${at}`).toBeGreaterThan(before);
    }
  });
});

describeVectors("han", "HAN driver on recorded payloads", () => {
  interface Payload {
    set: string;
    name: string;
    hex: string;
    decoded?: Record<string, string>;
  }
  const payloads = readVectorJson<Payload[]>("han/payloads.json");

  it.each(payloads.filter(({ set, name }) => set === "kaifa" && name !== "no_list_1"))(
    "$name",
    async ({ hex, decoded }) => {
      const { say, readings } = await alone("han/kaifa-han");
      await say(hanList(structure(obis(1, 0, 1, 8, 0), u32(4_786_979n))), 1000);
      await say(framed(fromHex(hex)), 1000);
      const seen = numbers(readings.at(-1));
      const expected = (name: string) => Number(decoded![name]);
      expect(seen).toMatchObject({
        power_import_w: expected("active_power_import"),
        current_l1_a: expected("current_l1"),
        voltage_l3_v: expected("voltage_l3"),
      });
      if (decoded!["active_power_import_total"] === undefined) return;
      expect(seen["energy_import_kwh"]).toBeCloseTo(expected("active_power_import_total") / 1000, 6);
    },
  );

  it("reads the Swedish telegrams of three makers, with a check of our own", async () => {
    const telegrams = payloads.filter(({ set, name }) => set === "dlde" && /_(A|C|D|KAMSTRUP)(_|$)/.test(name));
    expect(telegrams.length).toBe(4);
    for (const { hex, decoded } of telegrams) {
      const { say, readings } = await alone("p1/swedish-p1");
      const [header, ...lines] = new TextDecoder().decode(fromHex(hex)).trimStart().split(/\r?\n/);
      await say(
        encodeTelegram(
          header!.slice(1),
          lines.filter((line) => line.includes("(")),
        ),
        10,
      );
      expect(numbers(readings[0])).toMatchObject({
        power_import_w: Number(decoded!["active_power_import"]),
        energy_import_kwh: Number(decoded!["active_power_import_total"]) / 1000,
        voltage_l1_v: Number(decoded!["voltage_l1"]),
        reactive_energy_export_kvarh: Number(decoded!["reactive_power_export_total"]) / 1000,
      });
    }
  });
});
