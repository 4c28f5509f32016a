import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Answering, type AnsweringEvent } from "../../gateway/coordinator/answering.ts";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { failoverChain } from "../../gateway/coordinator/failover.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { memoryOutbox, type OutboxStore } from "../../gateway/coordinator/outbox.ts";
import { ledgerSeals } from "../../gateway/coordinator/seals.ts";
import { localTransactionSigner } from "../../gateway/coordinator/signer.ts";
import { SealFiles } from "../../gateway/rewards/index.ts";
import { EnvironmentError, toHex } from "../../protocols/bytes/index.ts";
import { encodeCall } from "../../protocols/evm/index.ts";
import { type Committing, mine, onFreshChain, sent } from "../support/committing.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";
import { proxiedChain, startFaultProxy } from "../support/fault-proxy.ts";
import { SealedBoard, SealingRig } from "../support/sealing.ts";

let test: TestCoordinator;
let rig: SealingRig;
/** The outbox after the commitments: each life begins with a copy. */
let outbox: ReturnType<typeof memoryOutbox>;
const owner = localTransactionSigner(secretOf("the owner of boards"));
const challenger = localTransactionSigner(secretOf("a challenger"));

beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
  await fundLocal(test.local.chain, challenger.address);
  rig = await SealingRig.open(test);
  outbox = memoryOutbox();
  const it = await rig.submitter({ store: outbox });
  const boards = [new SealedBoard(1, 0, 500n), new SealedBoard(2, 1, 0n)];
  for (const board of boards) await rig.enrol(board, owner.address);
  for (const board of boards) await rig.read(board, 70n);
  await rig.commit(it);
  await rig.afterEpoch(0n);
});
afterAll(async () => {
  rig?.close();
  await test?.local.stop();
});

class Killed extends Error {}

/** Whether a life ended, and what its parts are given instead of the real ones: each dies at the `at`-th boundary. */
function mortal(at: number, store: OutboxStore, chain: Chain) {
  let n = 0;
  let dead = false;
  const boundary = () => {
    if (dead || n++ === at) {
      dead = true;
      throw new Killed();
    }
  };
  class MortalFiles extends SealFiles {
    override write(...args: Parameters<SealFiles["write"]>): void {
      boundary();
      super.write(...args);
      boundary();
    }
  }
  const mortalStore: OutboxStore = {
    load: () => store.load(),
    async save(entry) {
      boundary();
      await store.save(entry);
      boundary();
    },
  };
  const mortalChain: Chain = {
    async request(args) {
      if (dead) throw new Killed();
      const sends = args.method === "eth_sendRawTransaction";
      if (sends) boundary();
      const result = await chain.request(args);
      if (sends) boundary();
      return result;
    },
  };
  return { files: (folder: string) => new MortalFiles(folder), store: mortalStore, chain: mortalChain, steps: () => n };
}

