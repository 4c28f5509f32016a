import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerLeafCall, answerShareCall } from "../../gateway/coordinator/demands.ts";
import { getBalance } from "../../gateway/coordinator/rpc.ts";
import { treeOf } from "../../gateway/rewards/index.ts";
import { folderStore, memoryStore, type Published } from "../../gateway/watchtower/index.ts";
import { EnvironmentError, utf8 } from "../../protocols/bytes/index.ts";
import { epochEnd } from "../../protocols/shares/index.ts";
import { CHEATS } from "../sim/cheats.ts";
import type { SimChain } from "../sim/sim-chain.ts";
import { SimDevice, type SimGateway } from "../sim/sim-gateway.ts";
import { WatchRig } from "../support/watching.ts";

const HOUR = 3_600n;
const folder = mkdtempSync(join(tmpdir(), "fieldseal-watchtower-"));

let rig: WatchRig;
let sim: SimChain;
beforeAll(async () => {
  rig = await WatchRig.start();
  sim = rig.sim;
});
afterAll(async () => {
  await rig?.stop();
  rmSync(folder, { recursive: true });
});

describe("an honest gateway", () => {
  it("is never suspected, over restarts, with entries of others in its log", () =>
    sim.fresh(async () => {
      const store = folderStore(join(folder, "honest"));
      const gateway = await rig.gatewayOf();
      const stranger = new SimDevice(77, rig.owner, 0, 1n, 0n);
      const now = await sim.now();
      const all: string[] = [];
      const look = async () => {
        const { tower, kinds } = await rig.watching(gateway, store);
        await tower.step();
        await tower.step();
        all.push(...kinds());
      };
      await look();
      await gateway.append([
        stranger.attest(gateway.scope, now).bytes,
        stranger.attest(new Uint8Array(16), now).bytes,
        utf8(`fieldseal: entry ${gateway.log.size + 2} is lost, its journal record was damaged`),
        await gateway.log.entry(0),
      ]);
      await rig.read(gateway);
      await rig.commit(gateway);
      const { tower, events } = await rig.watching(gateway, store);
      await tower.step();
      const counts = events.find((event) => event.kind === "log")?.counts;
      expect(counts).toEqual({ good: 4, again: 0, foreign: 1, unregistered: 1, lost: 1 });
      await rig.seal(gateway, 0n);
      await look();
      await rig.read(gateway);
      await rig.commit(gateway);
      await rig.seal(gateway, 1n);
      await look();
      expect(all).toEqual(["log", "seal", "log", "seal"]);
      expect(await rig.frozen(gateway)).toBe(false);
    }));

  it("is read again from the beginning after a reorganisation", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      const { tower, kinds } = await rig.watching(gateway, memoryStore());
      await tower.step();
      const { chain } = sim.local;
      const snapshot = await chain.request({ method: "evm_snapshot" });
      await rig.read(gateway);
      await sim.until((await sim.now()) + 5n);
      await tower.step();
      await chain.request({ method: "evm_revert", params: [snapshot] });
      await sim.until((await sim.now()) + 7n);
      await rig.commit(gateway);
      await tower.step();
      expect(kinds()).toEqual(["log", "log"]);
    }));

  it("that is slow, or publishes what cannot be read, is told to miss something and not accused", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      await rig.seal(gateway, 0n);
      await rig.read(gateway);
      await rig.commit(gateway);
      await rig.seal(gateway, 1n);
      const broken: Published = {
        entries: async () => {
          throw new EnvironmentError("FS-WATCH-UNREACHABLE", "no route");
        },
        shares: async () => {
          throw new EnvironmentError("FS-WATCH-UNREACHABLE", "no route");
        },
      };
      const other: Published = {
        entries: async (index, width) => (await gateway.published.entries(index, width)).map(() => utf8("x")),
        shares: async (epoch) =>
          (await gateway.published.shares(epoch))?.map((one) => ({
            ...one,
            shares: one.shares.map((share) => ({ ...share, to: share.to + 1n })),
          })),
      };
      for (const published of [broken, other]) {
        const { tower, kinds } = await rig.watching(gateway, memoryStore(), { published, bonds: 0n });
        await tower.step();
        await tower.step();
        expect(new Set(kinds())).toEqual(new Set(["missing"]));
      }
      const { tower, kinds } = await rig.watching(gateway, memoryStore(), { bonds: 0n });
      await tower.step();
      expect(kinds()).toEqual(["log", "seal"]);
    }));
});

