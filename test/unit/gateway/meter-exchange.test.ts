import { afterEach, expect, it } from "vitest";
import type { GatewayEvent } from "../../../gateway/events.ts";
import {
  allBatched,
  makeSite,
  type Running,
  type Site,
  startGateway,
  stop,
  until,
  up,
} from "../../support/gateway-rig.ts";
import { removeTempDirs } from "../../support/keystore.ts";

afterEach(removeTempDirs);

type ReadingEvent = Extract<GatewayEvent, { event: "reading" }>;

/** Runs a gateway whose meters begin at a register for some time, and ends it; what it read of the first meter. */
async function life(site: Site, now: number | undefined, startImport: number, ms: number) {
  const running: Running = await up(await startGateway(site, { startImport, ...(now === undefined ? {} : { now }) }));
  await running.clock.advance(ms);
  await until(running.clock, allBatched(running));
  await stop(running);
  site.disk = site.disk.kill();
  const readings = running.events.filter(
    (event): event is ReadingEvent => event.event === "reading" && event.device === "grid",
  );
  return { now: running.clock.now(), readings };
}

const registerOf = ({ values }: ReadingEvent) => Math.floor(Number(values["energy_import_kwh"]) * 1000 + 1e-6);
const baseOf = ({ values }: ReadingEvent) => Number(values["work_base"] ?? 0);

it("an exchanged meter is counted on from, marked, and known again after a restart", async () => {
  const site = makeSite({ pack: 5 });
  const first = await life(site, undefined, 10_000_000, 10_000);
  const old = first.readings.at(-1)!;
  expect(old).toMatchObject({ quality: "good", work: String(registerOf(old)) });

  const second = await life(site, first.now, 100, 90_000);
  const [fallen] = second.readings;
  expect(fallen!.quality).toContain("register fell");
  expect(fallen!.work).toBe(old.work);
  const good = second.readings.at(-1)!;
  expect(good.quality).toBe("good");
  const shownFirst = Math.ceil(Number(fallen!.values["energy_import_kwh"]) * 1000 - 1e-6);
  // What the new meter has counted since it was first read, and nothing else.
  expect(Number(good.work) - Number(old.work)).toBe(registerOf(good) - shownFirst);
  expect(Number(good.work)).toBe(baseOf(good) + registerOf(good));

  const third = await life(site, second.now, registerOf(good) + 1, 10_000);
  const next = third.readings[0]!;
  expect(next.quality).toMatch(/^(good|gap before)$/);
  expect(baseOf(next)).toBe(baseOf(good));
  expect(Number(next.work)).toBe(baseOf(good) + registerOf(next));
  expect(Number(next.work) - Number(good.work)).toBe(registerOf(next) - registerOf(good));
});