describe("a gateway that is killed while it seals", () => {
  let folders = 0;

  /** One life that may end early, then one that does not. */
  async function live(at: number): Promise<number> {
    const before = await sent(test);
    const store = memoryOutbox(outbox.entries());
    const folder = `${rig.folder}/life-${folders++}`;
    const trap = mortal(at, store, test.local.chain);
    const first = await rig.submitter({ store: trap.store, chain: trap.chain });
    const step = rig.sealing(first, [], { files: trap.files(folder) }).step();
    step.catch(() => undefined);
    await rig
      .until(first, Promise.race([step, new Promise((_, reject) => setImmediate(reject, new Killed()))]))
      .catch(() => undefined);
    for (let i = 0; i < 8; i++) {
      await first.submitter.tick();
      await mine(test);
    }
    const second = await rig.submitter({ store });
    await rig.until(second, rig.sealing(second, [], { files: new SealFiles(folder) }).step());
    for (const [kind, work] of [
      [0, 70n],
      [1, 70n],
    ] as const) {
      expect(await rig.seals.sealOf(test.gateway.address, 0n, kind)).toMatchObject({ work, count: 1n });
    }
    expect(await sent(test)).toBe(before + 2n);
    return trap.steps();
  }

  it("at any boundary of writing, saving and sending: each kind is sealed by one transaction", async () => {
    const count = await onFreshChain(test, () => live(Number.POSITIVE_INFINITY));
    expect(count).toBeGreaterThanOrEqual(6);
    for (let at = 0; at < count; at++) await onFreshChain(test, () => live(at));
  });

  it("a disk that takes no file: nothing is sent", () =>
    onFreshChain(test, async () => {
      const before = await sent(test);
      class Full extends SealFiles {
        override write(): void {
          throw new EnvironmentError("FS-LOG-FULL", "no space");
        }
      }
      const it = await rig.submitter({ store: memoryOutbox(outbox.entries()) });
      const files = new Full(`${rig.folder}/full`);
      await expect(rig.sealing(it, [], { files }).step()).rejects.toMatchObject({ code: "FS-LOG-FULL" });
      await it.submitter.tick();
      await mine(test);
      expect(await sent(test)).toBe(before);
    }));

  it("by itself, in its turn: one step after the other until it is stopped", () =>
    onFreshChain(test, async () => {
      const it = await rig.submitter({ store: memoryOutbox(outbox.entries()) });
      const faults: string[] = [];
      const files = new SealFiles(`${rig.folder}/by-itself`);
      const sealing = rig.sealing(it, [], { files, everyMs: 1_000, onFailure: ({ code }) => faults.push(code) });
      sealing.start();
      for (let i = 0; i < 60 && sealing.status !== "epoch 0 is sealed"; i++) {
        await it.clock.advance(1_000);
        await it.submitter.tick();
        await mine(test);
      }
      expect(sealing.status).toBe("epoch 0 is sealed");
      await it.submitter.stop();
      await sealing.stop();
      expect(it.clock.pending).toBe(0);
      expect(faults).toEqual([]);
    }));

  it("with two end points of which one lies about a device: nothing is sealed until they agree", () =>
    onFreshChain(test, async () => {
      const proxy = await startFaultProxy(test.local.chain);
      try {
        // deviceOf answers seven words; the third one is the cap.
        proxy.alter = ({ method }, result) => {
          const words: string[] = method === "eth_call" ? (String(result).slice(2).match(/.{64}/g) ?? []) : [];
          return words.length === 7 ? `0x${words.with(2, "f".padStart(64, "0")).join("")}` : result;
        };
        const it = await rig.submitter({ store: memoryOutbox(outbox.entries()) });
        const files = new SealFiles(`${rig.folder}/two`);
        const chain = failoverChain([proxiedChain(proxy), test.local.chain]);
        const seals = ledgerSeals(chain, test.deployment.ledger);
        const sealing = rig.sealing(it, [], { files, seals });
        await expect(sealing.step()).rejects.toMatchObject({ code: "FS-CHAIN-DISAGREE" });
        expect(files.epochs()).toEqual([]);
        proxy.plan = () => "500";
        await expect(sealing.step()).rejects.toMatchObject({ code: "FS-CHAIN-UNCONFIRMED" });
        proxy.plan = () => undefined;
        proxy.alter = (_, result) => result;
        await rig.until(it, sealing.step());
        expect(sealing.status).toBe("epoch 0 is sealed");
      } finally {
        await proxy.stop();
      }
    }));

  it("that is frozen, leaving or without stake does not seal, and says why", () =>
    onFreshChain(test, async () => {
      const it = await rig.submitter({ store: memoryOutbox(outbox.entries()) });
      const { coordinator } = test;
      const files = new SealFiles(`${rig.folder}/not`);
      const says = async (changes: object) => {
        const head = async (gateway: Uint8Array) => ({ ...(await coordinator.head(gateway)), ...changes });
        const sealing = rig.sealing(it, [], { files, coordinator: { ...coordinator, head } });
        await sealing.step();
        return sealing.status;
      };
      expect(await says({ frozen: true })).toMatch(/frozen by a proven fault/);
      expect(await says({ exit: 5n })).toMatch(/leaving/);
      expect(await says({ stake: 7n })).toMatch(/stake of 7 wei is below [0-9]+$/);
      expect(files.epochs()).toEqual([]);
    }));
});