describe("demands", () => {
  it("are answered by an honest gateway, which gets the bond; the limit of bonds holds", () =>
    sim.fresh(async () => {
      const { chain } = sim.local;
      const gateway = await rig.gatewayOf();
      const hidden: Published = { ...gateway.published, shares: async () => undefined };
      await rig.read(gateway);
      await rig.commit(gateway);
      await rig.seal(gateway, 0n);
      const { tower, events, kinds } = await rig.watching(gateway, memoryStore(), {
        published: hidden,
        bonds: 2n * 10n ** 15n,
      });
      await tower.step();
      expect(kinds()).toEqual(["log", "missing", "demanded"]);
      const event = events.at(-1)!;
      const asked = event.kind === "demanded" && event.asked.what === "share" ? event.asked : undefined;
      const prepared = gateway.prepared.get(0n)!.seals[0]!;
      const tree = treeOf(prepared);
      const index = tree.at(asked!.point);
      const demand = { ...asked!, kind: "share" as const, id: new Uint8Array(32), deadline: 0n };
      const place = [prepared.shares[index]!, index, tree.path(index)] as const;
      const { faults } = sim.deployment;
      await sim.send([[gateway.account, answerShareCall(faults, gateway.account.address, demand, ...place)]]);
      await tower.step();
      // The bond is the gateway's: a second one would be beyond the limit.
      expect(kinds().slice(3)).toEqual(["answered", "bond-limit"]);
      expect(await getBalance(chain, faults)).toBe(asked!.bond);
      expect(await rig.frozen(gateway)).toBe(false);
    }));

  it("wait for the time to publish, outlive a restart, and bring stake and bond", () =>
    sim.fresh(async () => {
      const store = folderStore(join(folder, "demands"));
      const gateway = await rig.gatewayOf();
      gateway.hideLog();
      await rig.read(gateway);
      await rig.commit(gateway);
      const look = async () => {
        const { tower, kinds } = await rig.watching(gateway, store, { grace: HOUR });
        await tower.step();
        return kinds();
      };
      expect(await look()).toEqual(["log", "missing"]);
      await sim.until((await sim.now()) + HOUR);
      expect(await look()).toEqual(["missing", "demanded"]);
      expect(await look()).toEqual(["missing"]);
      await sim.until((await sim.now()) + 25n * HOUR);
      expect(await look()).toEqual(["fault", "challenged"]);
      expect(await rig.frozen(gateway)).toBe(true);
      expect(await getBalance(sim.local.chain, sim.deployment.faults)).toBe(0n);
      expect(await look()).toEqual(["frozen"]);
    }));

  it("of an entry are settled by its answer, whoever sends it", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      const published = gateway.published;
      const nothing: Published = { ...published, entries: async () => [] };
      const { tower, events, kinds } = await rig.watching(gateway, memoryStore(), { published: nothing });
      await tower.step();
      const event = events.at(-1)!;
      const asked = event.kind === "demanded" && event.asked.what === "entry" ? event.asked : undefined;
      const at = Number(asked!.index);
      const [entry, path] = [await gateway.log.entry(at), await gateway.log.proof(at, Number(asked!.size))];
      const demand = { ...asked!, kind: "leaf" as const, id: new Uint8Array(32), deadline: 0n };
      const call = answerLeafCall(sim.deployment.faults, gateway.account.address, demand, entry, path);
      await sim.send([[rig.owner, call]]);
      await tower.step();
      expect(kinds()).toContain("answered");
      expect(kinds()).not.toContain("fault");
    }));
});

