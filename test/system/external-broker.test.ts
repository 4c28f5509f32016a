import { afterEach, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import type { EventProcess } from "../support/cli.ts";
import { type Mosquitto, MosquittoSub, retainedPayload, startMosquitto } from "../support/mosquitto.ts";
import { allGone, familyOf } from "../support/processes.ts";
import { describeWith } from "../support/requires.ts";
import { Site } from "../support/site.ts";

describeWith(["mosquitto", "mosquitto_sub"], "a gateway on somebody else's broker", () => {
  let broker: Mosquitto | undefined;
  let meter: Simulator | undefined;
  let site: Site | undefined;
  let sub: MosquittoSub | undefined;
  const runs: EventProcess[] = [];
  afterEach(async () => {
    for (const run of runs.splice(0)) await run.stop();
    await sub?.end();
    await broker?.end();
    await meter?.stop();
    site?.remove();
  });

  it("keeps its state retained, is declared offline by its will, and comes back", async () => {
    broker = await startMosquitto();
    const { port } = broker;
    meter = await simulate({ boards: [{ driver: "modbus/eastron-sdm630" }], on: "tcp:0", clock: systemClock() });
    site = await Site.create({ broker: `mqtt://127.0.0.1:${port}` });
    await site.json([
      "devices",
      "add",
      "grid-meter",
      "--driver",
      "modbus/eastron-sdm630",
      "--port",
      meter.port,
      "--every",
      "250ms",
    ]);
    sub = new MosquittoSub(port, ["fieldseal/bridge/state"]);
    const run = () => {
      const process = (site as Site).run();
      runs.push(process);
      return process;
    };

    const first = run();
    await first.nth("reading", 2);
    expect(Object.keys(first.parts()).sort()).toEqual(["gateway", "signer"]);
    expect(await sub.next("fieldseal/bridge/state")).toBe('{"state":"online"}');
    await first.until(({ event, part, state }) => event === "part" && part === "broker" && state === "online");
    expect(JSON.parse((await retainedPayload(port, "fieldseal/grid-meter"))!)).toMatchObject({
      power_w: expect.any(Number),
      seq: expect.any(Number),
    });
    expect(await retainedPayload(port, "fieldseal/grid-meter/availability")).toBe('{"state":"online"}');
    expect(JSON.parse((await retainedPayload(port, "fieldseal/bridge/devices"))!)).toHaveLength(1);

    // Killed without a goodbye: the broker says it.
    const family = familyOf(first.pid).map(({ pid }) => pid);
    let lines = sub.lines.length;
    first.kill("SIGKILL");
    await sub.next("fieldseal/bridge/state", (payload) => payload === '{"state":"offline"}', lines);
    await allGone(family);
    expect(await retainedPayload(port, "fieldseal/bridge/state")).toBe('{"state":"offline"}');

    lines = sub.lines.length;
    const second = run();
    await sub.next("fieldseal/bridge/state", (payload) => payload === '{"state":"online"}', lines);
    const before = second.events.length;
    await second.nth("reading", 1, before);

    // A gateway process that is killed comes back by itself, and so does its state.
    lines = sub.lines.length;
    process.kill(second.parts()["gateway"]!, "SIGKILL");
    await sub.next("fieldseal/bridge/state", (payload) => payload === '{"state":"offline"}', lines);
    await sub.next("fieldseal/bridge/state", (payload) => payload === '{"state":"online"}', lines + 1);

    // Without the broker readings go on; with it again everything retained is there again.
    await broker.end();
    const alone = second.events.length;
    await second.nth("attestation", 3, alone);
    expect(await second.stop()).toEqual({ code: 0, signal: null });
  });
});
