import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Simulator, simulate } from "../../devices/index.ts";
import { systemClock } from "../../firmware-bridge/port/index.ts";
import { startLocalChain } from "../../gateway/coordinator/local-chain.ts";
import { scopeOf } from "../../protocols/attestation/index.ts";
import { fromAddressText } from "../../protocols/evm/index.ts";
import type { EventProcess, PathEvent } from "../support/cli.ts";
import { startTestCoordinator } from "../support/coordinator.ts";
import { removeTempDirs, tempDir } from "../support/keystore.ts";
import { boardSecret, LinkBoard } from "../support/link-board.ts";
import { Random } from "../support/mutate.ts";
import { judge } from "../support/oracle.ts";
import { allGone, familyOf } from "../support/processes.ts";
import { Site } from "../support/site.ts";

const clock = systemClock();
const TARGETS = ["gateway", "broker", "signer", "chain", "supervisor"] as const;
type Target = (typeof TARGETS)[number];
/** The moment: after so many events of a kind. */
const MOMENTS = [
  ["reading", 6],
  ["attestation", 6],
  ["checkpoint", 1],
  ["commitment", 1],
] as const;

/** A whole site whose every part can be killed: two meters, a board, gateway, local chain. */
class Scene {
  readonly #undo: (() => unknown)[] = [];
  readonly #runs: EventProcess[] = [];
  site!: Site;
  board!: LinkBoard;
  #coordinator!: Awaited<ReturnType<typeof startTestCoordinator>>;
  #chainOptions!: { blockTime: number; stateFile: string; port: number };

  async start(): Promise<void> {
    const stateFile = join(tempDir(), "chain.json");
    this.#coordinator = await startTestCoordinator({ blockTime: 1, stateFile });
    this.#undo.push(() => this.#coordinator.local.stop());
    this.#chainOptions = { blockTime: 1, stateFile, port: this.#coordinator.local.port };
    const meter = (on: string, driver: string): Promise<Simulator> =>
      simulate({ boards: [{ driver, unit: 1, seed: 5 }], on, clock, interval: 250 });
    const grid = await meter("tcp:0", "modbus/eastron-sdm630");
    const house = await meter("tcp:0", "p1/dsmr-p1");
    this.#undo.push(
      () => grid.stop(),
      () => house.stop(),
    );

    this.site = await Site.create({ coordinator: this.#coordinator, every: "1s", confirmations: 3 });
    this.#undo.push(() => this.site.remove());
    await this.#addDevices(grid.port, house.port);
    const { chainId, ledger } = this.#coordinator.deployment;
    const owner = fromAddressText(this.site.address);
    this.board = new LinkBoard({
      secret: boardSecret("roof"),
      port: this.site.mqttPort,
      scope: scopeOf(chainId, ledger, owner),
      owner,
    });
    await this.#coordinator.local.saved();
    this.run();
    this.board.start();
  }

  async #addDevices(grid: string, house: string): Promise<void> {
    const add = (name: string, driver: string, port: string) =>
      this.site.json(["devices", "add", name, "--driver", driver, "--port", port, "--every", "250ms"]);
    await add("grid-meter", "modbus/eastron-sdm630", grid);
    await add("house-meter", "p1/dsmr-p1", house);
    this.site.edit((text) =>
      text
        .replace("house-meter: {", "house-meter: { pack: { count: 3, within: 1s },")
        .replace(
          /^devices:\n/m,
          `devices:\n  roof: { driver: link, public_key: ${LinkBoard.keyOf(boardSecret("roof"))} }\n`,
        ),
    );
  }

  run(): EventProcess {
    const process = this.site.run();
    this.#runs.push(process);
    return process;
  }

  get now(): EventProcess {
    return this.#runs.at(-1)!;
  }

  get events(): PathEvent[] {
    return this.#runs.flatMap(({ events }) => events);
  }

  get chain() {
    return this.#coordinator.local.chain;
  }

