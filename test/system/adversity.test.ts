import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { EventProcess, type PathEvent } from "../support/cli.ts";
import { startTestCoordinator } from "../support/coordinator.ts";
import { removeTempDirs, tempDir } from "../support/keystore.ts";
import { groupOf } from "../support/processes.ts";
import { freePort } from "../support/pymodbus.ts";
import { Site, type SiteOptions } from "../support/site.ts";

const SDM = "modbus/eastron-sdm630";
const clock = systemClock();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  removeTempDirs();
});

async function meter(on = "tcp:0"): Promise<Simulator> {
  const made = await simulate({ boards: [{ driver: SDM, unit: 1 }], on, clock });
  undo.push(() => made.stop());
  return made;
}

/** A site with one simulated meter. */
async function makeSite(options: SiteOptions = {}): Promise<Site> {
  const site = await Site.create(options);
  undo.push(() => site.remove());
  await site.json([
    "devices",
    "add",
    "grid-meter",
    "--driver",
    SDM,
    "--port",
    (await meter()).port,
    "--every",
    "250ms",
  ]);
  return site;
}

function run(site: Site, ...args: string[]): EventProcess {
  const process = new EventProcess(["run", "--events", ...args], { cwd: site.dir });
  undo.push(() => process.stop());
  return process;
}

const restarts = (process: EventProcess, part: string): PathEvent[] =>
  process.events.filter((event) => event.event === "part" && event["part"] === part && event["state"] === "restarting");
const lastError = (process: EventProcess) =>
  (process.events.at(-1) as unknown as { error: { code: string; fix?: string } }).error;

describe("a start that cannot succeed ends with its reason and does not turn in circles", () => {
  it("wrong passphrase", async () => {
    const site = await makeSite();
    writeFileSync(join(site.dir, "passphrase"), "not the passphrase\n", { mode: 0o600 });
    const gateway = run(site);
    expect(await gateway.ended).toEqual({ code: 78, signal: null });
    expect(lastError(gateway)).toMatchObject({ code: "FS-KEY-PASSPHRASE" });
    expect(gateway.stderr).toContain("FS-KEY-PASSPHRASE");
    expect(gateway.stderr).not.toContain("not the passphrase");
    for (const part of ["signer", "gateway", "broker"]) expect(restarts(gateway, part)).toEqual([]);
    expect(groupOf(gateway.pid)).toEqual([]);
  });

  it("a passphrase file that others can read", async () => {
    const site = await makeSite();
    const file = join(site.dir, "passphrase");
    const text = readFileSync(file);
    rmSync(file);
    writeFileSync(file, text, { mode: 0o644 });
    const gateway = run(site);
    expect(await gateway.ended).toEqual({ code: 78, signal: null });
    expect(lastError(gateway).code).toMatch(/^FS-KEY-/);
  });

  it("an MQTT port that somebody else has", async () => {
    const site = await makeSite();
    const thief: Server = createServer();
    await new Promise<void>((resolve) => thief.listen(site.mqttPort, "127.0.0.1", resolve));
    undo.push(() => new Promise((resolve) => thief.close(resolve)));
    const gateway = run(site);
    expect(await gateway.ended).toEqual({ code: 69, signal: null });
    expect(lastError(gateway)).toMatchObject({
      code: "FS-MQTT-LISTEN",
      message: expect.stringContaining(String(site.mqttPort)),
    });
    // Tried again for a moment, in case a broker that was killed still holds it.
    expect(restarts(gateway, "broker").length).toBeLessThan(10);
    expect(groupOf(gateway.pid)).toEqual([]);
  });

  it("a data folder that another gateway works in", async () => {
    const site = await makeSite();
    const first = run(site);
    await first.nth("attestation", 2);
    const other = join(site.dir, "other.yaml");
    writeFileSync(
      other,
      readFileSync(site.config, "utf8").replace(/listen: \S+/, `listen: 127.0.0.1:${await freePort()}`),
    );
    const second = run(site, "--config", other);
    const { code } = await second.ended;
    expect([2, 78]).toContain(code);
    expect(lastError(second)).toMatchObject({ code: "FS-JOURNAL-LOCKED", fix: expect.any(String) });
    expect(second.of("reading")).toEqual([]);
    expect(groupOf(second.pid)).toEqual([]);
    // The first one has not noticed.
    const before = first.events.length;
    await first.nth("attestation", 2, before);
    await first.nth("checkpoint", 1, before);
    expect(restarts(first, "gateway")).toEqual([]);
  });
});

