import { afterAll, describe, expect, it } from "vitest";
import { mixedFleet, startFleet } from "../../support/fleet.ts";
import { acknowledged, loggedReadings } from "../../support/gateway-rig.ts";
import { removeTempDirs } from "../../support/keystore.ts";

afterAll(removeTempDirs);

const SECONDS = 600;

describe("a gateway with 32 devices of every kind, each at 1 Hz for ten minutes", () => {
  it("loses no reading: each sequence number is in the log once", async () => {
    const devices = mixedFleet();
    expect(devices).toHaveLength(32);
    expect(new Set(devices.map(({ driver }) => driver.split("/")[0])).size).toBe(12);
    const fleet = await startFleet(devices);
    await fleet.clock.advance(SECONDS * 1000);
    const expected = acknowledged(fleet.events);
    const taken = new Map<string, number>();
    for (const event of fleet.events) {
      if (event.event === "reading") taken.set(event.device, (taken.get(event.device) ?? 0) + 1);
    }
    // What was taken last has to be signed (20 s) and batched (15 s).
    await fleet.clock.advance(45_000);
    await fleet.stop();
    expect(fleet.fatal).toEqual([]);
    expect(fleet.events.filter((event) => event.event === "device" && event.state === "offline")).toEqual([]);

    // A board that pushes is heard after its first second; one that is asked may begin with finding out what it is. A station
    // says more than its samples.
    const lacking = devices.filter(({ name }) => (taken.get(name) ?? 0) < SECONDS - 3);
    expect(lacking).toEqual([]);
    const logged = await loggedReadings(fleet.files);
    const found = new Set(logged);
    expect(logged).toHaveLength(found.size);
    expect(expected.filter((reading) => !found.has(reading))).toEqual([]);
  }, 120_000);
});
