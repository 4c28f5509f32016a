import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryOutbox, nonceOf } from "../../gateway/coordinator/outbox.ts";
import { checkpointOf, commitments, committing, mine, rootAt, run, sent } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";

// A snapshot does not survive a reorganisation below it, so one chain and one outbox go through all of them.
let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
  await mine(test, 70);
});
afterAll(async () => {
  await test?.local.stop();
});

const store = memoryOutbox();
const sizes: bigint[] = [];
const reorganise = (depth: number) => test.local.chain.request({ method: "anvil_reorg", params: [depth, []] });

/** Everything that was ever offered is in the chain once, in order, without a nonce between. */
async function expectOnce(): Promise<void> {
  const found = await commitments(test);
  expect(found.map(({ seq, size }) => [seq, size])).toEqual(sizes.map((size, i) => [BigInt(i + 1), size]));
  for (const { size, root } of found) expect(root).toEqual(rootAt(size));
  expect(await sent(test)).toBe(BigInt(sizes.length));
  expect(new Set(store.entries().map(({ state }) => state))).toEqual(new Set(["done"]));
  expect(store.entries().map(nonceOf)).toEqual(sizes.map((_, i) => BigInt(i)));
}

async function offered({ submitter }: Awaited<ReturnType<typeof committing>>): Promise<void> {
  sizes.push(10n * BigInt(sizes.length + 1));
  submitter.offer(checkpointOf(sizes.at(-1)!));
  await submitter.tick();
}

/** Steps until everything that was offered is final, at most 60 times. */
async function settle(it: Awaited<ReturnType<typeof committing>>): Promise<void> {
  const done = () => store.entries().filter(({ state }) => state === "done").length;
  for (let i = 0; i < 60 && done() < sizes.length; i++) await run(it, test, 1);
  await run(it, test, 1);
}

/** Each of the first 16, and every fourth up to 64. */
const DEPTHS = Array.from({ length: 64 }, (_, i) => i + 1).filter((depth) => depth <= 16 || depth % 4 === 0);

describe("reorganisations", () => {
  it("of depths from 1 to 64, of what was final too: each checkpoint once, in order, no nonce gap", async () => {
    const seen = new Set<number>();
    for (const depth of DEPTHS) {
      const it = await committing(test, { finality: 3, store });
      await offered(it);
      await mine(test);
      await it.submitter.tick();
      const bytes = store.entries().map(({ attempts }) => attempts);
      const before = await sent(test);
      await reorganise(depth);
      seen.add(Number(before - (await sent(test))));
      // What is gone is noticed when there is something to do; the same bytes are sent again.
      await offered(it);
      await run(it, test, 8);
      expect(
        store
          .entries()
          .slice(0, bytes.length)
          .map(({ attempts }) => attempts),
      ).toEqual(bytes);
      await expectOnce();
    }
    // The deep ones took back many commitments at once.
    expect(Math.max(...seen)).toBeGreaterThan(8);
  });

  it("again and again while it confirms", async () => {
    const it = await committing(test, { finality: 5, store });
    await offered(it);
    for (const depth of [1, 3, 2, 5, 4, 7, 1]) {
      await reorganise(depth);
      await run(it, test, 2);
    }
    await offered(it);
    await settle(it);
    await expectOnce();
  });
});
