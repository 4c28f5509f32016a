import { describe, expect, it } from "vitest";
import { DeliveredEnergy } from "../../../devices/drivers/rapi/delivered.ts";
import { treeValues } from "../../../devices/index.ts";
import { concatBytes, utf8 } from "../../../protocols/bytes/index.ts";
import { encodeRapi, RapiDecoder, type RapiFrame } from "../../../protocols/rapi/index.ts";
import { Quality } from "../../../protocols/reading/index.ts";
import { readTranscript } from "../../support/transcript.ts";
import { describeVectors } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const RAPI = "rapi/openevse";

/** A station that answers by a table: by command, words, or undefined for a refusal, or silence. */
async function station(
  table: Record<string, string[] | undefined | "silence">,
  checksum: RapiFrame["checksum"] = "xor",
) {
  const site = await rig([{ driver: RAPI }]);
  await site.simulator.stop();
  const asked: string[] = [];
  const decoder = new RapiDecoder();
  site.device.onBytes = (bytes) => {
    for (const event of decoder.push(bytes)) {
      if (event.kind === "discarded") continue;
      const { name, parameters, sequence } = event.frame;
      asked.push([name, ...parameters].join(" "));
      const words = table[name];
      if (words === "silence") continue;
      const repeats = sequence !== undefined && checksum === "xor" ? { sequence } : {};
      site.device.send(encodeRapi({ name: words ? "OK" : "NK", parameters: words ?? [], checksum, ...repeats }));
    }
  };
  return { ...site, asked };
}

