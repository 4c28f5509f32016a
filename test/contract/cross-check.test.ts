import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failoverChain } from "../../gateway/coordinator/failover.ts";
import { checkpointOf, commitments, committing, mine, onFreshChain, rootAt, run, sent } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";
import { type FaultProxy, proxiedChain, startFaultProxy } from "../support/fault-proxy.ts";

let test: TestCoordinator;
/** Three end points of one chain; each can be made to lie, lag or fall silent. */
const points: FaultProxy[] = [];
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
  for (let i = 0; i < 3; i++) points.push(await startFaultProxy(test.local.chain));
});
afterAll(async () => {
  for (const point of points) await point.stop();
  await test?.local.stop();
});

const honest = (point: FaultProxy) => {
  point.plan = () => undefined;
  point.alter = (_, result) => result;
};
const hostOf = (point: FaultProxy) => new URL(point.url).host;
const chainOf = (count: number) => failoverChain(points.slice(0, count).map(proxiedChain));
type Altering = (receipt: Record<string, unknown>) => unknown;
/** Changes the receipt of a transaction, and leaves all else as it is. */
const receipts = (point: FaultProxy, change: Altering) => {
  point.alter = ({ method }, result) =>
    method === "eth_getTransactionReceipt" && result ? change(result as Record<string, unknown>) : result;
};
const fresh = (name: string, body: () => Promise<void>) =>
  it(name, () =>
    onFreshChain(test, async () => {
      try {
        await body();
      } finally {
        points.forEach(honest);
      }
    }),
  );

/** A submitter with a commitment that is mined and not looked for yet. */
async function mined(count: number) {
  const it = await committing(test, { chain: chainOf(count) });
  it.submitter.offer(checkpointOf(10n));
  await it.submitter.tick();
  await mine(test);
  return it;
}
const open = async (it: Awaited<ReturnType<typeof mined>>) => (await it.store.load()).map(({ state }) => state);
async function expectOnce(): Promise<void> {
  expect((await commitments(test)).map(({ seq, size }) => [seq, size])).toEqual([[1n, 10n]]);
  expect(await sent(test)).toBe(1n);
}

