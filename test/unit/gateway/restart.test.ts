import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { LogStore, type MemoryLogFiles, memoryLogFiles } from "../../../gateway/batch/index.ts";
import { configSchema } from "../../../gateway/config/index.ts";
import { SimulatedDisk } from "../../../gateway/journal/index.ts";
import { ProofExporter } from "../../../gateway/proofs/export.ts";
import { verifyProof } from "../../../gateway/verify/index.ts";
import { decodeAttestation } from "../../../protocols/attestation/index.ts";
import { toHex } from "../../../protocols/bytes/index.ts";
import { encodeProof } from "../../../protocols/proof/index.ts";
import {
  allBatched,
  loggedReadings,
  makeSite,
  type Running,
  type Site,
  startGateway,
  stop,
  until,
  up,
} from "../../support/gateway-rig.ts";
import { removeTempDirs } from "../../support/keystore.ts";
import { Random } from "../../support/mutate.ts";

afterEach(removeTempDirs);

/** Runs until everything attested in some seconds is in a checkpoint, then stops. */
async function live(site: Site, now?: number): Promise<Running> {
  const running = await up(await startGateway(site, now === undefined ? {} : { now }));
  await running.clock.advance(4_500);
  await until(running.clock, allBatched(running));
  return running;
}

async function end(site: Site, running: Running): Promise<number> {
  await stop(running);
  site.disk = site.disk.kill();
  return running.clock.now();
}

const vkeyOf = ({ gateway }: Running) => (gateway.status().info as { vkey: string }).vkey;
const exporterOf = (site: Site, vkey: string) => new ProofExporter({ data: site.data, vkey, coordinator: undefined });

describe("what is derived from journal and log is there again after a restart", () => {
  it.each(["index", "commitments", "enrolments"])("log/%s", async (folder) => {
    const site = makeSite({ pack: 2 });
    const before = await live(site);
    const now = await end(site, before);
    rmSync(join(site.data, "log", folder), { recursive: true });
    const after = await live(site, now);
    const exporter = exporterOf(site, vkeyOf(after));
    for (const name of ["grid", "solar"]) {
      const device = exporter.device(name);
      for (const seq of [1n, exporter.newestOf(device)]) {
        const report = verifyProof(encodeProof(await exporter.export(device, seq)));
        expect(report.steps.filter(({ result }) => result === "failed")).toEqual([]);
      }
    }
    await end(site, after);
  });
});

describe("a journal or a log of another history", () => {
  it("is refused when the log's folder is lost", async () => {
    const site = makeSite({ files: memoryLogFiles() });
    const now = await end(site, await live(site));
    const lost = { ...site, files: memoryLogFiles() };
    await expect(up(await startGateway(lost, { now }))).rejects.toMatchObject({ code: "FS-LOG-BEHIND" });
  });

  it("is refused when the journal is lost: numbers would be said twice", async () => {
    const site = makeSite({ files: memoryLogFiles() });
    const now = await end(site, await live(site));
    site.disk = new SimulatedDisk();
    await expect(up(await startGateway(site, { now }))).rejects.toMatchObject({ code: "FS-LOG-BEHIND" });
  });

  it("is refused when the journal is an old copy", async () => {
    const site = makeSite({ files: memoryLogFiles() });
    const first = await live(site);
    const now = await end(site, first);
    const copy = site.disk.image();
    const later = await end(site, await live(site, now));
    site.disk = new SimulatedDisk(copy);
    await expect(up(await startGateway(site, { now: later }))).rejects.toMatchObject({ code: "FS-LOG-BEHIND" });
  });
});

