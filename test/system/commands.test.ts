import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { type CliResult, cli, EventProcess } from "../support/cli.ts";
import { Site } from "../support/site.ts";

let site: Site;
let meter: Simulator;
beforeAll(async () => {
  site = await Site.create({ every: "1h" });
  meter = await simulate({ boards: [{ driver: "modbus/eastron-sdm630", unit: 1 }], on: "tcp:0", clock: systemClock() });
});
afterAll(async () => {
  await meter.stop();
  site.remove();
});

/** Exactly one JSON document on stdout. */
const document = ({ stdout }: CliResult): unknown => JSON.parse(stdout);
const failure = (result: CliResult) => {
  const { error } = document(result) as { error: { code: string; message: string; fix?: string } };
  // People get the same on stderr.
  expect(result.stderr).toContain(error.code);
  expect(result.stderr).not.toContain("    at ");
  return error;
};
const run = (...args: string[]) => site.cli([...args, "--json"]);

describe("commands, while no gateway runs", () => {
  it("init never replaces anything", async () => {
    const result = await run("init", "--dir", site.dir);
    expect(result.code).toBe(2);
    expect(failure(result).code).toBe("FS-INIT-EXISTS");
  });

  it("devices add writes a checked section, remove takes it out, list shows it", async () => {
    const add = (...args: string[]) => run("devices", "add", ...args);
    const sdm = ["--driver", "modbus/eastron-sdm630", "--port", meter.port];
    expect(document(await add("grid-meter", ...sdm, "--every", "250ms"))).toMatchObject({
      key: expect.stringMatching(/^fs:/),
    });
    expect(
      document(await add("spare", "--driver", "p1/dsmr-p1", "--port", "/dev/nothing", "--alg", "EdDSA")),
    ).toMatchObject({ name: "spare" });
    expect(failure(await add("grid-meter", ...sdm)).code).toBe("FS-DEVICE-EXISTS");
    expect(failure(await add("Grid Meter", ...sdm)).code).toBe("FS-DEVICE-NAME");
    const unknown = await add("other", "--driver", "modbus/eastron-sdm360", "--port", "/dev/nothing");
    expect(unknown.code).toBe(4);
    expect(unknown.stderr).toContain("eastron-sdm630");
    expect(document(await run("devices", "remove", "spare"))).toEqual({ name: "spare", removed: true });
    const { devices } = document(await run("devices", "list")) as { devices: object[] };
    expect(devices).toEqual([
      expect.objectContaining({
        name: "grid-meter",
        signer: "gateway",
        state: "gateway not running",
        key: expect.stringMatching(/^fs:/),
      }),
    ]);
  });

  it("keys are shown by their public side only", async () => {
    const keys = document(await run("key", "list")) as Record<string, string>[];
    expect(keys.map(({ purpose }) => purpose).sort()).toEqual(["chain", "device", "device", "gateway"]);
    const gateway = keys.find(({ purpose }) => purpose === "gateway")!;
    const shown = await run("key", "export-public", gateway["name"]!);
    expect(document(shown)).toMatchObject({ vkey: expect.stringMatching(/^shed\+/) });
    const none = await run("key", "export-public", "nobody");
    expect(none.code).toBe(78);
    expect(failure(none).code).toBe("FS-KEY-MISSING");
  });

  it("config check names every problem with line, column and the word meant", async () => {
    expect(document(await run("config", "check"))).toMatchObject({ ok: true, devices: ["grid-meter"] });
    const good = await site.cli(["config", "check"]);
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining("ok") });
    site.edit((text) => text.replace("base_topic:", "basetopic:"));
    try {
      const people = await site.cli(["config", "check"]);
      expect(people.code).toBe(78);
      expect(people.stdout + people.stderr).toMatch(/config\.yaml:\d+:3 .*basetopic.*did you mean base_topic/);
      const machine = await run("config", "check");
      expect(machine.code).toBe(78);
      document(machine);
      // A gateway does not start with it either, and says the same.
      const start = new EventProcess(["run"], { cwd: site.dir });
      expect(await start.ended).toEqual({ code: 78, signal: null });
      expect(start.stderr).toMatch(/config\.yaml:\d+:3 .*did you mean base_topic/);
    } finally {
      site.edit((text) => text.replace("basetopic:", "base_topic:"));
    }
  });

  it("config show, path and schema print what they say", async () => {
    const shown = document(await run("config", "show", "--origin")) as Record<
      string,
      { value: unknown; origin: string }
    >;
    expect(shown["gateway.name"]).toMatchObject({ value: "shed" });
    expect((await run("config", "path")).stdout.trim()).toBe("config.yaml");
    expect(document(await run("config", "schema"))).toHaveProperty("properties.mqtt");
  });

  it.each([
    [["status"], 69],
    [["watch", "--count", "1"], 69],
    [["batch", "submit"], 69],
    [["verify", "--last"], 1],
    [["verify", "grid-meter:1"], 4],
    [["verify"], 2],
    [["verify", "--proof", "nowhere.json"], 1],
    [["devices", "remove", "nobody"], 4],
  ])("%j says with exit %i what is missing", async (args, exit) => {
    const result = await run(...args);
    expect(failure(result)).toMatchObject({ code: expect.stringMatching(/^FS-[A-Z-]+$/), message: expect.any(String) });
    expect(result.code).toBe(exit);
  });

  it("lists that are empty are lists, and wrong usage exits with 2", async () => {
    expect(document(await run("batch", "list"))).toEqual([]);
    for (const args of [["nonsense"], ["devices", "add"], ["verify", "--nonsense"], ["demo", "--ports", "some"]]) {
      expect((await site.cli(args)).code, args.join(" ")).toBe(2);
    }
    const proof = await cli(["verify", "--proof", "-", "--json"], { input: "{}" });
    expect(proof.code).toBe(3);
    expect(document(proof)).toMatchObject({
      result: "failed",
      steps: [{ step: "format", result: "failed", code: "FS-PROOF-FORMAT" }],
    });
  });
});

