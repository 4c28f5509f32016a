import { describe, expect, it } from "vitest";
import { lineValues } from "../../../devices/drivers/text/values.ts";
import { findDriver, treeValues } from "../../../devices/index.ts";
import { concatBytes, utf8 } from "../../../protocols/bytes/index.ts";
import { LineDecoder, parseFields, parsePacket } from "../../../protocols/text/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const EMONTX3 = "text/openenergymonitor-emontx3";
const EMONPI = "text/openenergymonitor-emonpi";
const DRIVERS = [EMONTX3, EMONPI, "text/openenergymonitor-emontx-cm"];

describe("lines", () => {
  it("end with LF or CR LF, however they are cut, and every byte is reported", () => {
    const stream = utf8("ct1:1\r\nct2:2\n\nöl\nlast");
    for (const size of [1, 4, stream.length]) {
      const decoder = new LineDecoder();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...decoder.push(stream.subarray(at, at + size)));
      expect(events.map((event) => (event.kind === "line" ? event.text : event.why))).toEqual([
        "ct1:1",
        "ct2:2",
        "",
        "noise",
      ]);
      expect(events.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(stream.length - 4);
    }
  });

  it("are not waited for without end, nor at a cost that grows", () => {
    const decoder = new LineDecoder({ maxBytes: 100 });
    expect(decoder.push(new Uint8Array(250).fill(65))).toMatchObject([{ why: "too-long", bytes: { length: 250 } }]);
    expect(decoder.push(utf8("\nA\n"))).toMatchObject([{ text: "" }, { text: "A" }]);
    const slow = new LineDecoder();
    for (let i = 0; i < 20_000; i++) slow.push(Uint8Array.of(65));
    expect(slow.push(utf8("\nB\n")).at(-1)).toMatchObject({ text: "B" });
  });

  it("of pairs are whole or nothing", () => {
    expect(parseFields("ct1:1362, vrms:240.67,t1:-32")).toEqual(
      new Map([
        ["ct1", "1362"],
        ["vrms", "240.67"],
        ["t1", "-32"],
      ]),
    );
    for (const line of [
      "",
      "ct1",
      "ct1:",
      "ct1:1e3",
      "ct1:1,,",
      "ct1:1,ct1:2",
      "1:2",
      "ct1:1;ct2:2",
      "ct1:0x10",
      "Vcal: fast",
    ]) {
      expect(parseFields(line), line).toBeUndefined();
    }
    expect(parseFields(Array.from({ length: 65 }, (_, i) => `a${i}:1`).join(","))).toBeUndefined();
  });

  it("of packets are bytes with a node before them", () => {
    expect(parsePacket("OK 5 234 5 (-0)")).toEqual({ node: 5, bytes: Uint8Array.of(234, 5), rssi: -0 });
    expect(parsePacket("OK 23 214 0")).toEqual({ node: 23, bytes: Uint8Array.of(214, 0) });
    for (const line of [
      "OK 5",
      "OK 5 256",
      "OK 5 1 x",
      "? 5 1 2",
      " -> 3 b",
      "OK 5 1 2 (-0",
      `OK 5${" 1".repeat(67)}`,
    ]) {
      expect(parsePacket(line), line).toBeUndefined();
    }
  });

  it("without a field that the board always sends say nothing", () => {
    const profile = findDriver(EMONTX3);
    const whole = "ct1:1,ct2:2,ct3:3,ct4:4,vrms:24000,pulse:5";
    expect(lineValues(profile, whole)?.values.size).toBe(6);
    expect(lineValues(profile, whole.replace("pulse", "pvlse"))).toBeUndefined();
    expect(lineValues(findDriver(EMONPI), "OK 5 234 5 (-0)")).toBeUndefined();
    expect(lineValues(findDriver(EMONPI), whole)).toBeUndefined();
  });
});

