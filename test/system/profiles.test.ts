import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { Site } from "../support/site.ts";

const METER = readFileSync(
  fileURLToPath(new URL("../../devices/_blueprint/example-em1.yaml", import.meta.url)),
  "utf8",
);

let site: Site;
let meter: Simulator;
beforeAll(async () => {
  site = await Site.create({ every: "1h" });
  mkdirSync(join(site.dir, "profiles"));
  meter = await simulate({ boards: [{ driver: "modbus/eastron-sdm120", unit: 1 }], on: "tcp:0", clock: systemClock() });
});
afterAll(async () => {
  await meter.stop();
  site.remove();
});

const write = (name: string, text: string) => writeFileSync(join(site.dir, "profiles", name), text);
const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await site.cli([...args, "--json"]);
  return { code, stderr, said: JSON.parse(stdout) as Record<string, unknown> };
};

/** What a builder with an SDM120 and no profile for it would write, from the same manual. */
const OWN = `id: my-sdm120
vendor: Eastron
model: SDM120, my own words
link: modbus
source: SDM120 manual
work: energy_import
modbus: { unit: 1, baudRate: 2400 }
measurements:
  - { name: voltage, bounds: [0, 300], source: manual 30001, register: { table: input, at: 0x00, type: f32 } }
  - { name: power, bounds: [-12000, 12000], source: manual 30013, register: { table: input, at: 0x0C, type: f32 } }
  - name: energy_import
    bounds: [0, 1000000000]
    step: 4
    scale: 3
    source: manual 30073
    register: { table: input, at: 0x48, type: f32 }
frames:
  - what: voltage
    source: SDM120 manual
    request: 01 04 00 00 00 02 71 CB
    answer: 01 04 04 43 66 33 34 1B 38
    expect: { voltage: 230.0 }
`;

describe("a board of one's own", () => {
  it("fails its test first, then passes", async () => {
    write("own.yaml", OWN);
    const failing = await site.cli(["devices", "test", "profiles/own.yaml"]);
    expect(failing.code).toBe(1);
    expect(failing.stdout).toMatch(
      /^profiles\/own\.yaml:22:24 frames\.0\.expect\.voltage: is 230\.20001, expected 230\.0$/m,
    );
    write("own.yaml", OWN.replace("voltage: 230.0", "voltage: 230.20001"));
    const passing = await site.cli(["devices", "test", "profiles/own.yaml"]);
    expect(passing).toMatchObject({ code: 0, stdout: expect.stringContaining("modbus/my-sdm120") });
    expect(passing.stderr).toContain("no frame shows power, energy_import");
    expect((await run("devices", "test", "profiles/own.yaml")).said).toMatchObject({ ok: true, problems: [] });
  });

  it("is not taken without a frame, nor with a field that does not exist", async () => {
    write("bad.txt", METER.replace(/^frames:[\s\S]*$/m, ""));
    const { code, said } = await run("devices", "test", "profiles/bad.txt");
    expect(code).toBe(1);
    expect(said).toMatchObject({ problems: [{ path: "frames" }] });
    write("bad.txt", METER.replace("vendor:", "vendour:"));
    const spelt = await site.cli(["devices", "test", "profiles/bad.txt"]);
    expect(spelt.code).toBe(1);
    expect(spelt.stdout).toContain("profiles/bad.txt:3:1 vendour: unknown key, did you mean vendor?");
    const missing = await run("devices", "test", "profiles/absent.yaml");
    expect(missing.code).toBe(1);
    expect(missing.said).toMatchObject({ error: { code: "FS-PROFILE-MISSING" } });
  });

  it("stands in the catalog beside what ships, and is checked with the configuration", async () => {
    const { stdout } = await site.cli(["devices", "list", "--catalog"]);
    expect(stdout).toContain("modbus/my-sdm120");
    expect(stdout).toContain("modbus/eastron-sdm630");
    expect((await run("devices", "describe", "modbus/my-sdm120")).said).toMatchObject({ work: "energy_import" });
    write("wrong.yaml", METER.replace("[0, 300]", "[300, 0]"));
    const check = await site.cli(["config", "check"]);
    expect(check.code).toBe(78);
    expect(check.stdout).toMatch(/wrong\.yaml:16:13 measurements\.voltage\.bounds: must be two finite numbers/);
    expect((await run("config", "schema", "--profile")).said).toHaveProperty("properties.measurements");
  });

  it("is read and signed for by the gateway, while a broken one is left out", async () => {
    const added = await run(
      "devices",
      "add",
      "mine",
      "--driver",
      "modbus/my-sdm120",
      "--port",
      meter.port,
      "--every",
      "250ms",
    );
    expect(added.code).toBe(0);
    const gateway = site.run();
    try {
      await gateway.nth("attestation", 2);
      expect(gateway.of("reading")[0]).toMatchObject({
        device: "mine",
        values: { voltage_v: expect.any(Number) as number },
      });
      expect(gateway.stderr).toMatch(/left out {3}.*wrong\.yaml:16:13/);
    } finally {
      await gateway.stop();
    }
  });

  it("is simulated like one that ships", async () => {
    const ended = await site.cli(["simulate", "modbus/my-sdm120", "--on", "tcp:0", "--for", "100ms"]);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("ready      modbus/my-sdm120") });
  });

  it("tells of a device whose profile is not there", async () => {
    site.edit((text) => text.replace("modbus/my-sdm120", "modbus/my-sdm210"));
    const { code, said } = await run("config", "check");
    expect(code).toBe(78);
    expect(said).toMatchObject({
      problems: [{ path: "devices.mine.driver", message: expect.stringContaining("my-sdm120") as string }],
    });
  });
});