describe("RAPI driver", () => {
  it("reads a station on its grid, and the work register is all energy delivered", async () => {
    const { clock, driver, readings, states, simulator } = await rig([{ driver: RAPI, startImport: 5000 }]);
    driver("bay", RAPI, { every: 10_000 }).start();
    await clock.advance(600_500);
    expect(states).toEqual([{ device: "bay", state: "online" }]);
    expect(readings.length).toBeGreaterThanOrEqual(60);
    expect(readings.every(({ reading }) => reading.quality === 0)).toBe(true);
    const counted = simulator.boards[0]!.model.values().get("energy_import")!;
    expect(counted - Number(readings.at(-1)!.work)).toBeLessThan(10);
    expect(readings[0]!.work).toBeGreaterThanOrEqual(5000n);
    expect(treeValues(readings[0]!.reading)).toMatchObject({ charging_state: "charging", current_limit_a: 16 });
  });

  it("copes with silence, garbage and wrong checksums, and reads on afterwards", async () => {
    const { clock, driver, readings, states, simulator } = await rig([{ driver: RAPI }]);
    const bay = driver("bay", RAPI, { every: 5000 });
    bay.start();
    const { faults } = simulator.boards[0]!;
    for (const fault of ["silent", "garbage", "bad-crc"] as const) {
      await clock.advance(20_000);
      expect(states.at(-1)).toMatchObject({ state: "online" });
      faults.add(fault);
      const before = readings.length;
      await clock.advance(40_000);
      expect(readings).toHaveLength(before);
      expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-RAPI-TIMEOUT" });
      faults.clear();
      await clock.advance(40_000);
    }
    expect(states.at(-1)).toMatchObject({ state: "online" });
    expect(bay.counters().discardedBytes).toBeGreaterThan(0);
    faults.add("register-fell");
    const { work } = readings.at(-1)!;
    await clock.advance(10_000);
    expect(readings.at(-1)).toMatchObject({ work });
    expect(readings.at(-1)!.reading.quality & Quality.RegisterFell).toBe(Quality.RegisterFell);
    await bay.stop();
  });

  it("opens the port again when it is lost, and ends at once when it is stopped", async () => {
    const { clock, driver, device, readings, states } = await rig([{ driver: RAPI }]);
    const bay = driver("bay", RAPI, { every: 5000 });
    bay.start();
    await clock.advance(1000);
    device.lose("unplugged");
    await clock.advance(1);
    expect(states.at(-1)).toMatchObject({ state: "offline", code: "FS-PORT-LOST" });
    await clock.advance(3000);
    expect(states.at(-1)).toMatchObject({ state: "online" });
    const before = readings.length;
    await bay.stop();
    await clock.advance(60_000);
    expect(readings).toHaveLength(before);
  });

  it("does as it is told, and passes refusals on", async () => {
    const { clock, driver, readings } = await rig([{ driver: RAPI }]);
    expect(driver("watched", RAPI).set).toBeUndefined();
    const other = await rig([{ driver: RAPI }]);
    const bay = other.driver("bay", RAPI, { control: true });
    await expect(bay.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-DEVICE-OFFLINE" });
    bay.start();
    await other.clock.advance(100);
    await expect(bay.set!({ current_limit: 24 })).resolves.toEqual({ current_limit: 24 });
    // `$AT` makes the next reading come early.
    await other.clock.advance(1500);
    expect(treeValues(other.readings.at(-1)!.reading)).toMatchObject({ current_limit_a: 24 });
    for (const [command, state] of [
      [{ asleep: true }, "sleeping"],
      [{ enabled: false }, "disabled"],
      [{ enabled: true }, "charging"],
    ] as const) {
      await bay.set!(command);
      await other.clock.advance(1500);
      expect(treeValues(other.readings.at(-1)!.reading)).toMatchObject({ charging_state: state });
    }
    for (const command of [{ current_limit: 5 }, { current_limit: 16.5 }, { enabled: 1 }, { relay: true }]) {
      await expect(bay.set!(command)).rejects.toMatchObject({ code: "FS-DEVICE-CONTROL" });
    }
    other.simulator.boards[0]!.faults.add("silent");
    const silent = expect(bay.set!({ enabled: true })).rejects.toMatchObject({ code: "FS-RAPI-TIMEOUT" });
    await other.clock.advance(2000);
    await silent;
    await bay.stop();
    expect(readings).toEqual([]);
    await clock.advance(1);
  });

  it("says that the station keeps another limit", async () => {
    const { clock, driver } = await station({ GV: ["1", "1"], GS: ["1", "0"], GU: ["0", "1"], SC: undefined });
    const bay = driver("bay", RAPI, { control: true });
    bay.start();
    await clock.advance(10);
    await expect(bay.set!({ current_limit: 80 })).rejects.toMatchObject({ code: "FS-DEVICE-REFUSED" });
  });

  it("reads versions without checksums, flags and half of the commands, and does not ask again what they refuse", async () => {
    const old = { GV: ["1.0.3", "1.0.3"], GS: ["3", "10"], GU: ["7200", "100"], GG: ["-1", "-1"], GE: ["24", "0021"] };
    const { clock, driver, readings, asked, states } = await station(old, "none");
    driver("bay", RAPI, { every: 10_000 }).start();
    await clock.advance(30_500);
    expect(states).toEqual([{ device: "bay", state: "online" }]);
    expect(readings).toHaveLength(4);
    expect(readings[0]).toMatchObject({ work: 102n, reading: { quality: 0 } });
    expect(treeValues(readings[0]!.reading)).toMatchObject({ charging_state: "charging", current_limit_a: 24 });
    expect(asked.filter((name) => name === "GP")).toHaveLength(2);
  });

  it("asks again once after a refusal and after silence", async () => {
    const table: Parameters<typeof station>[0] = { GV: ["8", "5"], GS: ["01", "0", "01", "0200"], GU: ["0", "7"] };
    const { clock, driver, readings, asked } = await station(table);
    driver("bay", RAPI, { every: 10_000, timeout: 300 }).start();
    await clock.advance(100);
    expect(readings).toHaveLength(1);
    table["GU"] = "silence";
    asked.length = 0;
    const back = clock.after(10_100, () => (table["GU"] = ["0", "8"]));
    await clock.advance(11_000);
    back.cancel();
    expect(asked.filter((name) => name.startsWith("GU"))).toHaveLength(2);
    expect(readings.at(-1)).toMatchObject({ work: 8n });
  });

  it("is not misled by answers that come too late", async () => {
    const { clock, driver, device, readings } = await station({
      GV: ["8", "5"],
      GS: ["01", "0", "01", "0200"],
      GU: ["0", "7"],
    });
    const bay = driver("bay", RAPI, { every: 10_000 });
    bay.start();
    await clock.advance(100);
    // Nobody asked: a late answer of another connection, and one with an old sequence id.
    device.send(utf8("$OK 9999 9999^2B\r"));
    device.send(encodeRapi({ name: "OK", parameters: ["9999", "9999"], sequence: 1, checksum: "xor" }));
    await clock.advance(10_000);
    expect(readings.map(({ work }) => work)).toEqual([7n, 7n]);
    expect(bay.counters().late).toBeGreaterThanOrEqual(1);
  });
});

describe("Energy of a station", () => {
  it("counts a session beside the total until it is in it", () => {
    const delivered = new DeliveredEnergy();
    const total = (state: number, open: boolean | undefined, session: bigint, sum: bigint) => {
      delivered.isOpen({ state, elapsed: 0, ...(open === undefined ? {} : { open }) });
      return delivered.total(session, sum);
    };
    expect(total(1, false, 9000n, 100n)).toBe(100n);
    expect(total(3, true, 3600n, 100n)).toBe(101n);
    expect(total(254, true, 7200n, 100n)).toBe(102n);
    expect(total(1, false, 7200n, 102n)).toBe(102n);
    // The next session has begun, and what is shown is still the last one.
    expect(total(3, true, 7200n, 102n)).toBe(102n);
    expect(total(3, true, 3600n, 102n)).toBe(103n);
    const old = new DeliveredEnergy();
    expect(old.isOpen({ state: 2, elapsed: 0 })).toBe(false);
    expect(old.isOpen({ state: 3, elapsed: 0 })).toBe(true);
    expect(old.isOpen({ state: 6, elapsed: 0 })).toBe(true);
    expect(old.isOpen({ state: 1, elapsed: 0 })).toBe(false);
  });
});

describeVectors("transcripts/openevse", "RAPI driver on real firmware's answers", () => {
  it("follows the recorded station through all its states without counting energy twice", async () => {
    const { clock, driver, device, readings, states, simulator } = await rig([{ driver: RAPI }]);
    await simulator.stop();
    const bursts = readTranscript("transcripts/openevse/D8.1.1-v5-all-states.jsonl");
    /** What the firmware last answered to each command, up to the recording's present. */
    const known = new Map<string, Uint8Array>();
    const decoder = new RapiDecoder();
    device.onBytes = (bytes) => {
      for (const event of decoder.push(bytes)) {
        if (event.kind === "discarded") continue;
        const { name, sequence } = event.frame;
        // As this firmware does with `$GS:2A`: it answers, and repeats no id.
        device.send(known.get(sequence === undefined ? name : "GS") ?? utf8("$NK^21\r"));
      }
    };
    const bay = driver("bay", RAPI, { every: 5000 });
    const host = new RapiDecoder();
    const board = new RapiDecoder();
    let at = 0;
    let asked = "";
    let started = false;
    for (const burst of bursts) {
      await clock.advance(Math.round(1000 * (burst.at - at)));
      at = burst.at;
      if (burst.from === "host") {
        for (const event of host.push(burst.bytes)) asked = event.kind === "frame" ? event.frame.name : "";
        continue;
      }
      for (const event of board.push(burst.bytes)) {
        if (event.kind !== "frame") device.send(concatBytes(event.bytes));
        else if (event.frame.name === "OK") known.set(asked, encodeRapi(event.frame));
        else if (event.frame.name !== "NK") device.send(encodeRapi(event.frame));
      }
      if (known.has("GP") && !started) bay.start();
      started ||= known.has("GP");
    }
    expect(states[0]).toEqual({ device: "bay", state: "online" });
    const shown = readings.map(({ reading, work }) => ({ work, ...treeValues(reading) }) as Record<string, unknown>);
    expect(new Set(shown.map(({ charging_state }) => charging_state))).toContain("charging");
    const work = readings.map((reading) => reading.work);
    expect([...work].sort((a, b) => Number(a - b))).toEqual(work);
    // 64.2 Wh by the physics of the recorded scene; 55 and 6 Wh by the firmware's own totals.
    expect(work.at(-1)).toBe(61n);
    expect(shown.find(({ charging_state: state }) => state === "charging")).toMatchObject({ vehicle_connected: true });
    expect(shown.some(({ power_w: power }) => power === 3801.6)).toBe(true);
  });
});
