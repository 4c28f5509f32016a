import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { memoryOutbox, type OutboxStore } from "../../gateway/coordinator/outbox.ts";
import { EnvironmentError } from "../../protocols/bytes/index.ts";
import { checkpointOf, commitments, committing, mine, onFreshChain, rootAt, run, sent } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";
import { ALL_FAULTS, type Fault, type FaultProxy, proxiedChain, startFaultProxy } from "../support/fault-proxy.ts";

let test: TestCoordinator;
let proxy: FaultProxy;
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
  proxy = await startFaultProxy(test.local.chain);
});
afterAll(async () => {
  await proxy?.stop();
  await test?.local.stop();
});

async function expectExactly(sizes: readonly bigint[]): Promise<void> {
  const found = await commitments(test);
  expect(found.map(({ seq, size }) => [seq, size])).toEqual(sizes.map((size, i) => [BigInt(i + 1), size]));
  for (const { size, root } of found) expect(root).toEqual(rootAt(size));
  expect(await sent(test)).toBe(BigInt(sizes.length));
}

/** Two commitments through the proxy. */
async function commitTwo(chain: Chain): Promise<void> {
  const it = await committing(test, { chain });
  it.submitter.offer(checkpointOf(10n));
  await run(it, test, 3);
  it.submitter.offer(checkpointOf(20n));
  await run(it, test, 9);
}

describe("faults of the end point", () => {
  let requests = 0;

  it("are injected into each of the requests that two commitments take", async () => {
    proxy.methods.length = 0;
    await onFreshChain(test, async () => {
      await commitTwo(proxiedChain(proxy));
      await expectExactly([10n, 20n]);
    });
    requests = proxy.methods.length;
    expect(new Set(proxy.methods)).toContain("eth_sendRawTransaction");
    expect(requests).toBeGreaterThan(40);
  });

  it.each<Fault>([...ALL_FAULTS])("%s: each checkpoint is committed exactly once", async (fault) => {
    // Faults that wait for a time-out are tried at every third request.
    const stride = fault.endsWith("hang") ? 3 : 1;
    for (let at = 0; at < requests; at += stride) {
      await onFreshChain(test, async () => {
        const base = proxy.methods.length;
        proxy.plan = (n) => (n - base === at ? fault : undefined);
        await commitTwo(proxiedChain(proxy));
        await expectExactly([10n, 20n]);
      });
    }
    proxy.plan = () => undefined;
  });

  it.each<Fault>(["hang", "accept-then-hang"])("%s while sending: exactly once", async (fault) => {
    for (const hits of [1, 2, 3]) {
      await onFreshChain(test, async () => {
        let left = hits;
        proxy.plan = (_, { method }) => (method === "eth_sendRawTransaction" && left-- > 0 ? fault : undefined);
        await commitTwo(proxiedChain(proxy));
        await run(await committing(test), test, 1);
        proxy.plan = () => undefined;
        await expectExactly([10n, 20n]);
      });
    }
  });

  it("is told as it is: how long, and when the next try comes", () =>
    onFreshChain(test, async () => {
      const it = await committing(test, { chain: proxiedChain(proxy) });
      const texts: string[] = [];
      const waits: number[] = [];
      for (const fault of ["500", "500", "429", "hang", "close", "truncated", "wrong-id", "not-json"] as const) {
        proxy.plan = () => fault;
        waits.push(await it.submitter.tick());
        texts.push(it.submitter.status.text);
        await it.clock.advance(60_000);
      }
      proxy.plan = () => undefined;
      expect(waits).toEqual([500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000]);
      expect(texts.slice(0, 5)).toEqual([
        "coordinator 500 since 14:00 (retry in 1 s)",
        "coordinator 500 since 14:00 (retry in 1 s)",
        "coordinator 429 since 14:00 (retry in 2 s)",
        "coordinator no answer in time since 14:00 (retry in 5 s)",
        "coordinator unreachable (ECONNRESET) since 14:00 (retry in 10 s)",
      ]);
      for (const text of texts.slice(5)) expect(text).toMatch(/answer .* since 14:00 \(retry in [0-9]+ s\)$/);
      await it.submitter.tick();
      expect(it.submitter.status).toMatchObject({ state: "idle" });
    }));
});

