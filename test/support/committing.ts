import { type ManualClock, manualClock } from "../../firmware-bridge/port/manual-clock.ts";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { coordinatorAt } from "../../gateway/coordinator/coordinator.ts";
import { memoryOutbox, type OutboxStore } from "../../gateway/coordinator/outbox.ts";
import { getNonce, readArray, readData, readObject } from "../../gateway/coordinator/rpc.ts";
import { Submitter } from "../../gateway/coordinator/submitter.ts";
import type { SubmitterEvent, SubmitterOptions } from "../../gateway/coordinator/submitter-options.ts";
import { sha256, toHex, utf8 } from "../../protocols/bytes/index.ts";
import { type Commitment, decodeCommitted } from "../../protocols/evm/index.ts";
import type { TestCoordinator } from "./coordinator.ts";

/** The root of a log that has `size` entries, in these tests. */
export const rootAt = (size: bigint): Uint8Array => sha256(utf8(`root at ${size}`));
export const checkpointOf = (size: bigint) => ({ size, root: rootAt(size) });

export interface Committing {
  submitter: Submitter;
  store: OutboxStore;
  events: SubmitterEvent[];
  clock: ManualClock;
}

/** A submitter over the test chain that is stepped by hand. */
export async function committing(
  test: TestCoordinator,
  changes: Partial<SubmitterOptions & { chain: Chain }> = {},
): Promise<Committing> {
  const { chain = test.local.chain, ...options } = changes;
  const events: SubmitterEvent[] = [];
  const clock = manualClock();
  const store = options.store ?? memoryOutbox();
  const submitter = new Submitter({
    coordinator: coordinatorAt(chain, test.deployment.ledger),
    chainId: test.deployment.chainId,
    signer: test.gateway,
    clock,
    rootAt,
    finality: 2,
    onEvent: (event) => events.push(event),
    ...options,
    store,
  });
  await submitter.open();
  return { submitter, store, events, clock };
}

export const mine = (test: TestCoordinator, blocks = 1) =>
  test.local.chain.request({ method: "anvil_mine", params: [`0x${blocks.toString(16)}`] });

/** Steps and makes blocks in turn. */
export async function run({ submitter }: Committing, test: TestCoordinator, rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await submitter.tick();
    await mine(test);
  }
}

/** Everything the chain says the gateway committed, in order. */
export async function commitments({ local, deployment, gateway }: TestCoordinator): Promise<Commitment[]> {
  const filter = { address: `0x${toHex(deployment.ledger)}`, fromBlock: "0x0", toBlock: "latest" };
  const logs = readArray(await local.chain.request({ method: "eth_getLogs", params: [filter] }), "logs", 10_000);
  return logs
    .map((item) => {
      const json = readObject(item, "log");
      const topics = readArray(json["topics"], "topics", 4).map((topic) => readData(topic, "topic"));
      return decodeCommitted(
        { address: deployment.ledger, topics, data: readData(json["data"], "data") },
        deployment.ledger,
      );
    })
    .filter((found) => found !== undefined && toHex(found.gateway) === toHex(gateway.address))
    .map((found) => found!);
}

/** Transactions of the gateway's account in blocks. */
export const sent = ({ local, gateway }: TestCoordinator): Promise<bigint> => getNonce(local.chain, gateway.address);

/** Runs `body` on the chain as it is now and puts it back afterwards. */
export async function onFreshChain<T>({ local }: TestCoordinator, body: () => Promise<T>): Promise<T> {
  const snapshot = await local.chain.request({ method: "evm_snapshot" });
  try {
    return await body();
  } finally {
    await local.chain.request({ method: "evm_revert", params: [snapshot] });
  }
}
