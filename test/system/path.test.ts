import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Report } from "../../gateway/verify/index.ts";
import { cli, type EventProcess } from "../support/cli.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { MosquittoSub } from "../support/mosquitto.ts";
import { allGone, familyOf } from "../support/processes.ts";
import { METER_JSON, RealMeters, TELEGRAM_JSON } from "../support/real-site.ts";
import { describeWith } from "../support/requires.ts";
import { Site } from "../support/site.ts";
import { tamperings } from "../support/tampering.ts";

const STEPS = ["reading", "signature", "enrolment", "sequence", "inclusion", "checkpoint", "anchor"];
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const FS = expect.stringMatching(/^fs:[0-9a-f]{8}$/);

describeWith(["socat", "pymodbus", "mosquitto_sub"], "real meters to a verified commitment", () => {
  let coordinator: TestCoordinator;
  let meters: RealMeters;
  let site: Site;
  let gateway: EventProcess;
  let sub: MosquittoSub;
  let proof: string;

  beforeAll(async () => {
    coordinator = await startTestCoordinator({ blockTime: 1 });
    meters = await RealMeters.start();
    site = await Site.create({ coordinator });
    await meters.addTo(site);
    gateway = site.run();
    await gateway.nth("ready", 1);
    sub = new MosquittoSub(site.mqttPort, ["fieldseal/+", "fieldseal/+/availability", "fieldseal/bridge/+"]);
  });
  afterAll(async () => {
    await sub?.end();
    await gateway?.stop();
    await meters?.end();
    await coordinator?.local.stop();
    site?.remove();
  });

  it.each([
    ["grid-meter", METER_JSON],
    ["house-meter", TELEGRAM_JSON],
  ])("shows what %s measures as live JSON", async (name, values) => {
    const first = JSON.parse(await sub.next(`fieldseal/${name}`)) as Record<string, unknown>;
    const about = { quality: "good", measured_at: ISO, last_seen: ISO, clock: "synced", key: FS, signer: "gateway" };
    expect(first).toEqual({ ...values, ...about, seq: expect.any(Number), checkpoint: null });
    // Every reading once and in order, as a client sees it.
    const at = Number(first["seq"]);
    await sub.next(`fieldseal/${name}`, (payload) => (JSON.parse(payload) as { seq: number }).seq === at + 2);
    const shown = sub.lines.filter(({ topic }) => topic === `fieldseal/${name}`).map(({ payload }) => payload);
    const seqs = shown.map((payload) => (JSON.parse(payload) as { seq: number }).seq);
    expect(seqs.slice(0, 3)).toEqual([at, at + 1, at + 2]);
    await sub.next(`fieldseal/${name}/availability`, (payload) => payload === '{"state":"online"}');
  });

  it("tells about itself in the bridge topics", async () => {
    expect(await sub.next("fieldseal/bridge/state")).toBe('{"state":"online"}');
    const info = JSON.parse(await sub.next("fieldseal/bridge/info")) as Record<string, unknown>;
    expect(info).toMatchObject({ name: "shed", coordinator: { chain: 31337 }, vkey: expect.stringMatching(/^shed\+/) });
    const devices = JSON.parse(
      await sub.next("fieldseal/bridge/devices", (text) => text.includes("house-meter")),
    ) as object[];
    expect(devices).toHaveLength(2);
  });

  it("registers the devices and commits the checkpoint on the chain", async () => {
    await gateway.nth("registered", 2);
    const { size, root, seq, tx } = await gateway.nth("commitment", 1);
    const { chain } = coordinator.local;
    const receipt = (await chain.request({ method: "eth_getTransactionReceipt", params: [tx] })) as { status: string };
    expect(receipt.status).toBe("0x1");
    expect(gateway.of("checkpoint").some((event) => event["size"] === size && event["root"] === root)).toBe(true);
    expect(seq).toBe(1);
    expect(
      JSON.parse(await sub.next("fieldseal/bridge/checkpoint", (text) => text.includes("committed"))),
    ).toMatchObject({
      state: "committed",
      tx: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    });
  });

  it("proves a reading and exports the proof", async () => {
    const { seq } = gateway.of("reading").find(({ device }) => device === "grid-meter")!;
    const { size } = gateway.of("commitment")[0]!;
    const { index } = gateway.of("attestation").find(({ device, first }) => device === "grid-meter" && first === seq)!;
    expect(index).toBeLessThan(Number(size));
    proof = join(site.dir, "proof.json");
    const { code, stdout } = await site.cli(["verify", `grid-meter:${seq}`, "--export", proof]);
    expect(stdout).toContain("RESULT verified");
    expect(code).toBe(0);
    const live = await site.json<Report>(["verify", `grid-meter:${seq}`, "--rpc", coordinator.local.url]);
    expect(live).toMatchObject({
      result: "verified",
      facts: { seq, signer: "gateway", chainId: 31337, logIndex: index },
    });
    expect(live.facts.measurements).toContainEqual({ name: "power", unit: "W", value: "1834.2" });
    expect(live.facts.measurements).toContainEqual({ name: "energy_import", unit: "Wh", value: "10211482" });
  });

  it("proves the newest one, and says what it cannot prove", async () => {
    expect((await site.json<Report>(["verify", "--last"])).result).toBe("verified");
    const later = await site.cli(["verify", "grid-meter:99999", "--json"]);
    expect(later.code).toBe(1);
    expect(JSON.parse(later.stdout)).toMatchObject({ error: { code: "FS-PROOF-PENDING" } });
    const unknown = await site.cli(["verify", "nobody:1", "--json"]);
    expect(unknown.code).toBe(4);
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      error: { code: "FS-DEVICE-UNKNOWN", fix: expect.stringContaining("grid-meter") },
    });
  });

  it("agrees with a node of the verifier's own, and not with another chain's", async () => {
    const folder = site.elsewhere("with-a-node");
    copyFileSync(proof, join(folder, "proof.json"));
    const args = ["verify", "--proof", "proof.json", "--json", "--rpc"];
    const asked = await cli([...args, coordinator.local.url], { cwd: folder });
    expect(JSON.parse(asked.stdout)).toMatchObject({ result: "verified" });
    expect(asked.code).toBe(0);
    const other = await startTestCoordinator({ chainId: 31338 });
    try {
      const refused = await cli([...args, other.local.url], { cwd: folder });
      expect(refused.code).toBe(3);
      expect(JSON.parse(refused.stdout)).toMatchObject({ result: "failed" });
      expect((JSON.parse(refused.stdout) as Report).steps.at(-1)).toMatchObject({
        step: "anchor",
        code: "FS-VERIFY-CHAIN",
      });
    } finally {
      await other.local.stop();
    }
  });

  it("stops cleanly, says goodbye and leaves nothing running", async () => {
    const family = familyOf(gateway.pid).map(({ pid }) => pid);
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    await allGone(family);
    expect(gateway.strange).toEqual([]);
    expect(sub.lines.filter(({ topic }) => topic === "fieldseal/bridge/state").at(-1)?.payload).toBe(
      '{"state":"offline"}',
    );
  });

  it("is verified by a stranger who has the proof and nothing else", async () => {
    const folder = site.elsewhere("stranger");
    copyFileSync(proof, join(folder, "proof.json"));
    rmSync(site.dir, { recursive: true });
    const { code, stdout } = await cli(["verify", "--proof", "proof.json"], { cwd: folder, env: { HOME: folder } });
    for (const step of STEPS) expect(stdout).toMatch(new RegExp(`^${step} +ok `, "m"));
    expect(stdout).toContain("RESULT verified");
    expect(code).toBe(0);
    const source = readFileSync(join(folder, "proof.json"), "utf8");
    const piped = await cli(["verify", "--proof", "-", "--json"], { cwd: folder, input: source });
    expect(JSON.parse(piped.stdout)).toMatchObject({
      result: "verified",
      steps: STEPS.map((step) => ({ step, result: "ok" })),
    });
    expect(piped.code).toBe(0);
  });

  it("names the step that one flipped bit breaks, wherever it is", async () => {
    const folder = site.elsewhere("forger");
    const source = readFileSync(join(folder, "..", "stranger", "proof.json"), "utf8");
    for (const { field, steps, text } of tamperings(source)) {
      const { code, stdout, stderr } = await cli(["verify", "--proof", "-", "--json"], { cwd: folder, input: text });
      expect(stderr, field).toBe("");
      const report = JSON.parse(stdout) as Report;
      const failed = report.steps.filter(({ result }) => result === "failed");
      expect({ field, code, result: report.result, failed: failed.length }).toEqual({
        field,
        code: 3,
        result: "failed",
        failed: 1,
      });
      expect(steps, `${field}: ${JSON.stringify(failed[0])}`).toContain(failed[0]!.step);
      expect(failed[0]).toMatchObject({ code: expect.stringMatching(/^FS-/), text: expect.any(String) });
    }
    const people = await cli(["verify", "--proof", "-"], { cwd: folder, input: tamperings(source)[0]!.text });
    expect(people.code).toBe(3);
    expect(people.stdout).toMatch(/FAILED/);
    expect(people.stdout).toMatch(/^RESULT NOT verified: \w+$/m);
  });
});