describe("an end point that lies", () => {
  const lying = (name: string, alter: FaultProxy["alter"], expected: RegExp | string) =>
    it(name, () =>
      onFreshChain(test, async () => {
        const it = await committing(test, { chain: proxiedChain(proxy) });
        it.submitter.offer(checkpointOf(10n));
        await it.submitter.tick();
        await mine(test);
        proxy.alter = alter;
        for (let i = 0; i < 4; i++) {
          await it.submitter.tick();
          await mine(test);
        }
        expect(it.submitter.status.text).toMatch(expected);
        expect(it.events).toEqual([]);
        expect((await it.store.load()).map(({ state }) => state)).toEqual(["open"]);
        proxy.alter = (_, result) => result;
        await run(it, test, 5);
        await expectExactly([10n]);
        expect((await it.store.load()).map(({ state }) => state)).toEqual(["done"]);
      }),
    );
  const onReceipt = (change: (receipt: Record<string, unknown>) => unknown): FaultProxy["alter"] => {
    return ({ method }, result) =>
      method === "eth_getTransactionReceipt" && result ? change(result as Record<string, unknown>) : result;
  };

  lying(
    "about the receipt's transaction",
    onReceipt((r) => ({ ...r, transactionHash: `0x${"11".repeat(32)}` })),
    /another transaction's/,
  );
  lying(
    "about the receipt's place",
    onReceipt((r) => ({ ...r, transactionIndex: "0x5" })),
    /not at the index it states/,
  );
  lying(
    "with a block receipt that failed",
    ({ method }, result) =>
      method === "eth_getBlockReceipts"
        ? (result as Record<string, unknown>[]).map((r) => ({ ...r, status: "0x0" }))
        : result,
    /not in the receipts root/,
  );
  lying(
    "about a block's hash",
    ({ method }, result) =>
      method === "eth_getBlockByNumber" && result && (result as { number: string }).number !== undefined
        ? { ...(result as object), hash: `0x${"22".repeat(32)}` }
        : result,
    /does not give the block's hash/,
  );
  lying(
    "about the Ledger's state",
    ({ method }, result) => (method === "eth_call" ? `0x${"00".repeat(32)}` : result),
    /does not hold commitment 1/,
  );
  lying(
    "that it has no receipt",
    onReceipt(() => null),
    /does not serve its receipt/,
  );

  it("that a transaction is included which is not: it stays open and is sent again", () =>
    onFreshChain(test, async () => {
      const it = await committing(test, { chain: proxiedChain(proxy) });
      it.submitter.offer(checkpointOf(10n));
      await it.submitter.tick();
      const block = await test.coordinator.latestBlock();
      proxy.alter = ({ method, params }, result) =>
        method === "eth_getTransactionReceipt"
          ? {
              transactionHash: params[0],
              blockNumber: `0x${block.number.toString(16)}`,
              transactionIndex: "0x0",
              status: "0x1",
              cumulativeGasUsed: "0x1",
              gasUsed: "0x1",
              logs: [],
            }
          : result;
      await it.submitter.tick();
      expect(it.submitter.status.text).toMatch(/not at the index it states/);
      proxy.alter = (_, result) => result;
      await test.local.chain.request({ method: "anvil_dropAllTransactions" });
      await run(it, test, 6);
      await expectExactly([10n]);
    }));

  it("about the chain id: nothing is sent", () =>
    onFreshChain(test, async () => {
      const it = await committing(test, { chain: proxiedChain(proxy) });
      proxy.alter = ({ method }, result) => (method === "eth_chainId" ? "0x1" : result);
      proxy.methods.length = 0;
      it.submitter.offer(checkpointOf(10n));
      await run(it, test, 3);
      expect(it.submitter.status).toMatchObject({ state: "held", code: "FS-CHAIN-ID" });
      expect(it.submitter.status.text).toBe("the end point serves chain 1, not 31337");
      expect(new Set(proxy.methods)).toEqual(new Set(["eth_chainId"]));
      // The end point changes its mind between the look and the send.
      let asked = 0;
      proxy.alter = ({ method }, result) => (method === "eth_chainId" && ++asked > 1 ? "0x1" : result);
      await it.submitter.tick();
      expect(proxy.methods).not.toContain("eth_sendRawTransaction");
      proxy.alter = (_, result) => result;
      await run(it, test, 6);
      await expectExactly([10n]);
    }));
});

