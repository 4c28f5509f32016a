import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Answering, type AnsweringEvent } from "../../gateway/coordinator/answering.ts";
import { claimCalls, claimsOf } from "../../gateway/coordinator/claiming.ts";
import { fundLocal } from "../../gateway/coordinator/local-chain.ts";
import { getLatestBlock } from "../../gateway/coordinator/rpc.ts";
import type { SealingEvent } from "../../gateway/coordinator/sealing.ts";
import { localTransactionSigner } from "../../gateway/coordinator/signer.ts";
import { payOf, treeOf } from "../../gateway/rewards/index.ts";
import { encodeCall } from "../../protocols/evm/index.ts";
import { epochEnd, epochStart, finalAt, sealingEnd } from "../../protocols/shares/index.ts";
import { type Committing, sent } from "../support/committing.ts";
import { secretOf, startTestCoordinator, type TestCoordinator, transact } from "../support/coordinator.ts";
import { SealedBoard, SealingRig } from "../support/sealing.ts";

let test: TestCoordinator;
let rig: SealingRig;
let it1: Committing;
const owner = localTransactionSigner(secretOf("the owner of boards"));
const challenger = localTransactionSigner(secretOf("a challenger"));
const boards = [new SealedBoard(1, 0, 500n), new SealedBoard(2, 0, 0n), new SealedBoard(3, 1, 9n)];
const idle = new SealedBoard(4, 0, 0n);

beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
  for (const account of [owner, challenger]) await fundLocal(test.local.chain, account.address);
  rig = await SealingRig.open(test);
  it1 = await rig.submitter();
  for (const board of [...boards, idle]) await rig.enrol(board, owner.address);
});
afterAll(async () => {
  rig?.close();
  await test?.local.stop();
});

const gatewayOf = () => test.gateway.address;
/** Work in the middle of an epoch. */
async function work(epoch: bigint, grown: readonly bigint[]): Promise<void> {
  await rig.at(epochStart(rig.times, epoch) + 1000n);
  for (const [i, board] of boards.entries()) await rig.read(board, grown[i]!);
  await rig.read(idle, 0n);
  await rig.commit(it1);
}
const sealEvents = (events: readonly SealingEvent[]) =>
  events.flatMap((event) =>
    event.kind === "sealed" ? [[event.epoch, event.deviceKind, event.work, event.count]] : [],
  );

