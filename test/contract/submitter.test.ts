import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeOutboxEntry, encodeOutboxEntry, memoryOutbox, nonceOf } from "../../gateway/coordinator/outbox.ts";
import { quantity } from "../../gateway/coordinator/rpc.ts";
import { localTransactionSigner } from "../../gateway/coordinator/signer.ts";
import { toHex } from "../../protocols/bytes/index.ts";
import { commitmentsOf, decodeTransaction, verifyReceiptProof } from "../../protocols/evm/index.ts";
import { checkpointOf, commitments, committing, mine, onFreshChain, rootAt, run, sent } from "../support/committing.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";

let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
});
afterAll(async () => {
  await test?.local.stop();
});

const gwei = (n: number) => BigInt(n) * 1_000_000_000n;
const setBaseFee = (fee: bigint) =>
  test.local.chain.request({ method: "anvil_setNextBlockBaseFeePerGas", params: [quantity(fee)] });
const setBalance = (wei: bigint) =>
  test.local.chain.request({ method: "anvil_setBalance", params: [`0x${toHex(test.gateway.address)}`, quantity(wei)] });
const fresh = (name: string, body: () => Promise<void>) => it(name, () => onFreshChain(test, body));
const expectCommitted = async (...sizes: bigint[]) => {
  const found = await commitments(test);
  expect(found.map(({ seq, size }) => [seq, size])).toEqual(sizes.map((size, i) => [BigInt(i + 1), size]));
  for (const { size, root } of found) expect(root).toEqual(rootAt(size));
};