describe("commands, beside a running gateway", () => {
  let gateway: EventProcess;
  beforeAll(async () => {
    gateway = site.run();
    await gateway.nth("attestation", 2);
  });
  afterAll(() => gateway.stop());

  it("status tells the path part by part", async () => {
    expect(document(await run("status"))).toMatchObject({
      gateway: "online",
      info: { name: "shed" },
      health: { journal: { state: "open" }, batch: { code: null }, coordinator: { state: "none" } },
      devices: [expect.objectContaining({ online: true })],
    });
    const people = await site.cli(["status"]);
    expect(people).toMatchObject({ code: 0, stdout: expect.stringContaining("devices 1/1 online") });
  });

  it("devices list shows what is online", async () => {
    expect(document(await run("devices", "list"))).toMatchObject({
      devices: [{ name: "grid-meter", state: "online" }],
    });
  });

  it("watch ends after as many messages as asked for", async () => {
    const { code, stdout } = await run("watch", "grid-meter", "--count", "3");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { topic: string; payload: { seq: number } });
    expect(code).toBe(0);
    expect(lines.map(({ topic }) => topic)).toEqual(Array(3).fill("fieldseal/grid-meter"));
    const [first] = lines;
    expect(lines.map(({ payload }) => payload.seq - first!.payload.seq)).toEqual([0, 1, 2]);
    expect((await site.cli(["watch", "grid-meter", "--count", "2"])).stdout.trim().split("\n")).toHaveLength(2);
    expect((await site.cli(["watch", "--raw", "--count", "4"])).stdout.trim().split("\n")).toHaveLength(4);
  });

  it("batch submit closes the batch, list shows it, and what is signed counts as pending", async () => {
    const { size, root } = document(await run("batch", "submit")) as { size: number; root: string };
    expect(document(await run("batch", "list"))).toEqual([{ size, root, state: "signed" }]);
    expect(gateway.of("checkpoint")).toEqual([expect.objectContaining({ size, root })]);
    const pending = await run("verify", "--last");
    expect(pending.code).toBe(1);
    expect(document(pending)).toMatchObject({
      result: "pending",
      steps: expect.arrayContaining([expect.objectContaining({ step: "anchor", result: "pending" })]),
    });
  });

  it("devices added meanwhile wait for the next start", async () => {
    expect((await run("devices", "add", "later", "--driver", "p1/dsmr-p1", "--port", "tcp://127.0.0.1:1")).code).toBe(
      0,
    );
    const before = gateway.events.length;
    await gateway.nth("attestation", 2, before);
  });
});