// One after the other, on one chain: an epoch follows the one before.
describe("a gateway that seals its epochs", () => {
  const events: SealingEvent[] = [];

  it("says nothing while the first epoch lasts", async () => {
    await work(0n, [40n, 25n, 7n]);
    const before = await sent(test);
    await rig.sealing(it1, events).step();
    expect(rig.files.epochs()).toEqual([]);
    expect(await sent(test)).toBe(before);
  });

  it("waits until the epoch's last block cannot be undone", async () => {
    await rig.at(epochEnd(rig.times, 0n));
    await rig.sealing(it1, events).step();
    expect(rig.files.epochs()).toEqual([]);
  });

  it("seals each kind once, with what its log proves", async () => {
    await rig.afterEpoch(0n);
    const before = await sent(test);
    await rig.until(it1, rig.sealing(it1, events).step());
    expect(sealEvents(events)).toEqual([
      [0n, 0, 65n, 2],
      [0n, 1, 7n, 1],
    ]);
    const prepared = rig.files.read(0n)!;
    for (const seal of prepared.seals) {
      const held = await rig.seals.sealOf(gatewayOf(), 0n, seal.kind);
      expect(held).toMatchObject({ root: treeOf(seal).root.hash, work: treeOf(seal).root.sum });
    }
    expect(prepared.seals[0]!.shares.map(({ to, from }) => to - from).sort()).toEqual([25n, 40n]);
    expect(await sent(test)).toBe(before + 2n);
    // The same gateway and one that was started anew find them in the chain.
    await rig.sealing(it1).step();
    await rig.sealing(await rig.submitter()).step();
    expect(await sent(test)).toBe(before + 2n);
  });

  it("does not seal an epoch whose time is over, and takes its work into the next", async () => {
    await work(1n, [10n, 10n, 10n]);
    await rig.at(sealingEnd(rig.times, 1n));
    const before = await sent(test);
    await rig.sealing(it1, events).step();
    expect(await sent(test)).toBe(before);
    await work(2n, [5n, 0n, 1n]);
    await rig.afterEpoch(2n);
    await rig.until(it1, rig.sealing(it1, events).step());
    expect(sealEvents(events).slice(2)).toEqual([
      [2n, 0, 25n, 2],
      [2n, 1, 11n, 1],
    ]);
  });

  it("refuses to seal when a commitment of the epoch is not kept", async () => {
    await work(3n, [3n, 3n, 3n]);
    // Another process commits with the gateway's key: what is kept here is not all.
    const { seq, size } = await test.coordinator.head(gatewayOf());
    await transact(test, test.gateway, test.coordinator.commitCall(seq + 1n, size, await rig.log.root(Number(size))));
    await rig.afterEpoch(3n);
    const failed = await rig
      .sealing(it1)
      .step()
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "FS-SEAL-COMMITMENT" });
    expect(rig.files.read(3n)).toBeUndefined();
  });

  it("answers a demand for a share and one for an entry, and is owed their bonds", async () => {
    // Epoch 5 is the next one between commitments that are kept.
    await work(4n, [8n, 8n, 8n]);
    await work(5n, [2n, 2n, 2n]);
    await rig.afterEpoch(5n);
    await rig.until(it1, rig.sealing(it1, events).step());
    const faults = await rig.seals.faults();
    expect(faults).toEqual(test.deployment.faults);
    const answered: AnsweringEvent[] = [];
    const answering = new Answering({
      chain: test.local.chain,
      faults,
      gateway: gatewayOf(),
      log: rig.log,
      files: rig.files,
      call: (made) => it1.submitter.call(made),
      clock: it1.clock,
      onEvent: (event) => answered.push(event),
    });
    await answering.step();
    expect(answering.open).toBe(0);
    const bonds: bigint[] = [];
    const demand = async (signature: string, values: Parameters<typeof encodeCall>[1]) => {
      const value = 2n * (await rig.ask(faults, "bondFor(address)", [gatewayOf()]));
      bonds.push(value);
      await transact(test, challenger, { to: faults, data: encodeCall(signature, values), value });
    };
    const { seq, size } = await test.coordinator.head(gatewayOf());
    const root = await rig.log.root(Number(size));
    await demand("demandShare(address,uint32,uint8,uint128)", [gatewayOf(), 5n, 0n, 20n]);
    await demand("demand(address,(uint64,uint64,bytes32),uint64)", [gatewayOf(), [seq, size, root], 6n]);
    await demand("demandShare(address,uint32,uint8,uint128)", [gatewayOf(), 5n, 0n, 0n]);
    for (let i = 0; i < 20 && answered.filter(({ kind }) => kind === "answered").length < 3; i++) {
      await answering.step();
      await it1.submitter.tick();
      await rig.at((await rig.now()) + 1n);
    }
    expect(answered.map(({ kind }) => kind).sort()).toEqual([
      ...["answered", "answered", "answered"],
      ...["demanded", "demanded", "demanded"],
    ]);
    expect(await rig.ask(faults, "openDemands(address)", [gatewayOf()])).toBe(0n);
    const total = bonds.reduce((a, b) => a + b);
    expect(await rig.ask(faults, "owed(address)", [gatewayOf()])).toBe(total);
    const before = await sent(test);
    await answering.step();
    expect(await sent(test)).toBe(before);
  });

  it("pays an owner what the rule says, to the unit, and says why", async () => {
    await rig.at(finalAt(rig.times, 5n));
    const { rewards, token } = test.deployment;
    const claim = async () =>
      claimsOf({
        gateway: gatewayOf(),
        files: rig.files,
        times: rig.times,
        now: (await getLatestBlock(test.local.chain)).timestamp,
        owner: owner.address,
        sealOf: (epoch, kind) => rig.seals.sealOf(gatewayOf(), epoch, kind),
        deviceOf: async (device) => {
          const [terms, found] = [await rig.seals.termsOf(device), await test.coordinator.deviceOf(device)];
          return terms && found && { terms, owner: found.owner };
        },
        markOf: (device) => rig.markOf(device),
      });
    const { batches, unclaimed } = await claim();
    expect(unclaimed).toEqual([]);
    const claims = batches.flatMap(({ shares, ...batch }) => shares.map((share) => ({ ...batch, share })));
    expect(claims.map(({ share }) => share.to - share.from)).toHaveLength(9);
    expect(claims.reduce((sum, { share }) => sum + share.to - share.from, 0n)).toBe(
      boards.reduce((sum, { work: now }) => sum + now, 0n) - 509n,
    );
    let expected = 0n;
    for (const { epoch, kind, share } of claims) {
      const totalWork = await rig.seals.totalWork(epoch, kind);
      const split = await rig.ask(rewards, "split(uint8)", [BigInt(kind)]);
      const auditPart = await rig.ask(rewards, "AUDIT_PART()", []);
      const gatewayPart = await rig.ask(rewards, "GATEWAY_PART()", []);
      const pay = payOf(share, { epoch, split, auditPart, gatewayPart, totalWork });
      expect(pay.pool).toBe(await rig.ask(rewards, "workPool(uint32,uint8)", [epoch, BigInt(kind)]));
      expected += pay.forOwner;
    }
    expect(expected).toBeGreaterThan(0n);
    for (const call of claimCalls(rewards, owner.address, batches)) await transact(test, challenger, call);
    expect(await rig.ask(token, "balanceOf(address)", [owner.address])).toBe(expected);
    const again = await claim();
    expect(again.batches).toEqual([]);
    expect(new Set(again.unclaimed.map(({ why }) => why))).toEqual(new Set(["behind-mark"]));
  });
});
