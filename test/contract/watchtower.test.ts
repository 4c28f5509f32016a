import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeBackend } from "../../gateway/attest/index.ts";
import { coordinatorAt, runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { answerLeafCall, answerShareCall } from "../../gateway/coordinator/demands.ts";
import { stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import { getBalance } from "../../gateway/coordinator/rpc.ts";
import { treeOf } from "../../gateway/rewards/index.ts";
import {
  folderStore,
  memoryStore,
  type Published,
  type WatchEvent,
  type WatchStore,
  Watchtower,
  type WatchtowerOptions,
} from "../../gateway/watchtower/index.ts";
import { EnvironmentError, utf8 } from "../../protocols/bytes/index.ts";
import { epochEnd } from "../../protocols/shares/index.ts";
import { CHEATS } from "../sim/cheats.ts";
import { type Account, SimChain } from "../sim/sim-chain.ts";
import { SimDevice, SimGateway } from "../sim/sim-gateway.ts";

const HOUR = 3_600n;
const ETHER = 10n ** 18n;
const folder = mkdtempSync(join(tmpdir(), "fieldseal-watchtower-"));

let sim: SimChain;
let owner: Account;
let challenger: Account;
let count = 0;
beforeAll(async () => {
  sim = await SimChain.start();
  owner = await sim.account("an owner");
  challenger = await sim.account("a challenger");
});
afterAll(async () => {
  await sim?.local.stop();
  rmSync(folder, { recursive: true });
});

/** A staked gateway with three registered devices and a committed log. */
async function gatewayOf(): Promise<SimGateway> {
  const gateway = new SimGateway(sim, await sim.account(`gateway ${++count}`));
  await gateway.log.open();
  const { account } = gateway;
  const coordinator = coordinatorAt(sim.local.chain, sim.deployment.ledger);
  await sim.send([[account, stakeCall(sim.deployment.ledger, ETHER)]]);
  for (let i = 0; i < 3; i++) {
    const device = new SimDevice(1000 * count + i, owner, 0, 10_000n, 50n);
    const { attestation, body } = device.enrol(gateway.scope, await sim.now());
    const entry = runOfOne(account.address, device.board.id, 0, 10_000n);
    const { payload: statement, signature } = attestation.sign1;
    await sim.send([[account, await coordinator.admitCall(entry)]]);
    const registration = { entry, path: [], gateway: account.address, statement, body, signature };
    await sim.send([[account, await coordinator.registerCall(registration)]]);
    gateway.devices.push(device);
    await gateway.append([attestation.bytes]);
  }
  await commit(gateway);
  return gateway;
}

async function commit(gateway: SimGateway): Promise<void> {
  const { seq, size, root } = await gateway.commitment();
  const call = coordinatorAt(sim.local.chain, sim.deployment.ledger).commitCall(seq, size, root);
  await sim.send([[gateway.account, call]]);
}

async function read(gateway: SimGateway): Promise<void> {
  const now = await sim.now();
  for (const device of gateway.devices) {
    device.register += 1_000n;
    await gateway.append([device.attest(gateway.scope, now).bytes]);
  }
}

/** Until an epoch's end; then the gateway seals. */
async function seal(gateway: SimGateway, epoch: bigint, hidden = false): Promise<void> {
  await sim.until(epochEnd(sim.times, epoch) + HOUR);
  const calls = gateway.seal(epoch, await gateway.prepare(epoch), hidden);
  await sim.send(calls.map((call) => [gateway.account, call] as const));
}

interface Watching {
  tower: Watchtower;
  events: WatchEvent[];
  kinds(): string[];
}

async function watching(
  gateway: SimGateway,
  store: WatchStore,
  changes: Partial<WatchtowerOptions> & { published?: Published } = {},
): Promise<Watching> {
  const { published = gateway.published, ...options } = changes;
  const events: WatchEvent[] = [];
  const tower = new Watchtower({
    chain: sim.local.chain,
    chainId: sim.deployment.chainId,
    ledger: sim.deployment.ledger,
    fromBlock: sim.deployment.block,
    gateways: [{ address: gateway.account.address, published }],
    account: challenger.address,
    store,
    verifier: nodeBackend(),
    random: (length) => new Uint8Array(length).fill(7),
    send: (call) => sim.send([[challenger, call]]),
    challenge: true,
    bonds: ETHER,
    grace: 0n,
    onEvent: (event) => events.push(event),
    ...options,
  });
  await tower.open();
  return { tower, events, kinds: () => events.map(({ kind }) => kind) };
}

const frozen = async (gateway: SimGateway) =>
  (await coordinatorAt(sim.local.chain, sim.deployment.ledger).head(gateway.account.address)).frozen;

describe("an honest gateway", () => {
  it("is never suspected, over restarts, with entries of others in its log", () =>
    sim.fresh(async () => {
      const store = folderStore(join(folder, "honest"));
      const gateway = await gatewayOf();
      const stranger = new SimDevice(77, owner, 0, 1n, 0n);
      const now = await sim.now();
      const all: string[] = [];
      const look = async () => {
        const { tower, kinds } = await watching(gateway, store);
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
      await read(gateway);
      await commit(gateway);
      const { tower, events } = await watching(gateway, store);
      await tower.step();
      const counts = events.find((event) => event.kind === "log")?.counts;
      expect(counts).toEqual({ good: 4, again: 0, foreign: 1, unregistered: 1, lost: 1 });
      await seal(gateway, 0n);
      await look();
      await read(gateway);
      await commit(gateway);
      await seal(gateway, 1n);
      await look();
      expect(all).toEqual(["log", "seal", "log", "seal"]);
      expect(await frozen(gateway)).toBe(false);
    }));

  it("is read again from the beginning after a reorganisation", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      const { tower, kinds } = await watching(gateway, memoryStore());
      await tower.step();
      const { chain } = sim.local;
      const snapshot = await chain.request({ method: "evm_snapshot" });
      await read(gateway);
      await sim.until((await sim.now()) + 5n);
      await tower.step();
      await chain.request({ method: "evm_revert", params: [snapshot] });
      await sim.until((await sim.now()) + 7n);
      await commit(gateway);
      await tower.step();
      expect(kinds()).toEqual(["log", "log"]);
    }));

  it("that is slow, or publishes what cannot be read, is told to miss something and not accused", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      await seal(gateway, 0n);
      await read(gateway);
      await commit(gateway);
      await seal(gateway, 1n);
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
        const { tower, kinds } = await watching(gateway, memoryStore(), { published, bonds: 0n });
        await tower.step();
        await tower.step();
        expect(new Set(kinds())).toEqual(new Set(["missing"]));
      }
      const { tower, kinds } = await watching(gateway, memoryStore(), { bonds: 0n });
      await tower.step();
      expect(kinds()).toEqual(["log", "seal"]);
    }));
});