  /** SIGKILL; whoever an operator has for it starts the chain or the supervisor again, nobody starts the other parts. */
  async kill(target: Target): Promise<void> {
    if (target === "chain") {
      const { local } = this.#coordinator;
      process.kill(local.pid, "SIGKILL");
      await local.exited;
      this.#coordinator.local = await startLocalChain(this.#chainOptions);
    } else if (target === "supervisor") {
      this.now.kill("SIGKILL");
      await this.now.ended;
      this.run();
    } else {
      const { now } = this;
      const pid = await now.when(() => now.parts()[target]);
      process.kill(pid, "SIGKILL");
      await allGone([pid]);
    }
  }

  /** The board and the daemon end; what was pending is signed by one more start, committed, and that ends too. */
  async settle(): Promise<void> {
    await this.board.stop();
    const before = this.now.events.length;
    await this.now.nth("reading", 3, before);
    expect(await this.now.stop()).toEqual({ code: 0, signal: null });
    let nobody = 0;
    // Without its meters the last start takes no readings: when it has committed, nothing is left in the journal alone.
    this.site.edit((text) => text.replace(/tcp:\/\/127\.0\.0\.1:\d+/g, () => `tcp://127.0.0.1:${++nobody}`));
    const last = this.run();
    await last.nth("ready", 1);
    const { size } = await this.site.json<{ size: number }>(["batch", "submit"]);
    const committed = await last.until(
      (event) => event.event === "commitment" && event["finalized"] === true && Number(event["size"]) >= size,
    );
    expect(committed["size"]).toBe(size);
    const family = familyOf(last.pid).map(({ pid }) => pid);
    expect(await last.stop()).toEqual({ code: 0, signal: null });
    await allGone(family);
  }

  async end(): Promise<void> {
    await this.board?.abandon();
    for (const run of this.#runs) await run.stop("SIGKILL");
    for (const step of this.#undo.reverse()) await step();
  }
}

let scene: Scene;
afterEach(async () => {
  await scene.end();
  removeTempDirs();
});

describe("killed with SIGKILL at any moment", () => {
  it.each([
    ["each part once", 1, TARGETS.map((target) => [target])],
    ["in an order drawn by seed 2", 2, undefined],
    ["in an order drawn by seed 3", 3, undefined],
  ] as const)("%s: resumes by itself, loses nothing and repeats nothing", async (_name, seed, fixed) => {
    scene = new Scene();
    await scene.start();
    const random = new Random(seed);
    await scene.now.nth("commitment", 1);
    const told: string[] = [];
    // Two at once now and then: parts may die in any order.
    const plan: readonly (readonly Target[])[] =
      fixed ??
      Array.from({ length: 6 }, () =>
        random.below(3) === 0 ? [random.pick(TARGETS), random.pick(TARGETS)] : [random.pick(TARGETS)],
      );
    for (const targets of plan) {
      const [kind, most] = random.pick(MOMENTS);
      const count = 1 + random.below(most);
      await scene.now.nth(kind, count, scene.now.events.length);
      told.push(`${[...new Set(targets)].join("+")} after ${count} ${kind}`);
      for (const target of new Set(targets)) await scene.kill(target);
    }
    await scene.settle();
    const readings = scene.events.filter(({ event, device }) => event === "reading" && device !== "roof");
    const verdict = await judge(scene.site, scene.chain, {
      readings,
      packs: new Map([["roof", scene.board.acknowledged]]),
    });
    console.log(
      `killed: ${told.join(", ")}; ${readings.length} readings and ${scene.board.acknowledged.length} packs acknowledged; ${JSON.stringify(verdict)}`,
    );
    expect(verdict.faults).toEqual([]);
    // The oracle is no friend: a reading that was never taken and one that was another are both missed.
    const [some] = readings;
    const lies = [
      { ...some!, seq: "999999" },
      { ...some!, values: {} },
    ];
    const control = await judge(scene.site, scene.chain, { readings: lies, packs: new Map() });
    expect(control.faults).toEqual([
      expect.stringMatching(/^L: .*:999999 /),
      expect.stringMatching(/^L: .* another reading/),
    ]);
    expect(verdict.readings).toBeGreaterThanOrEqual(readings.length + 2 * scene.board.acknowledged.length);
    expect(scene.events.filter(({ event }) => event === "refused")).toEqual([]);
  });
});