describe.each(DRIVERS)("%s and its simulator", (driver) => {
  it("reads what the board shows, through every fault", async () => {
    const { clock, driver: make, readings, states, simulator } = await rig([{ driver }]);
    const board = simulator.boards[0]!;
    const meter = make("m", driver, { every: 10_000 });
    meter.start();
    await clock.advance(60_500);
    expect(states).toEqual([{ device: "m", state: "online" }]);
    expect(readings).toHaveLength(6);
    expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    expect(treeValues(readings[0]!.reading)).toMatchObject({ power_1_w: 100, power_2_w: 200, temperature_1_c: 18.5 });
    for (const fault of ["garbage", "silent"] as const) {
      const before = readings.length;
      board.faults.add(fault);
      await clock.advance(20_000);
      expect(readings).toHaveLength(before);
      board.faults.clear();
      await clock.advance(20_000);
      expect(readings.length).toBeGreaterThan(before);
    }
    board.faults.add("silent");
    await clock.advance(90_000);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-TEXT-SILENT" });
    await meter.stop();
  });
});

describe("recorded streams with one byte flipped", () => {
  it.each([
    [EMONTX3, "ct1:-851,ct2:3120,ct3:950,ct4:0,vrms:24061,pulse:17,t0:217,t1:-32\r\n"],
    [EMONPI, "OK 5 234 5 210 252 188 2 3 91 233 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 (-0)\r\n"],
  ])("%s reads the next good line", async (driver, text) => {
    const { clock, driver: make, device, simulator } = await rig([{ driver }]);
    await simulator.stop();
    const good = utf8(text);
    const meter = make("m", driver, { every: 1 });
    meter.start();
    await clock.advance(0);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x41;
      device.send(bad);
      await clock.advance(2);
      const before = meter.counters().readings;
      // A lost line end takes the next line with it.
      device.send(concatBytes(good, good));
      await clock.advance(2);
      expect(meter.counters().readings, `byte ${at}`).toBeGreaterThan(before);
    }
  });
});

describeVectors("transcripts/emontx3", "text driver on firmware as it is", () => {
  async function play(driver: string, transcript: string) {
    const line = await rig([{ driver }]);
    await line.simulator.stop();
    const meter = line.driver("m", driver, { every: 1000 });
    meter.start();
    await line.clock.advance(0);
    let at = 0;
    for (const burst of readTranscript(transcript)) {
      await line.clock.advance(Math.max(0, Math.round(1000 * (burst.at - at))));
      at = burst.at;
      if (burst.from === "board") line.device.send(concatBytes(burst.bytes));
    }
    await line.clock.advance(10);
    return { ...line, meter };
  }

  it("reads every line of an emonTx V3, from boot", async () => {
    const { readings, states, meter } = await play(EMONTX3, "transcripts/emontx3/V3.0-solar-house.jsonl");
    expect(states).toEqual([{ device: "m", state: "online" }]);
    expect(readings).toHaveLength(13);
    expect(treeValues(readings[0]!.reading)).toEqual({
      power_1_w: 1362,
      power_2_w: 2226,
      power_3_w: 949,
      power_4_w: 0,
      voltage_v: 240.67,
      pulses: 1,
      temperature_1_c: 21.6,
      temperature_2_c: -3.2,
    });
    expect(treeValues(readings[3]!.reading)).toMatchObject({ power_1_w: -858, power_2_w: 3133 });
    expect(treeValues(readings.at(-1)!.reading)).toMatchObject({ voltage_v: 228.57, pulses: 96 });
    expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    expect(meter.counters().discardedBytes).toBeGreaterThan(300);
  });

  it("reads node 5 of an emonPi among radio nodes, commands and their answers", async () => {
    const { readings, states } = await play(EMONPI, "transcripts/emonpi/V2.5-with-radio-nodes.jsonl");
    expect(states).toEqual([{ device: "m", state: "online" }]);
    const values = readings.map(({ reading }) => treeValues(reading));
    expect(values[0]).toMatchObject({ power_1_w: 1514, power_2_w: -806, power_w: 708, voltage_v: 232.99, pulses: 1 });
    expect(values[0]).not.toHaveProperty("temperature_2_c");
    // Its node number is changed to 15 and back once: that packet is another node's.
    expect(readings).toHaveLength(23);
    expect(values.at(-1)).toMatchObject({ power_1_w: -2271, power_2_w: 411, pulses: 78 });
    const pulses = values.map((value) => value["pulses"] as number);
    expect(pulses).toEqual([...pulses].sort((a, b) => a - b));
  });
});
