import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EventProcess, type PathEvent } from "../support/cli.ts";
import { allGone, familyOf, groupOf } from "../support/processes.ts";

/** What every kind of event carries beside `event` and `ms`. */
const FIELDS: Record<string, Record<string, unknown>> = {
  ready: { backend: expect.any(String), devices: 3, recovered: expect.any(Object) },
  reading: {
    device: expect.stringMatching(/^((grid|house)-meter|bay-1)$/),
    key: expect.stringMatching(/^fs:[0-9a-f]{8}$/),
    seq: expect.stringMatching(/^\d+$/),
    quality: expect.any(String),
    values: expect.objectContaining({ energy_import_kwh: expect.any(Number) }),
    work: expect.stringMatching(/^\d+$/),
  },
  attestation: {
    device: expect.any(String),
    index: expect.any(Number),
    first: expect.any(String),
    count: expect.any(Number),
  },
  checkpoint: { size: expect.any(Number), root: expect.stringMatching(/^[0-9a-f]{64}$/), count: expect.any(Number) },
  commitment: {
    size: expect.any(Number),
    root: expect.stringMatching(/^[0-9a-f]{64}$/),
    seq: expect.any(Number),
    block: expect.any(Number),
    tx: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    gas: expect.any(Number),
    finalized: expect.any(Boolean),
  },
  registered: { device: expect.any(String), tx: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
  device: { device: expect.any(String), state: expect.stringMatching(/^(online|offline)$/) },
  part: { part: expect.any(String), state: expect.any(String) },
  verified: { device: expect.any(String), seq: expect.any(String), result: "verified", steps: expect.any(Array) },
  stopped: {},
};
const SHOWN = ["ready", "reading", "attestation", "checkpoint", "commitment", "verified", "stopped"];

let temporary: string;
let demo: EventProcess;
/** The demo keeps its data in a folder of its own below the temporary one, and removes it. */
const leftFiles = () => readdirSync(temporary).filter((name) => name.startsWith("fieldseal-demo-"));

function start(...args: string[]): EventProcess {
  demo = new EventProcess(["demo", "--ports", "free", ...args], { env: { TMPDIR: temporary } });
  return demo;
}

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "fieldseal-test-"));
});
afterEach(async () => {
  if (demo.running) {
    demo.killGroup("SIGKILL");
    await demo.ended;
  }
  rmSync(temporary, { recursive: true, force: true });
});

const firstMs = (kind: string) => demo.of(kind)[0]?.ms;

describe("fieldseal demo", () => {
  it("goes the whole path by itself and tells it as NDJSON", async () => {
    start("--for", "20s");
    await demo.nth("ready", 1);
    // Simulators and chain, broker, signer and gateway: all of them in the one group.
    const family = familyOf(demo.pid);
    expect(family.length).toBeGreaterThanOrEqual(5);
    expect(family.filter(({ group }) => group !== demo.pid)).toEqual([]);

    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(demo.strange).toEqual([]);
    expect(demo.of("refused")).toEqual([]);
    for (const event of demo.events) {
      expect(FIELDS, event.event).toHaveProperty(event.event);
      expect(event).toEqual(expect.objectContaining({ ...FIELDS[event.event], ms: expect.any(Number) } as object));
    }
    expect([...new Set(demo.events.map(({ event }) => event))]).toEqual(expect.arrayContaining(SHOWN));
    expect(demo.events.at(-1)?.event).toBe("stopped");
    const times = demo.events.map(({ ms }) => ms);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    denseSequences(demo.of("reading"));
    expect(demo.of("reading").map(({ quality }) => quality)).toEqual(demo.of("reading").map(() => "good"));
    console.log(
      `demo: ready ${firstMs("ready")} ms, first reading ${firstMs("reading")} ms, first attestation ${firstMs("attestation")} ms, ` +
        `first commitment ${firstMs("commitment")} ms, verified ${firstMs("verified")} ms`,
    );
    expect(groupOf(demo.pid)).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  it.each([
    ["Ctrl-C, which reaches the whole group", "SIGINT", "group"],
    ["SIGINT to the command alone", "SIGINT", "alone"],
    ["SIGTERM", "SIGTERM", "alone"],
    ["SIGTERM to the whole group", "SIGTERM", "group"],
    ["a terminal that goes away", "SIGHUP", "group"],
  ] as const)("ends everything with exit 0 at %s", async (_name, signal, reach) => {
    start();
    await demo.nth("reading", 2);
    const family = familyOf(demo.pid).map(({ pid }) => pid);
    if (reach === "group") demo.killGroup(signal);
    else demo.kill(signal);
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    await allGone(family);
    expect(groupOf(demo.pid)).toEqual([]);
    expect(demo.events.at(-1)?.event).toBe("stopped");
    expect(leftFiles()).toEqual([]);
  });

  it("ends with exit 0 when it is interrupted before it is ready", async () => {
    start();
    await demo.when(() => demo.stderr.includes("starting") || undefined);
    demo.killGroup("SIGINT");
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(groupOf(demo.pid)).toEqual([]);
    expect(leftFiles()).toEqual([]);
  });

  it("leaves no process behind when it is killed", async () => {
    start("--dir", join(temporary, "kept"));
    await demo.nth("attestation", 1);
    const family = familyOf(demo.pid).map(({ pid }) => pid);
    demo.kill("SIGKILL");
    expect(await demo.ended).toEqual({ code: null, signal: "SIGKILL" });
    await allGone(family);
    expect(groupOf(demo.pid)).toEqual([]);
    expect(existsSync(join(temporary, "kept", "config.yaml"))).toBe(true);
  });
});

/** Each device's readings are numbered without a gap or a repetition. */
function denseSequences(readings: readonly PathEvent[]): void {
  const next = new Map<unknown, number>();
  for (const { device, seq } of readings) {
    const expected = next.get(device);
    if (expected !== undefined) expect(Number(seq)).toBe(expected);
    next.set(device, Number(seq) + 1);
  }
}