it("a journal damaged anywhere costs what was damaged: the log stays one history, each number once", async () => {
  const random = new Random(5);
  const site = makeSite({ files: memoryLogFiles(), every: "2s" });
  let now = await end(site, await live(site));
  now = await end(site, await live(site, now));
  const clean = site.disk.image();
  const files = new Map((site.files as MemoryLogFiles).files);
  const ends: string[] = [];
  for (let round = 0; round < 12; round++) {
    const image = new Map([...clean].map(([name, bytes]) => [name, bytes.slice()]));
    for (const bytes of image.values()) {
      // Behind the header of a segment: more than the one byte that the journal puts right.
      const from = 512 + random.below(Math.max(1, bytes.length - 1024));
      bytes.fill(0x5a, from, from + 1 + random.below(300));
    }
    const copy = memoryLogFiles();
    for (const [path, bytes] of files) await copy.write(path, bytes);
    const damaged: Site = { ...site, disk: new SimulatedDisk(image), files: copy };
    rmSync(join(site.data, "log", "index"), { recursive: true, force: true });
    const running = await startGateway(damaged, { now });
    try {
      await up(running);
    } catch (error) {
      ends.push((error as { code: string }).code);
      continue;
    }
    await running.clock.advance(4_500);
    await until(running.clock, allBatched(running));
    const logged = await loggedReadings(copy, { damaged: true });
    expect(new Set(logged).size).toBe(logged.length);
    ends.push("healthy");
  }
  expect(ends).toContain("healthy");
  for (const how of ends) expect(how).toMatch(/^(healthy|FS-JOURNAL-UNREADABLE|FS-LOG-BEHIND)$/);
});

it("signs what was pending for the old scope before a device enrols for a new one", async () => {
  const site = makeSite({ pack: 64, every: "4s", files: memoryLogFiles() });
  const running = await up(await startGateway(site));
  await running.clock.advance(2_500);
  // Without a word: the readings are pending.
  const acked = running.events.flatMap((event) => (event.event === "reading" ? [`${event.key}:${event.seq}`] : []));
  expect(acked.length).toBeGreaterThan(2);
  site.disk = site.disk.kill();
  const { coordinator } = configSchema.parse({
    version: 1,
    coordinator: { rpc: ["http://127.0.0.1:1"], chain: 5, ledger: `0x${"11".repeat(20)}` },
  });
  site.config = { ...site.config, coordinator };
  const after = await up(await startGateway(site, { now: running.clock.now() }));
  await after.clock.advance(8_000);
  await until(after.clock, allBatched(after));
  const logged = await loggedReadings(site.files);
  expect(acked.filter((one) => !logged.includes(one))).toEqual([]);
  expect(after.fatal).toEqual([]);
  const store = new LogStore({ files: site.files, readOnly: true });
  const { size } = await store.open();
  const scopes = new Map<string, string>();
  for (let index = 0; index < size; index++) {
    const { device, scope, kind } = decodeAttestation(await store.entry(index)).statement;
    if (kind === 1) scopes.set(toHex(device), toHex(scope));
    expect(toHex(scope), `entry ${index}`).toBe(scopes.get(toHex(device)));
  }
  expect(new Set(scopes.values()).size).toBe(1);
});

describe("a proof exported while the gateway publishes", () => {
  it("is read from the log as it is then", async () => {
    const site = makeSite({ pack: 1 });
    const running = await live(site);
    let published = 0;
    const files = {
      ...site.files,
      read: async (path: string) => {
        if (path.startsWith("readings/") && published++ === 0) {
          const from = running.events.length;
          await until(running.clock, () => running.events.slice(from).some(({ event }) => event === "checkpoint"));
        }
        return site.files.read(path);
      },
    };
    const exporter = new ProofExporter({ data: site.data, vkey: vkeyOf(running), coordinator: undefined, files });
    const { device, seq } = exporter.newest();
    const bundles = () => readdirSync(join(site.data, "log", "readings"), { recursive: true });
    const before = bundles();
    const report = verifyProof(encodeProof(await exporter.export(device, seq)));
    expect(published).toBeGreaterThan(1);
    expect(bundles()).not.toEqual(before);
    expect(report.steps.filter(({ result }) => result === "failed")).toEqual([]);
    await stop(running);
  });

  it("tells of damage that no checkpoint explains", async () => {
    const site = makeSite({ pack: 1 });
    const running = await live(site);
    await stop(running);
    const files = {
      ...site.files,
      read: (path: string) => (path.startsWith("readings/") ? Promise.resolve(undefined) : site.files.read(path)),
    };
    const exporter = new ProofExporter({ data: site.data, vkey: vkeyOf(running), coordinator: undefined, files });
    const { device, seq } = exporter.newest();
    await expect(exporter.export(device, seq)).rejects.toMatchObject({ code: "FS-LOG-DAMAGED" });
  });
});