describe("demands", () => {
  /** A sealed epoch with three demands by the challenger. */
  async function demanded(
    body: (it: Committing, faults: Uint8Array, files: SealFiles) => Promise<void>,
  ): Promise<void> {
    await onFreshChain(test, async () => {
      const it = await rig.submitter({ store: memoryOutbox(outbox.entries()) });
      const files = new SealFiles(`${rig.folder}/demands`);
      await rig.until(it, rig.sealing(it, [], { files }).step());
      const faults = await rig.seals.faults();
      const ask = async (signature: string, values: Parameters<typeof encodeCall>[1]) => {
        const value = 2n * (await rig.ask(faults, "bondFor(address)", [test.gateway.address]));
        await transact(test, challenger, { to: faults, data: encodeCall(signature, values), value });
      };
      const { seq, size } = await test.coordinator.head(test.gateway.address);
      const root = await rig.log.root(Number(size));
      for (const index of [0n, 3n]) {
        await ask("demand(address,(uint64,uint64,bytes32),uint64)", [test.gateway.address, [seq, size, root], index]);
      }
      await ask("demandShare(address,uint32,uint8,uint128)", [test.gateway.address, 0n, 1n, 69n]);
      await body(it, faults, files);
    });
  }
  const answering = (it: Committing, faults: Uint8Array, files: SealFiles, chain: Chain, events: AnsweringEvent[]) =>
    new Answering({
      chain,
      faults,
      gateway: test.gateway.address,
      log: rig.log,
      files,
      call: (made) => it.submitter.call(made),
      clock: it.clock,
      onEvent: (event) => events.push(event),
    });
  async function answerAll(it: Committing, one: Answering): Promise<void> {
    for (let i = 0; i < 12; i++) {
      await one.step();
      await it.submitter.tick();
      await mine(test);
    }
  }
  const open = (faults: Uint8Array) => rig.ask(faults, "openDemands(address)", [test.gateway.address]);
  const kinds = (events: readonly AnsweringEvent[]) => events.map(({ kind }) => kind).sort();

  it("that one of two end points hides are answered all the same", () =>
    demanded(async (it, faults, files) => {
      const proxy = await startFaultProxy(test.local.chain);
      try {
        proxy.alter = ({ method, params }, result) => {
          if (method === "eth_getLogs") return [];
          const asked = method === "eth_call" && JSON.stringify(params).includes(toHex(faults));
          if (!asked) return result;
          // No demand is open, and the one that is asked for was answered (state 2).
          if (result === `0x${"3".padStart(64, "0")}`) return `0x${"0".repeat(64)}`;
          const words: string[] = String(result).slice(2).match(/.{64}/g) ?? [];
          return words.length === 4 ? `0x${words.with(2, "2".padStart(64, "0")).join("")}` : result;
        };
        const events: AnsweringEvent[] = [];
        const one = answering(it, faults, files, failoverChain([proxiedChain(proxy), test.local.chain]), events);
        await answerAll(it, one);
        expect(await open(faults)).toBe(0n);
        expect(kinds(events)).toEqual([...Array(3).fill("answered"), ...Array(3).fill("demanded")]);
      } finally {
        await proxy.stop();
      }
    }));

  it("that an end point makes up cost nothing", () =>
    demanded(async (it, faults, files) => {
      const proxy = await startFaultProxy(test.local.chain);
      try {
        proxy.alter = ({ method }, result) =>
          method === "eth_getLogs"
            ? (result as { topics: string[] }[]).map((log) => ({
                ...log,
                topics: log.topics.with(1, log.topics[1]!).with(2, `0x${"77".repeat(32)}`),
              }))
            : result;
        const before = await sent(test);
        const one = answering(it, faults, files, failoverChain([proxiedChain(proxy)]), []);
        await answerAll(it, one);
        expect(await sent(test)).toBe(before);
      } finally {
        await proxy.stop();
      }
    }));

  it("are answered once, also by a gateway that was started anew between", () =>
    demanded(async (it, faults, files) => {
      const before = await sent(test);
      const first = answering(it, faults, files, test.local.chain, []);
      await first.step();
      await it.submitter.tick();
      await it.submitter.stop();
      const again = await rig.submitter({ store: it.store });
      await answerAll(again, answering(again, faults, files, test.local.chain, []));
      expect(await open(faults)).toBe(0n);
      expect(await sent(test)).toBe(before + 3n);
    }));

  it("are told when the shares are not kept here, and the others are answered", () =>
    demanded(async (it, faults) => {
      const events: AnsweringEvent[] = [];
      const none = new SealFiles(`${rig.folder}/none`);
      await answerAll(it, answering(it, faults, none, test.local.chain, events));
      expect(await open(faults)).toBe(1n);
      const failed = events.filter((event) => event.kind === "unanswered");
      expect(failed.map(({ error }) => error.code)).toEqual(["FS-SEAL-FILE"]);
    }));

  it("of no interest any more are forgotten", () =>
    demanded(async (it, faults, files) => {
      const one = answering(it, faults, files, test.local.chain, []);
      // Somebody else answers first.
      const other = answering(it, faults, files, test.local.chain, []);
      await answerAll(it, other);
      await one.step();
      expect([one.open, one.dropped]).toEqual([0, 0]);
    }));
});