describe("demands", () => {
  it("are answered by an honest gateway, which gets the bond; the limit of bonds holds", () =>
    sim.fresh(async () => {
      const { chain } = sim.local;
      const gateway = await gatewayOf();
      const hidden: Published = { ...gateway.published, shares: async () => undefined };
      await read(gateway);
      await commit(gateway);
      await seal(gateway, 0n);
      const { tower, events, kinds } = await watching(gateway, memoryStore(), {
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
      expect(kinds().slice(3)).toEqual(["answered"]);
      // The bond is the gateway's: a second one would be beyond the limit.
      await tower.step();
      expect(kinds().slice(4)).toEqual(["bond-limit"]);
      expect(await getBalance(chain, faults)).toBe(asked!.bond);
      expect(await frozen(gateway)).toBe(false);
    }));

  it("wait for the time to publish, outlive a restart, and bring stake and bond", () =>
    sim.fresh(async () => {
      const store = folderStore(join(folder, "demands"));
      const gateway = await gatewayOf();
      gateway.hideLog();
      await read(gateway);
      await commit(gateway);
      const look = async () => {
        const { tower, kinds } = await watching(gateway, store, { grace: HOUR });
        await tower.step();
        return kinds();
      };
      expect(await look()).toEqual(["log", "missing"]);
      await sim.until((await sim.now()) + HOUR);
      expect(await look()).toEqual(["missing", "demanded"]);
      expect(await look()).toEqual(["missing"]);
      await sim.until((await sim.now()) + 25n * HOUR);
      expect(await look()).toEqual(["missing", "fault", "challenged"]);
      expect(await frozen(gateway)).toBe(true);
      expect(await getBalance(sim.local.chain, sim.deployment.faults)).toBe(0n);
      expect(await look()).toEqual(["frozen"]);
    }));

  it("of an entry are settled by its answer, whoever sends it", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      const published = gateway.published;
      const nothing: Published = { ...published, entries: async () => [] };
      const { tower, events, kinds } = await watching(gateway, memoryStore(), { published: nothing });
      await tower.step();
      const event = events.at(-1)!;
      const asked = event.kind === "demanded" && event.asked.what === "entry" ? event.asked : undefined;
      const at = Number(asked!.index);
      const [entry, path] = [await gateway.log.entry(at), await gateway.log.proof(at, Number(asked!.size))];
      const demand = { ...asked!, kind: "leaf" as const, id: new Uint8Array(32), deadline: 0n };
      const call = answerLeafCall(sim.deployment.faults, gateway.account.address, demand, entry, path);
      await sim.send([[owner, call]]);
      await tower.step();
      expect(kinds()).toContain("answered");
      expect(kinds()).not.toContain("fault");
    }));
});