describe("what is missing at the start is waited for, and the rest runs", () => {
  it("a device whose port comes later", async () => {
    const site = await makeSite();
    const port = await freePort();
    await site.json([
      "devices",
      "add",
      "late-meter",
      "--driver",
      SDM,
      "--port",
      `tcp://127.0.0.1:${port}`,
      "--every",
      "250ms",
    ]);
    const gateway = run(site);
    await gateway.until(
      ({ event, device, state }) => event === "device" && device === "late-meter" && state === "offline",
    );
    await gateway.until(({ event, device }) => event === "attestation" && device === "grid-meter");
    await meter(`tcp:${port}`);
    await gateway.until(
      ({ event, device, state }) => event === "device" && device === "late-meter" && state === "online",
    );
    await gateway.until(({ event, device }) => event === "attestation" && device === "late-meter");
    const { devices } = await site.json<{ devices: { online: boolean }[] }>(["status"]);
    expect(devices.map(({ online }) => online)).toEqual([true, true]);
  });

  it("a device without a key", async () => {
    const site = await makeSite();
    site.edit((text) =>
      text.replace(/^devices:\n/m, `devices:\n  stranger: { driver: ${SDM}, port: "tcp://127.0.0.1:1" }\n`),
    );
    const gateway = run(site);
    const refused = await gateway.until(({ event, device }) => event === "refused" && device === "stranger");
    expect(refused).toMatchObject({
      code: "FS-KEY-MISSING",
      why: expect.stringContaining("fieldseal key create stranger"),
    });
    await gateway.nth("attestation", 2);
  });

  it("a chain that comes later: readings are taken, then committed, and the devices registered", async () => {
    const stateFile = join(tempDir(), "chain.json");
    const coordinator = await startTestCoordinator({ blockTime: 1, stateFile });
    const { port } = coordinator.local;
    let site: Site;
    try {
      site = await makeSite({ coordinator });
      await coordinator.local.saved();
    } finally {
      await coordinator.local.stop();
    }
    const gateway = run(site);
    await gateway.nth("reading", 6);
    expect(gateway.of("commitment")).toEqual([]);
    const { health } = await site.json<{ health: { coordinator: { text: string }; journal: { state: string } } }>([
      "status",
    ]);
    expect(health.journal.state).toBe("open");
    expect(health.coordinator.text).toMatch(/\w/);
    const acknowledged = gateway.of("reading").at(-1)!["seq"];
    const chain = await startLocalChain({ blockTime: 1, stateFile, port });
    undo.push(() => chain.stop());
    await gateway.nth("commitment", 1);
    await gateway.until(({ event, device }) => event === "registered" && device === "grid-meter");
    await gateway.nth("commitment", 2, gateway.events.length);
    const { result } = await site.json<{ result: string }>(["verify", `grid-meter:${acknowledged}`]);
    expect(result).toBe("verified");
  });
});

describe("a data folder restored from an old copy", () => {
  it("signs nothing that contradicts the chain, and says why", async () => {
    const coordinator = await startTestCoordinator({ blockTime: 1 });
    undo.push(() => coordinator.local.stop());
    const site = await makeSite({ coordinator });
    const first = run(site);
    await first.nth("commitment", 1);
    await first.stop();
    const copy = join(tempDir(), "data");
    cpSync(site.data, copy, { recursive: true, preserveTimestamps: true });
    const second = run(site);
    const known = Number(first.of("checkpoint").at(-1)!["size"]);
    const committed = await second.until(({ event, size }) => event === "commitment" && Number(size) > known);
    await second.stop();

    rmSync(site.data, { recursive: true });
    cpSync(copy, site.data, { recursive: true });
    const third = run(site);
    const refusal = await third.until(({ event, state }) => event === "part" && state === "refuses to sign");
    expect(refusal["why"]).toContain("FS-BATCH-BEHIND");
    await third.nth("ready", 1);
    const status = await site.cli(["status", "--json"]);
    expect(status.code).toBe(1);
    expect(JSON.parse(status.stdout)).toMatchObject({
      health: { batch: { code: "FS-BATCH-BEHIND", text: expect.stringContaining(String(committed["size"])) } },
    });
    expect(await third.stop()).toEqual({ code: 0, signal: null });
    // Nothing is said twice: no checkpoint, and no statement over sequence numbers that are spoken for.
    for (const event of ["checkpoint", "attestation", "reading"]) expect(third.of(event)).toEqual([]);
    expect(groupOf(third.pid)).toEqual([]);
  });
});
