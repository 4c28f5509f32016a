import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { utf8 } from "../../../protocols/bytes/index.ts";
import { NmeaDecoder, type NmeaFix, NmeaFixes } from "../../../protocols/nmea/index.ts";
import { describeVectors, readVector, vectorPath } from "../../support/vectors.ts";

/** What gpsd reports, as far as it is compared. */
interface Expected {
  class: string;
  mode: number;
  time?: string;
  lat?: number;
  lon?: number;
  altMSL?: number;
  speed?: number;
  track?: number;
}

/** Fixes that differ, by log: how many, and in what. */
const DIFFERENT: Readonly<Record<string, string[]>> = {
  // PGRMZ, a sentence of the maker's own, tells a pressure altitude that gpsd prefers to GGA's.
  "garmin38.log": ["altitude,mode", "altitude", "altitude", "altitude", "altitude", "altitude"],
  // GGA with quality 0 and four satellites: a position that the receiver itself calls invalid.
  "tr737A+.log": ["latitude,longitude,altitude,mode"],
  // GGA of Galileo's talker with one satellite, before the sentence that joins the systems.
  "telit-pls83-w.log": ["mode"],
};

function differences(expected: Expected, fix: Readonly<NmeaFix>): string {
  const names: string[] = [];
  const compare = (name: string, want: number | undefined, have: number | undefined, tolerance: number) => {
    if (want === undefined) return;
    if (have === undefined || Math.abs(want - have) > tolerance) names.push(name);
  };
  compare("latitude", expected.lat, fix.latitude, 1e-8);
  compare("longitude", expected.lon, fix.longitude, 1e-8);
  compare("altitude", expected.altMSL, fix.altitude, 1e-4);
  compare("time", expected.time === undefined ? undefined : Date.parse(expected.time), fix.time, 0);
  // Where no sentence of the epoch gave a speed yet, gpsd works it out of two positions.
  if (fix.speed !== undefined) compare("speed", expected.speed, fix.speed, 2e-3);
  compare("track", expected.track, fix.track, 1e-3);
  compare("mode", expected.mode, fix.mode, 0);
  return names.join(",");
}

describeVectors("gnss", "fixes of real receivers as gpsd reports them", () => {
  const logs = readdirSync(vectorPath("gnss"))
    .filter((name) => name.endsWith(".log"))
    .sort();

  it("has 32 logs, each of NMEA sentences", () => {
    expect(logs).toHaveLength(32);
    for (const log of logs) {
      const events = new NmeaDecoder().push(readVector(`gnss/${log}`));
      expect(events.filter(({ kind }) => kind === "sentence").length, log).toBeGreaterThan(5);
    }
  });

  it("agrees with 1,180 of 1,188 fixes, and differs from 8 for reasons it names", () => {
    let compared = 0;
    const different: Record<string, string[]> = {};
    for (const log of logs) {
      const decoder = new NmeaDecoder();
      const fixes = new NmeaFixes();
      // gpsd repeats each sentence before what it reports of it.
      for (const line of readVector(`gnss/${log}.chk`).toString("latin1").split("\n")) {
        if (!line.startsWith("{")) {
          for (const event of decoder.push(utf8(`${line}\n`)))
            if (event.kind === "sentence") fixes.push(event.sentence);
          continue;
        }
        const expected = JSON.parse(line) as Expected;
        if (expected.class !== "TPV" || expected.lat === undefined) continue;
        compared++;
        const names = differences(expected, fixes.fix);
        if (names !== "") different[log] = [...(different[log] ?? []), names];
      }
    }
    expect(compared).toBe(1188);
    expect(different).toEqual(DIFFERENT);
  });

  it("reads the same sentences byte by byte", () => {
    for (const log of logs.slice(0, 8)) {
      const bytes = new Uint8Array(readVector(`gnss/${log}`));
      const decoder = new NmeaDecoder();
      const read = Array.from(bytes, (byte) => decoder.push(Uint8Array.of(byte))).flat();
      const sentences = (events: typeof read) => events.flatMap((e) => (e.kind === "sentence" ? [e.sentence] : []));
      expect(sentences(read)).toEqual(sentences(new NmeaDecoder().push(bytes)));
    }
  });
});