describe("a false gateway", () => {
  /** A gateway that sealed one good epoch, and cheats in the next. */
  async function cheated(name: string, look: () => Promise<void>, gateway: SimGateway): Promise<void> {
    const cheat = CHEATS.find((one) => one.name === name)!;
    await read(gateway);
    await commit(gateway);
    await seal(gateway, 0n);
    await look();
    await read(gateway);
    await commit(gateway);
    await look();
    await read(gateway);
    await cheat.log?.(gateway, await sim.now());
    await commit(gateway);
    await look();
    if (await frozen(gateway)) return;
    await sim.until(epochEnd(sim.times, 1n) + HOUR);
    await look();
    if (await frozen(gateway)) return;
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
        const gateway = await gatewayOf();
        const found: string[] = [];
        await cheated(
          name,
          async () => {
            const { tower, events } = await watching(gateway, store);
            await tower.step();
            for (const event of events) if (event.kind === "challenged") found.push(event.suspicion.fault);
          },
          gateway,
        );
        expect(found).toEqual([fault]);
        expect(await frozen(gateway)).toBe(true);
      }),
  );

  it("is only told of without leave to challenge; with it, what was found before is sent", () =>
    sim.fresh(async () => {
      const store = memoryStore();
      const gateway = await gatewayOf();
      await read(gateway);
      await CHEATS.find(({ fault }) => fault === "invalid")!.log!(gateway, await sim.now());
      await commit(gateway);
      const quiet = await watching(gateway, store, { challenge: false });
      await quiet.tower.step();
      await quiet.tower.step();
      expect(quiet.kinds()).toEqual(["log", "fault"]);
      expect(await frozen(gateway)).toBe(false);
      const loud = await watching(gateway, store);
      await loud.tower.step();
      expect(loud.kinds()).toEqual(["fault", "challenged"]);
      expect(await frozen(gateway)).toBe(true);
    }));

  it("that somebody else convicts first costs nothing and stops nothing", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      await read(gateway);
      await CHEATS.find(({ fault }) => fault === "invalid")!.log!(gateway, await sim.now());
      await commit(gateway);
      const { tower, kinds } = await watching(gateway, memoryStore(), {
        send: async () => {
          throw new EnvironmentError("FS-CHAIN-REVERT", "the gateway is frozen by a fault that was proven before");
        },
      });
      await tower.step();
      expect(kinds()).toEqual(["log", "fault", "unproven"]);
    }));

  it("with two roots for one size", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      await gateway.rewrite((entry, index) =>
        index === 1 ? gateway.devices[1]!.attest(gateway.scope, 1_800_000_000n).bytes : entry,
      );
      await commit(gateway);
      const { tower, events } = await watching(gateway, memoryStore());
      await tower.step();
      expect(events.find(({ kind }) => kind === "challenged")).toMatchObject({ suspicion: { fault: "forked" } });
      expect(await frozen(gateway)).toBe(true);
    }));

  it("whose other history nobody sees is asked for it", () =>
    sim.fresh(async () => {
      const gateway = await gatewayOf();
      const { tower, kinds } = await watching(gateway, memoryStore(), { published: gateway.published });
      await tower.step();
      gateway.hideLog();
      await gateway.rewrite((entry, index) =>
        index === 1 ? gateway.devices[1]!.attest(gateway.scope, 1_800_000_000n).bytes : entry,
      );
      await gateway.append([gateway.devices[0]!.attest(gateway.scope, 1_800_000_000n).bytes]);
      await commit(gateway);
      await tower.step();
      expect(kinds()).toEqual(["log", "missing", "demanded"]);
      await sim.until((await sim.now()) + 25n * HOUR);
      await tower.step();
      expect(kinds().slice(3)).toEqual(["fault", "challenged"]);
    }));
});

it("nothing is sent on a doubt of the tower's own: the contract is asked first", () =>
  sim.fresh(async () => {
    const gateway = await gatewayOf();
    await read(gateway);
    await commit(gateway);
    const { sent } = sim;
    // A tower whose cryptography is broken takes every signature for forged.
    const { tower, events } = await watching(gateway, memoryStore(), { verifier: { verify: () => false } });
    await tower.step();
    const doubts = events.filter((event) => event.kind === "unproven");
    expect(doubts).toHaveLength(6);
    expect(doubts[0]!.why).toMatch(/signed this attestation/);
    expect(sim.sent).toBe(sent);
    expect(await frozen(gateway)).toBe(false);
  }));
