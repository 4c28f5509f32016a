import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { memoryOutbox, type OutboxStore } from "../../gateway/coordinator/outbox.ts";
import { CancelledError } from "../../protocols/bytes/index.ts";
import { committing, mine, onFreshChain, rootAt, run, sent } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";

let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
});
afterAll(async () => {
  await test?.local.stop();
});

const admit = () => ({ maker: test.gateway.address, root: rootAt(5n), count: 5n });
const callOf = () => test.coordinator.admitCall(admit());
const ignore = () => undefined;

class Killed extends Error {}

/** A store and a chain that die at the `at`-th boundary of saving and sending. */
function deadly(store: OutboxStore, chain: Chain, at: number) {
  let n = 0;
  let dead = false;
  const boundary = () => {
    if (dead || n++ === at) {
      dead = true;
      throw new Killed();
    }
  };
  return {
    boundaries: () => n,
    store: {
      load: () => store.load(),
      async save(entry) {
        boundary();
        await store.save(entry);
        boundary();
      },
    } satisfies OutboxStore,
    chain: {
      async request(args) {
        if (dead) throw new Killed();
        const sends = args.method === "eth_sendRawTransaction";
        if (sends) boundary();
        const result = await chain.request(args);
        if (sends) boundary();
        return result;
      },
    } satisfies Chain,
  };
}

describe("a call that is asked for again after a crash", () => {
  async function liveTwice(at: number): Promise<number> {
    const store = memoryOutbox();
    const trap = deadly(store, test.local.chain, at);
    const first = await committing(test, { store: trap.store, chain: trap.chain });
    first.submitter.call(await callOf()).catch(ignore);
    await run(first, test, 1);
    // The next life asks for the same, as one that looks at the chain does while it does not hold it.
    const second = await committing(test, { store });
    if (!(await test.coordinator.isAdmitted(admit()))) {
      const done = second.submitter.call(await callOf());
      await run(second, test, 6);
      expect((await done).gasUsed).toBeGreaterThan(21_000n);
    }
    await run(second, test, 4);
    expect(await test.coordinator.isAdmitted(admit())).toBe(true);
    expect(await sent(test)).toBe(1n);
    expect(store.entries().map(({ state }) => state)).toEqual(["done"]);
    return trap.boundaries();
  }

  it("is in the chain once, wherever it died", async () => {
    const count = await onFreshChain(test, () => liveTwice(Number.POSITIVE_INFINITY));
    expect(count).toBeGreaterThanOrEqual(4);
    for (let at = 0; at < count; at++) await onFreshChain(test, () => liveTwice(at));
  });

  it("is told when it becomes final, when it was in a block already", () =>
    onFreshChain(test, async () => {
      const store = memoryOutbox();
      const first = await committing(test, { store, finality: 5 });
      first.submitter.call(await callOf()).catch(ignore);
      await run(first, test, 2);
      await first.submitter.stop();
      const second = await committing(test, { store, finality: 5 });
      await second.submitter.tick();
      const done = second.submitter.call(await callOf());
      await run(second, test, 8);
      expect((await done).anchor.blockNumber).toBeGreaterThan(0n);
      expect(await sent(test)).toBe(1n);
    }));

  it("ends with the submitter, and is cancelled by name", () =>
    onFreshChain(test, async () => {
      const it = await committing(test);
      const done = it.submitter.call(await callOf());
      const failed = done.catch((error: unknown) => error);
      await it.submitter.stop();
      expect(await failed).toBeInstanceOf(CancelledError);
      await mine(test);
    }));
});