describe("two end points must agree before a receipt counts", () => {
  fresh("one end point: it counts, and the status says that nobody else was asked", async () => {
    const it = await mined(1);
    expect(it.submitter.status.crossCheck).toBe("one end point, not cross-checked");
    await run(it, test, 4);
    expect(await open(it)).toEqual(["done"]);
    expect(it.submitter.status.crossCheck).toBe("one end point, not cross-checked");
  });

  fresh("two that are one host are one end point", async () => {
    const it = await committing(test, { chain: failoverChain([proxiedChain(points[0]!), proxiedChain(points[0]!)]) });
    expect(it.submitter.status.crossCheck).toBe("one end point, not cross-checked");
  });

  fresh("two that agree: it counts", async () => {
    const it = await mined(2);
    expect(it.submitter.status.crossCheck).toBe("2 end points, two must agree");
    await run(it, test, 4);
    expect(await open(it)).toEqual(["done"]);
    expect(it.submitter.status).toMatchObject({ state: "idle", crossCheck: "2 of 2 end points agree" });
    await expectOnce();
  });

  const contradictions: [string, Altering, RegExp][] = [
    ["the block's hash", (r) => ({ ...r, blockHash: `0x${"22".repeat(32)}` }), /has it in block 0x22222222/],
    ["the status", (r) => ({ ...r, status: "0x0" }), /another status or other logs/],
    ["the logs", (r) => ({ ...r, logs: [] }), /another status or other logs/],
  ];
  it.each(contradictions)(
    "two that disagree about %s: nothing is counted, and the status says so",
    (_, change, words) =>
      onFreshChain(test, async () => {
        const it = await mined(2);
        receipts(points[1]!, change);
        await run(it, test, 3);
        expect(it.submitter.status).toMatchObject({ state: "retrying", code: "FS-CHAIN-DISAGREE" });
        expect(it.submitter.status.crossCheck).toBe("end points disagree");
        expect(it.submitter.status.text).toMatch(words);
        expect(it.submitter.status.text).toContain(hostOf(points[1]!));
        expect(it.events).toEqual([]);
        expect(await open(it)).toEqual(["open"]);
        points.forEach(honest);
        await run(it, test, 3);
        expect(await open(it)).toEqual(["done"]);
        expect(it.submitter.status.warning).toBeUndefined();
        await expectOnce();
      }),
  );

  fresh("one that lies to itself, receipt and all, convinces nobody", async () => {
    // The first end point shows a receipt for a transaction that is in no block of the chain: the second knows nothing of it.
    const it = await committing(test, { chain: chainOf(2) });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    const snapshot = await test.local.chain.request({ method: "evm_snapshot" });
    await mine(test);
    const answers = new Map<string, unknown>();
    points[0]!.alter = (request, result) => {
      answers.set(JSON.stringify([request.method, request.params]), result);
      return result;
    };
    points[1]!.plan = () => "close";
    await it.submitter.tick();
    expect(it.submitter.status.code).toBe("FS-CHAIN-UNCONFIRMED");
    await test.local.chain.request({ method: "evm_revert", params: [snapshot] });
    points[0]!.alter = (request, result) => answers.get(JSON.stringify([request.method, request.params])) ?? result;
    points[1]!.plan = () => undefined;
    await it.submitter.tick();
    expect(it.submitter.status.code).toBe("FS-CHAIN-UNCONFIRMED");
    expect(it.submitter.status.text).toContain(`${hostOf(points[1]!)} does not know it`);
    expect(it.events).toEqual([]);
    expect(await open(it)).toEqual(["open"]);
  });

  fresh("one that lags: it is waited for, and nothing is sent twice", async () => {
    const it = await mined(2);
    receipts(points[1]!, () => null);
    await run(it, test, 5);
    expect(it.submitter.status).toMatchObject({ state: "retrying", code: "FS-CHAIN-UNCONFIRMED" });
    expect(it.submitter.status.text).toContain("does not know it");
    expect(it.events).toEqual([]);
    honest(points[1]!);
    await run(it, test, 3);
    expect(await open(it)).toEqual(["done"]);
    await expectOnce();
  });

  fresh("one that lags in blocks: counted as committed, not as final", async () => {
    const it = await mined(2);
    points[1]!.alter = ({ method, params }, result) =>
      method === "eth_getBlockByNumber" && params[0] === "latest" ? { ...(result as object), number: "0x3" } : result;
    await run(it, test, 4);
    expect(it.submitter.status.state).toBe("confirming");
    expect(await open(it)).toEqual(["open"]);
    honest(points[1]!);
    await it.submitter.tick();
    expect(await open(it)).toEqual(["done"]);
  });

  it.each(["hang", "500", "close", "not-json"] as const)(
    "one that answers with %s: nothing is counted meanwhile",
    (fault) =>
      onFreshChain(test, async () => {
        const it = await mined(2);
        points[1]!.plan = () => fault;
        await run(it, test, 2);
        expect(it.submitter.status.code).toBe("FS-CHAIN-UNCONFIRMED");
        expect(it.events).toEqual([]);
        points.forEach(honest);
        await run(it, test, 3);
        expect(await open(it)).toEqual(["done"]);
        await expectOnce();
      }),
  );

  fresh("two of three agree: it counts, and the third is named", async () => {
    const it = await mined(3);
    receipts(points[2]!, (r) => ({ ...r, status: "0x0" }));
    await it.submitter.tick();
    expect(it.events.map(({ kind }) => kind)).toEqual(["committed"]);
    expect(it.submitter.status.crossCheck).toBe("2 of 3 end points agree");
    expect(it.submitter.status.warning).toContain(hostOf(points[2]!));
  });

  fresh("two of three lie alike: one against two counts nothing", async () => {
    const it = await mined(3);
    for (const point of points.slice(1)) receipts(point, (r) => ({ ...r, status: "0x0" }));
    await it.submitter.tick();
    expect(it.submitter.status.code).toBe("FS-CHAIN-DISAGREE");
    expect(it.events).toEqual([]);
  });

  fresh("one that says the nonce is taken and hides the receipt: nothing is signed anew", async () => {
    const it = await mined(2);
    receipts(points[0]!, () => null);
    await run(it, test, 8);
    const [entry] = await it.store.load();
    expect(entry!.attempts.length).toBe(1);
    points.forEach(honest);
    await run(it, test, 4);
    expect(await open(it)).toEqual(["done"]);
    await expectOnce();
  });

  fresh("a call whose receipt is hidden is not made a second time", async () => {
    const it = await committing(test, { chain: chainOf(2) });
    const admit = { maker: test.gateway.address, root: rootAt(3n), count: 3n };
    const called = it.submitter.call(await test.coordinator.admitCall(admit));
    await it.submitter.tick();
    await mine(test);
    receipts(points[0]!, () => null);
    await run(it, test, 8);
    expect(it.submitter.status.code).toBe("FS-CHAIN-UNCONFIRMED");
    expect(it.submitter.status.text).toContain(`${hostOf(points[1]!)} shows its transaction`);
    points.forEach(honest);
    await run(it, test, 4);
    expect((await called).gasUsed).toBeGreaterThan(21_000n);
    expect(await sent(test)).toBe(1n);
  });

  fresh("one alone that says the nonce is taken is not believed", async () => {
    const it = await committing(test, { chain: chainOf(2) });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    points[0]!.alter = ({ method }, result) => (method === "eth_getTransactionCount" ? "0x9" : result);
    for (let i = 0; i < 6; i++) await it.submitter.tick();
    expect(it.submitter.status.code).toBe("FS-CHAIN-UNCONFIRMED");
    expect((await it.store.load())[0]!.attempts.length).toBe(1);
    points.forEach(honest);
    await mine(test);
    await run(it, test, 4);
    await expectOnce();
  });

  fresh("both say that another wallet took the nonce: signed anew", async () => {
    const it = await committing(test, { chain: chainOf(2) });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    await test.local.chain.request({ method: "anvil_dropAllTransactions" });
    await transact(test, test.gateway, { to: test.gateway.address, data: new Uint8Array(0) });
    await run(it, test, 8);
    expect(await open(it)).toEqual(["done"]);
    expect((await commitments(test)).map(({ seq, size }) => [seq, size])).toEqual([[1n, 10n]]);
  });

  fresh("a reorganisation that only one of them has seen", async () => {
    const it = await committing(test, { chain: chainOf(2), finality: 4 });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    await mine(test);
    await it.submitter.tick();
    expect(it.events.length).toBe(1);
    points[1]!.alter = ({ method, params }, result) =>
      method === "eth_getBlockByNumber" && params[0] !== "latest"
        ? { ...(result as object), hash: `0x${"33".repeat(32)}` }
        : result;
    await run(it, test, 6);
    expect(it.submitter.status.code).toBe("FS-CHAIN-DISAGREE");
    expect(await open(it)).toEqual(["open"]);
    points.forEach(honest);
    await run(it, test, 2);
    expect(await open(it)).toEqual(["done"]);
  });
});