describe("the submitter", () => {
  fresh("brings a checkpoint on chain and proves it", async () => {
    const it = await committing(test);
    await it.submitter.tick();
    expect(it.submitter.status).toMatchObject({ state: "idle", text: "nothing to commit" });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    expect(it.submitter.status.state).toBe("pending");
    expect(it.submitter.status.text).toMatch(/^commitment 1 is sent and in no block yet/);
    await mine(test);
    await it.submitter.tick();
    expect(it.submitter.status).toMatchObject({ state: "confirming" });
    expect(it.submitter.status.text).toMatch(/0 blocks deep of 2$/);
    const [event] = it.events;
    if (event?.kind !== "committed") throw new Error("no commitment");
    expect(event).toMatchObject({ seq: 1n, size: 10n, final: false });
    const { header, receipt } = verifyReceiptProof(event.anchor);
    expect(header.hash).toEqual(event.anchor.blockHash);
    expect(commitmentsOf(receipt, test.deployment.ledger)).toEqual([
      { gateway: test.gateway.address, seq: 1n, size: 10n, root: rootAt(10n) },
    ]);
    await mine(test, 2);
    await it.submitter.tick();
    expect(it.submitter.status).toMatchObject({ state: "idle", text: "10 entries committed (commitment 1)" });
    expect(it.events.map((e) => e.kind === "committed" && e.final)).toEqual([false, true]);
    const [entry] = await it.store.load();
    expect(entry).toMatchObject({ state: "done", anchor: event.anchor });
    expect(decodeOutboxEntry(encodeOutboxEntry(entry!))).toEqual(entry);
    await expectCommitted(10n);
  });

  fresh("lets newer checkpoints supersede those that wait, and never goes back", async () => {
    const it = await committing(test);
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    for (const size of [20n, 30n, 40n, 35n]) it.submitter.offer(checkpointOf(size));
    await it.submitter.tick();
    expect((await it.store.load()).length).toBe(1);
    await mine(test);
    await run(it, test, 6);
    await expectCommitted(10n, 40n);
    it.submitter.offer(checkpointOf(40n));
    await run(it, test, 2);
    await expectCommitted(10n, 40n);
    expect(it.submitter.status.state).toBe("idle");
  });

  fresh("raises the fee on the same nonce until it is enough", async () => {
    const it = await committing(test, { raiseAfterMs: 60_000 });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    for (let i = 0; i < 6; i++) {
      await setBaseFee(gwei(3));
      await mine(test);
      await it.clock.advance(60_000);
      await it.submitter.tick();
    }
    const [entry] = await it.store.load();
    expect(entry!.attempts.length).toBeGreaterThan(1);
    const fees = entry!.attempts.map((raw) => decodeTransaction(raw).fields);
    for (let i = 1; i < fees.length; i++) {
      expect(fees[i]!.nonce).toBe(fees[0]!.nonce);
      expect(fees[i]!.data).toEqual(fees[0]!.data);
      expect(fees[i]!.maxFeePerGas * 8n).toBeGreaterThanOrEqual(fees[i - 1]!.maxFeePerGas * 9n);
      expect(fees[i]!.maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(fees[i - 1]!.maxPriorityFeePerGas * 9n);
    }
    await run(it, test, 6);
    await expectCommitted(10n);
    expect(await sent(test)).toBe(1n);
  });

  fresh("keeps below the fee cap and says so", async () => {
    const it = await committing(test, { maxFeePerGas: gwei(5) });
    await setBaseFee(gwei(50));
    await mine(test);
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    expect(it.submitter.status).toMatchObject({ state: "held", code: "FS-CHAIN-FEE" });
    expect(it.submitter.status.text).toMatch(/asks [0-9.]+ gwei per gas, the most allowed is 5 gwei/);
    expect(await it.store.load()).toEqual([]);
    await setBaseFee(gwei(2));
    await mine(test);
    await it.submitter.tick();
    for (let i = 0; i < 4; i++) {
      await setBaseFee(gwei(50));
      await mine(test);
      await it.clock.advance(60_000);
      await it.submitter.tick();
    }
    expect(it.submitter.status.warning).toMatch(/highest fee allowed, 5 gwei/);
    const [entry] = await it.store.load();
    for (const raw of entry!.attempts) expect(decodeTransaction(raw).fields.maxFeePerGas).toBeLessThanOrEqual(gwei(5));
    await setBaseFee(gwei(1));
    await mine(test);
    await run(it, test, 5);
    await expectCommitted(10n);
  });

  fresh("signs anew when another wallet took the nonce", async () => {
    const it = await committing(test);
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    await test.local.chain.request({ method: "anvil_dropAllTransactions" });
    await transact(test, test.gateway, { to: test.gateway.address, data: new Uint8Array(0) });
    await run(it, test, 8);
    const [entry] = await it.store.load();
    expect(entry!.attempts.map((raw) => decodeTransaction(raw).fields.nonce)).toEqual([0n, 1n]);
    expect(entry!.state).toBe("done");
    await expectCommitted(10n);
    it.submitter.offer(checkpointOf(20n));
    await run(it, test, 6);
    await expectCommitted(10n, 20n);
  });

  fresh("gives way when another process committed with its key, and goes on when the log is the same", async () => {
    const it = await committing(test);
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    await test.local.chain.request({ method: "anvil_dropAllTransactions" });
    await transact(test, test.gateway, test.coordinator.commitCall(1n, 7n, rootAt(7n)));
    await run(it, test, 12);
    expect(it.events.some((event) => event.kind === "refused")).toBe(true);
    await expectCommitted(7n, 10n);
  });

  fresh("refuses when the data directory is older than the chain", async () => {
    const first = await committing(test);
    first.submitter.offer(checkpointOf(100n));
    await run(first, test, 5);
    const restored = await committing(test, { rootAt: (size) => (size <= 40n ? rootAt(size) : undefined) });
    restored.submitter.offer(checkpointOf(40n));
    await run(restored, test, 4);
    expect(restored.submitter.status).toMatchObject({ state: "held", code: "FS-CHAIN-AHEAD" });
    expect(restored.submitter.status.text).toMatch(/chain holds 100 log entries/);
    await expectCommitted(100n);
  });

  fresh("refuses when the chain holds another history", async () => {
    const first = await committing(test);
    first.submitter.offer(checkpointOf(100n));
    await run(first, test, 5);
    const other = (size: bigint) => rootAt(size + 1n);
    const forked = await committing(test, { rootAt: other });
    forked.submitter.offer({ size: 140n, root: other(140n) });
    await run(forked, test, 4);
    expect(forked.submitter.status).toMatchObject({ state: "held", code: "FS-CHAIN-FORKED" });
    await expectCommitted(100n);
  });

  fresh("warns before the balance runs dry, holds when it has, goes on when it is filled", async () => {
    const it = await committing(test);
    await setBalance(gwei(6_000_000));
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    expect(it.submitter.status.warning).toMatch(/balance of 0\.006 ETH is enough for [0-9]+ more transactions/);
    await mine(test);
    await it.submitter.tick();
    await setBalance(1000n);
    it.submitter.offer(checkpointOf(20n));
    await run(it, test, 3);
    expect(it.submitter.status).toMatchObject({ state: "held", code: "FS-CHAIN-FUNDS" });
    await setBalance(gwei(1_000_000_000));
    await run(it, test, 5);
    await expectCommitted(10n, 20n);
  });

  fresh("makes other calls in line, and tells why one is refused", async () => {
    const it = await committing(test);
    const run1 = { maker: test.gateway.address, root: rootAt(1n), count: 3n };
    const admitted = it.submitter.call(await test.coordinator.admitCall(run1));
    it.submitter.offer(checkpointOf(10n));
    await run(it, test, 6);
    expect((await admitted).gasUsed).toBeGreaterThan(21_000n);
    const again = it.submitter.call(await test.coordinator.admitCall(run1));
    const refused = again.catch((error: unknown) => error);
    await run(it, test, 2);
    expect(await refused).toMatchObject({ code: "FS-CHAIN-REVERT" });
    expect(it.events.at(-1)).toMatchObject({ kind: "refused", why: "refuses: the run is admitted already" });
    await run(it, test, 3);
    await expectCommitted(10n);
    expect(await sent(test)).toBe(2n);
  });

  it.each([1, 2, 3, 4, 5])("gets its commitments back in after a reorganisation of depth %i", (depth) =>
    onFreshChain(test, async () => {
      const it = await committing(test, { finality: 8 });
      await mine(test, 5);
      for (const size of [10n, 20n, 30n]) {
        it.submitter.offer(checkpointOf(size));
        await it.submitter.tick();
        await mine(test);
        await it.submitter.tick();
      }
      await test.local.chain.request({ method: "anvil_reorg", params: [depth, []] });
      await run(it, test, 14);
      expect(it.events.some((event) => event.kind === "reorganised")).toBe(true);
      expect((await it.store.load()).map(({ state }) => state)).toEqual(["done", "done", "done"]);
      await expectCommitted(10n, 20n, 30n);
      expect(await sent(test)).toBe(3n);
    }),
  );

  fresh("sends what was final once more when the chain forgot it", async () => {
    const store = memoryOutbox();
    await onFreshChain(test, async () => {
      const it = await committing(test, { store });
      for (const size of [10n, 20n]) {
        it.submitter.offer(checkpointOf(size));
        await run(it, test, 5);
      }
      await expectCommitted(10n, 20n);
    });
    await expectCommitted();
    const it = await committing(test, { store });
    it.submitter.offer(checkpointOf(30n));
    await run(it, test, 12);
    await expectCommitted(10n, 20n, 30n);
    expect(store.entries().map(nonceOf)).toEqual([0n, 1n, 2n]);
  });

  fresh("notices a signer that signs something else", async () => {
    const other = localTransactionSigner(secretOf("another account"));
    const it = await committing(test, {
      signer: { address: test.gateway.address, sign: (fields) => other.sign(fields) },
    });
    it.submitter.offer(checkpointOf(10n));
    await it.submitter.tick();
    expect(it.submitter.status.code).toBe("FS-SIGNER-ANSWER");
    expect(await it.store.load()).toEqual([]);
  });

  fresh("runs by itself", async () => {
    const it = await committing(test, { pollMs: 1_000 });
    await it.submitter.start();
    it.submitter.offer(checkpointOf(10n));
    for (let i = 0; i < 400 && (await sent(test)) === 0n; i++) {
      await it.clock.advance(1_000);
      await mine(test);
    }
    await it.submitter.stop();
    await expectCommitted(10n);
  });
});