describe("a false gateway", () => {
  /** A gateway that sealed one good epoch, and cheats in the next. */
  async function cheated(name: string, look: () => Promise<void>, gateway: SimGateway): Promise<void> {
    const cheat = CHEATS.find((one) => one.name === name)!;
    await rig.read(gateway);
    await rig.commit(gateway);
    await rig.seal(gateway, 0n);
    await look();
    await rig.read(gateway);
    await rig.commit(gateway);
    await look();
    await rig.read(gateway);
    await cheat.log?.(gateway, await sim.now());
    await rig.commit(gateway);
    await look();
    if (await rig.frozen(gateway)) return;
    await sim.until(epochEnd(sim.times, 1n) + HOUR);
    await look();
    if (await rig.frozen(gateway)) return;
    const honest = await gateway.prepare(1n);
    const calls = gateway.seal(1n, (await cheat.seal?.(gateway, honest, 1n)) ?? honest, cheat.hidesShares);
    await sim.send(calls.map((call) => [gateway.account, call] as const));
    await look();
    await sim.until((await sim.now()) + 25n * HOUR);
    await look();
  }

  it.each(CHEATS.map(({ name, fault }) => [name, fault]))(
    "%s: convicted of %s by a tower that starts anew each time",
    (name, fault) =>
      sim.fresh(async () => {
        const store = memoryStore();
        const gateway = await rig.gatewayOf();
        const found: string[] = [];
        await cheated(
          name,
          async () => {
            const { tower, events } = await rig.watching(gateway, store);
            await tower.step();
            for (const event of events) if (event.kind === "challenged") found.push(event.suspicion.fault);
          },
          gateway,
        );
        expect(found).toEqual([fault]);
        expect(await rig.frozen(gateway)).toBe(true);
      }),
  );

  it("is only told of without leave to challenge; with it, what was found before is sent", () =>
    sim.fresh(async () => {
      const store = memoryStore();
      const gateway = await rig.gatewayOf();
      await rig.read(gateway);
      await CHEATS.find(({ fault }) => fault === "invalid")!.log!(gateway, await sim.now());
      await rig.commit(gateway);
      const quiet = await rig.watching(gateway, store, { challenge: false });
      await quiet.tower.step();
      await quiet.tower.step();
      expect(quiet.kinds()).toEqual(["log", "fault"]);
      expect(await rig.frozen(gateway)).toBe(false);
      const loud = await rig.watching(gateway, store);
      await loud.tower.step();
      expect(loud.kinds()).toEqual(["fault", "challenged"]);
      expect(await rig.frozen(gateway)).toBe(true);
    }));

  it("that somebody else convicts first costs nothing and stops nothing", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      await rig.read(gateway);
      await CHEATS.find(({ fault }) => fault === "invalid")!.log!(gateway, await sim.now());
      await rig.commit(gateway);
      const { tower, kinds } = await rig.watching(gateway, memoryStore(), {
        send: async () => {
          throw new EnvironmentError("FS-CHAIN-REVERT", "the gateway is frozen by a fault that was proven before");
        },
      });
      await tower.step();
      expect(kinds()).toEqual(["log", "fault", "unproven"]);
    }));

  it("with two roots for one size", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      await gateway.rewrite((entry, index) =>
        index === 1 ? gateway.devices[1]!.attest(gateway.scope, 1_800_000_000n).bytes : entry,
      );
      await rig.commit(gateway);
      const { tower, events } = await rig.watching(gateway, memoryStore());
      await tower.step();
      expect(events.find(({ kind }) => kind === "challenged")).toMatchObject({ suspicion: { fault: "forked" } });
      expect(await rig.frozen(gateway)).toBe(true);
    }));

  it("whose other history nobody sees is asked for it", () =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      const { tower, kinds } = await rig.watching(gateway, memoryStore(), { published: gateway.published });
      await tower.step();
      gateway.hideLog();
      await gateway.rewrite((entry, index) =>
        index === 1 ? gateway.devices[1]!.attest(gateway.scope, 1_800_000_000n).bytes : entry,
      );
      await gateway.append([gateway.devices[0]!.attest(gateway.scope, 1_800_000_000n).bytes]);
      await rig.commit(gateway);
      await tower.step();
      expect(kinds()).toEqual(["log", "missing", "demanded"]);
      await sim.until((await sim.now()) + 25n * HOUR);
      await tower.step();
      expect(kinds().slice(3)).toEqual(["fault", "challenged"]);
    }));
});

describe("a fork that is shown on demand only", () => {
  it.each([0, 7, 12, 18])("at entry %i is found by few questions, each of which the gateway answers", (place) =>
    sim.fresh(async () => {
      const gateway = await rig.gatewayOf();
      for (let i = 0; i < 6; i++) await rig.read(gateway);
      await rig.commit(gateway);
      const { tower, events } = await rig.watching(gateway, memoryStore(), { published: gateway.published });
      await tower.step();
      gateway.hideLog();
      const other = gateway.devices[1]!.attest(gateway.scope, await sim.now()).bytes;
      await gateway.rewrite((entry, index) => (index === place ? other : entry));
      await rig.read(gateway);
      await rig.commit(gateway);
      let questions = 0;
      for (; questions < 8 && !(await rig.frozen(gateway)); questions++) {
        const before = events.length;
        await tower.step();
        const event = events.slice(before).find(({ kind }) => kind === "demanded");
        if (event?.kind !== "demanded" || event.asked.what !== "entry") continue;
        const at = Number(event.asked.index);
        const [entry, path] = [await gateway.log.entry(at), await gateway.log.proof(at, Number(event.asked.size))];
        const demand = { ...event.asked, kind: "leaf" as const, id: new Uint8Array(32), deadline: 0n };
        const call = answerLeafCall(sim.deployment.faults, gateway.account.address, demand, entry, path);
        await sim.send([[gateway.account, call]]);
      }
      const challenged = events.find(({ kind }) => kind === "challenged");
      expect(challenged).toMatchObject({ suspicion: { fault: "forked" } });
      // 24 entries: five halvings at most, and the look that finds the last answer.
      expect(questions).toBeLessThanOrEqual(7);
    }),
  );
});

it("nothing is sent on a doubt of the tower's own: the contract is asked first", () =>
  sim.fresh(async () => {
    const gateway = await rig.gatewayOf();
    await rig.read(gateway);
    await rig.commit(gateway);
    const { sent } = sim;
    // A tower whose cryptography is broken takes every signature for forged.
    const { tower, events } = await rig.watching(gateway, memoryStore(), { verifier: { verify: () => false } });
    await tower.step();
    const doubts = events.filter((event) => event.kind === "unproven");
    expect(doubts).toHaveLength(6);
    expect(doubts[0]!.why).toMatch(/signed this attestation/);
    expect(sim.sent).toBe(sent);
    expect(await rig.frozen(gateway)).toBe(false);
  }));