describe("kill -9", () => {
  class Killed extends Error {}

  /** Counts the boundaries of save and send, and dies at one of them. */
  function deadly(store: OutboxStore, chain: Chain, at: number) {
    let n = 0;
    let dead = false;
    const boundary = () => {
      if (dead || n++ === at) {
        dead = true;
        throw new Killed();
      }
    };
    const deadlyStore: OutboxStore = {
      load: () => store.load(),
      async save(entry) {
        boundary();
        await store.save(entry);
        boundary();
      },
    };
    const deadlyChain: Chain = {
      async request(args) {
        const sends = args.method === "eth_sendRawTransaction";
        if (dead) throw new Killed();
        if (sends) boundary();
        const result = await chain.request(args);
        if (sends) boundary();
        return result;
      },
    };
    return { store: deadlyStore, chain: deadlyChain, boundaries: () => n, isDead: () => dead };
  }

  /** Offers three checkpoints, restarting over the same store after each death; the first three lives die at `at` when `often`, else the first. */
  async function liveUntilDone(at: number, often: boolean): Promise<number> {
    const store = memoryOutbox();
    const sizes = [10n, 20n, 30n];
    let boundaries = 0;
    for (let life = 0; life < 8; life++) {
      const trap = deadly(store, test.local.chain, life < (often ? 3 : 1) ? at : -1);
      const it = await committing(test, { store: trap.store, chain: trap.chain });
      for (const size of sizes) {
        const head = await test.coordinator.head(test.gateway.address);
        if (size <= head.size) continue;
        if (store.entries().some(({ task }) => task.kind === "commit" && task.size >= size)) {
          await run(it, test, 3);
          continue;
        }
        it.submitter.offer(checkpointOf(size));
        await run(it, test, 3);
        if (trap.isDead()) break;
      }
      if (!trap.isDead()) await run(it, test, 4);
      boundaries = trap.boundaries();
      if (!trap.isDead()) break;
    }
    await run(await committing(test, { store }), test, 8);
    await expectExactly(sizes);
    expect(store.entries().map(({ state }) => state)).toEqual(["done", "done", "done"]);
    return boundaries;
  }

  it("at every boundary of saving and sending: each checkpoint exactly once, no nonce gap", async () => {
    const count = await onFreshChain(test, () => liveUntilDone(Number.POSITIVE_INFINITY, false));
    expect(count).toBeGreaterThanOrEqual(18);
    for (let at = 0; at < count; at++) {
      await onFreshChain(test, () => liveUntilDone(at, false));
      await onFreshChain(test, () => liveUntilDone(at, true));
    }
  });

  it("a store that cannot save: nothing is sent, and the reason shows", () =>
    onFreshChain(test, async () => {
      const full: OutboxStore = {
        load: async () => [],
        save: async () => {
          throw new EnvironmentError("FS-JOURNAL-FULL", "the disk is full");
        },
      };
      const it = await committing(test, { store: full });
      it.submitter.offer(checkpointOf(10n));
      await run(it, test, 3);
      expect(it.submitter.status.text).toMatch(/the disk is full/);
      expect(await sent(test)).toBe(0n);
    }));
});
