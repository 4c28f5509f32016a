import { afterEach, describe, expect, it } from "vitest";
import { type MemoryLogFiles, memoryLogFiles } from "../../../gateway/batch/index.ts";
import { SimulatedDisk } from "../../../gateway/journal/index.ts";
import {
  acknowledged,
  allBatched,
  loggedReadings,
  makeSite,
  type Running,
  type Site,
  startGateway,
  until,
  up,
} from "../../support/gateway-rig.ts";
import { removeTempDirs } from "../../support/keystore.ts";
import { Random } from "../../support/mutate.ts";

afterEach(removeTempDirs);

const chance = (random: Random) => random.next() / 2 ** 32;

interface CrashSite extends Site {
  files: MemoryLogFiles;
}

const crashSite = (pack: number): CrashSite => {
  const files = memoryLogFiles();
  return { ...makeSite({ pack, every: "2s", files }), files };
};

/** Runs until the `at`-th operation on journal and log, or for some seconds; from then on nothing reaches a disk. */
async function runUntil(site: CrashSite, at: number, now: number | undefined): Promise<Running> {
  let operations = 0;
  let dead = false;
  const die = () => {
    dead = true;
    site.files.failFrom(0);
  };
  site.disk.onOperation = () => {
    if (++operations === at) die();
  };
  // Either kind of operation may be the last one.
  site.files.failFrom(at);
  const running = await startGateway(site, now === undefined ? {} : { now });
  running.started.catch(() => undefined);
  for (let i = 0; i < 300 && !dead && running.fatal.length === 0; i++) {
    await running.clock.advance(25);
    dead ||= site.files.operations > at;
  }
  die();
  return running;
}

/**
 * The oracle: what was acknowledged is in the log exactly once, in turn, and verifies.
 * @returns readings in the log.
 */
async function recover(site: CrashSite, acked: readonly string[], now: number): Promise<number> {
  const running = await up(await startGateway(site, { now }));
  await running.clock.advance(2_500);
  await until(running.clock, allBatched(running));
  expect(running.fatal).toEqual([]);
  const logged = await loggedReadings(site.files);
  expect(new Set(logged).size, "each once").toBe(logged.length);
  expect(
    acked.filter((one) => !logged.includes(one)),
    "none lost",
  ).toEqual([]);
  running.journal.close().catch(() => undefined);
  return logged.length;
}

describe.each([
  ["one reading a signature", 1],
  ["packs", 4],
])("stopped without warning, %s", (_, pack) => {
  it.each([
    ["the process is killed", false],
    ["the power is cut", true],
  ])("%s: nothing acknowledged is lost, repeated or unverifiable", async (_, power) => {
    const random = new Random(pack + (power ? 100 : 0));
    let logged = 0;
    for (let seed = 0; seed < 6; seed++) {
      const site = crashSite(pack);
      const acked: string[] = [];
      let now: number | undefined;
      for (let life = 0; life < 5; life++) {
        const running = await runUntil(site, 1 + random.below(220), now);
        acked.push(...acknowledged(running.events));
        now = running.clock.now() + 1_000;
        site.disk = power
          ? new SimulatedDisk(new Map([...site.disk.crash(() => chance(random))].map(([n, b]) => [n, b.slice()])))
          : site.disk.kill();
        site.files.revive(power ? () => chance(random) < 0.5 : undefined);
      }
      logged += await recover(site, acked, now!);
    }
    expect(logged).toBeGreaterThan(50);
  });
});

it("the oracle notices a disk that says synced and is not", async () => {
  const site = crashSite(1);
  site.disk.liesAboutSync = true;
  const running = await runUntil(site, 150, undefined);
  expect(acknowledged(running.events).length).toBeGreaterThan(4);
  site.disk = new SimulatedDisk(site.disk.crash(() => 0.99));
  site.files.revive();
  await expect(recover(site, acknowledged(running.events), running.clock.now())).rejects.toThrow();
});
