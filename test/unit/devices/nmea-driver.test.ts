import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Epochs, fixValues } from "../../../devices/drivers/nmea/values.ts";
import { findDriver } from "../../../devices/index.ts";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { encodeNmea, NmeaDecoder } from "../../../protocols/nmea/index.ts";
import { numberOf } from "../../../protocols/reading/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";
import { rig } from "./rig.ts";

const DRIVER = "nmea/nmea-gnss";

describe("a GNSS receiver", () => {
  it("is read once an epoch is whole, at the pace that is asked for", async () => {
    const site = await rig([{ driver: DRIVER }]);
    const driver = site.driver("where", DRIVER, { every: 1000 });
    driver.start();
    await site.clock.advance(10_000);
    await driver.stop();
    await site.simulator.stop();
    // The first epoch shows what ends one; every one after it is a reading.
    expect(site.readings.length).toBeGreaterThanOrEqual(8);
    const values = new Map(site.readings.at(-1)!.reading.measurements.map(({ name, value }) => [name, value]));
    expect(numberOf(values.get("latitude") as number)).toBeCloseTo(52.524, 2);
    expect([...values.keys()]).toEqual(findDriver(DRIVER).measurements.map(({ name }) => name));
    expect(site.readings.map(({ work }) => work)).toEqual(site.readings.map((_, i) => BigInt(i + 1)));
    expect(site.readings.at(-1)!.reading.quality).toBe(0);
    expect(site.states).toEqual([{ device: "where", state: "online" }]);
  });

  it("without a fix is told to be so, and read again when it has one", async () => {
    const site = await rig([{ driver: DRIVER }]);
    site.simulator.boards[0]!.faults.add("silent");
    const driver = site.driver("where", DRIVER, { every: 1000 });
    driver.start();
    await site.clock.advance(500);
    for (const clock of ["101010", "101011"]) {
      const rmc = encodeNmea({
        talker: "GP",
        type: "RMC",
        fields: [clock, "V", "", "", "", "", "", "", "230326", "", ""],
      });
      const gga = encodeNmea({ talker: "GP", type: "GGA", fields: [clock, "", "", "", "", "0", "00", "", "", "M"] });
      site.device.send(utf8(`${rmc}\r\n${gga}\r\n`));
    }
    await site.clock.advance(500);
    expect(site.states.at(-1)).toMatchObject({ state: "offline", code: "FS-GNSS-NOFIX" });
    site.simulator.boards[0]!.faults.clear();
    await site.clock.advance(5000);
    expect(site.states.at(-1)).toMatchObject({ state: "online" });
    await driver.stop();
    await site.simulator.stop();
  });

  it("tells the time to whoever wants it", async () => {
    const site = await rig([{ driver: DRIVER }]);
    const ticks: number[] = [];
    Object.assign(site.host, { onTime: ({ time }: { time: number }) => ticks.push(time - site.clock.now()) });
    const driver = site.driver("where", DRIVER, { every: 60_000 });
    driver.start();
    await site.clock.advance(5000);
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    for (const offset of ticks) expect(Math.abs(offset)).toBeLessThan(1000);
    await driver.stop();
    await site.simulator.stop();
  });
});

describeVectors("gnss", "epochs of real receivers", () => {
  it.each(readdirSync(vectorPath("gnss")).filter((name) => name.endsWith(".log")))(
    "%s: the next good fix is read after any flipped byte",
    (name) => {
      // Long enough to hold several epochs of the slowest of these receivers.
      const log = readVector(`gnss/${name}`).subarray(0, 6000);
      const profile = findDriver(DRIVER);
      const count = (bytes: Uint8Array) => {
        const epochs = new Epochs();
        let fixes = 0;
        for (const event of new NmeaDecoder().push(bytes)) {
          const { fix } = epochs.push(event) ?? {};
          if (fix && fix.mode > 1 && fixValues(profile, fix).values.has("latitude")) fixes++;
        }
        return fixes;
      };
      const whole = count(log);
      for (let at = 0; at < log.length; at += 53) {
        const spoiled = Uint8Array.from(log);
        spoiled[at]! ^= 0x20;
        // A flip costs its own epoch, and the one after it where it hid what ends an epoch.
        expect(count(spoiled), `${name} byte ${at}`).toBeGreaterThanOrEqual(whole - 2);
      }
    },
  );
});

describeVectors("transcripts", "a receiver at its own pace", () => {
  it("is read from bursts as they came", () => {
    const path = vectorPath("transcripts/players/gnss-ublox-lea-5h.jsonl");
    const bursts = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { hex?: string })
      .flatMap(({ hex }) => (hex === undefined ? [] : [Uint8Array.from(Buffer.from(hex, "hex"))]));
    const decoder = new NmeaDecoder();
    const epochs = new Epochs();
    const fixes = bursts.flatMap((burst) => decoder.push(burst).flatMap((event) => epochs.push(event) ?? []));
    expect(fixes.length).toBeGreaterThan(3);
    const times = fixes.map(({ fix }) => fix.time);
    expect(new Set(times).size).toBe(times.length);
  });
});
