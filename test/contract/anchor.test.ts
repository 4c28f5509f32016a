import { createClient, http } from "viem";
import { getTransactionReceipt, getBlock as viemBlock } from "viem/actions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchAnchor, fetchBlockHeader } from "../../gateway/coordinator/anchor.ts";
import type { Chain } from "../../gateway/coordinator/chain.ts";
import { getNonce, sendRawTransaction } from "../../gateway/coordinator/rpc.ts";
import { EnvironmentError, equalBytes, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { commitmentsOf, decodeHeader, transactionHash, verifyReceiptProof } from "../../protocols/evm/index.ts";
import { mine, rootAt } from "../support/committing.ts";
import { startTestCoordinator, type TestCoordinator } from "../support/coordinator.ts";

let test: TestCoordinator;
beforeAll(async () => {
  test = await startTestCoordinator();
  await test.local.chain.request({ method: "evm_setAutomine", params: [false] });
});
afterAll(async () => {
  await test?.local.stop();
});

/** One block of `count` commitments; the transactions' hashes in order. */
async function block(count: number): Promise<Uint8Array[]> {
  const { coordinator, gateway, deployment } = test;
  const { seq, size } = await coordinator.head(gateway.address);
  const nonce = await getNonce(test.local.chain, gateway.address);
  const hashes: Uint8Array[] = [];
  for (let i = 0n; i < BigInt(count); i++) {
    const { to, data } = coordinator.commitCall(seq + i + 1n, size + i, rootAt(size + i));
    const fields = { chainId: deployment.chainId, nonce: nonce + i, gas: 80_000n, to, value: 0n, data };
    const raw = await gateway.sign({ ...fields, maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 10n ** 9n });
    await sendRawTransaction(test.local.chain, raw);
    hashes.push(transactionHash(raw));
  }
  await mine(test);
  return hashes;
}

describe("anchors", () => {
  // 127 and 128 lie where the trie key grows to two bytes (RLP of the index).
  it.each([1, 2, 16, 17, 129, 260])("prove each transaction of a block of %i", async (count) => {
    const hashes = await block(count);
    const checked = [0, 1, 15, 16, 127, 128, count - 1].filter(
      (index, i, all) => index < count && all.indexOf(index) === i,
    );
    const theirs = createClient({ transport: http(test.local.url, { retryCount: 0 }) });
    for (const index of checked) {
      const anchor = await fetchAnchor(test.local.chain, hashes[index]!);
      expect(anchor.transactionIndex).toBe(index);
      const { header, receipt } = verifyReceiptProof(anchor);
      const receiptOfViem = await getTransactionReceipt(theirs, { hash: `0x${toHex(hashes[index]!)}` });
      const blockOfViem = await viemBlock(theirs, { blockNumber: anchor.blockNumber });
      expect(`0x${toHex(header.hash)}`).toBe(blockOfViem.hash);
      expect([header.number, header.timestamp]).toEqual([blockOfViem.number, blockOfViem.timestamp]);
      expect(receipt.cumulativeGasUsed).toBe(receiptOfViem.cumulativeGasUsed);
      expect(receipt.logs.map((log) => `0x${toHex(log.data)}`)).toEqual(receiptOfViem.logs.map(({ data }) => data));
      const [found] = commitmentsOf(receipt, test.deployment.ledger);
      expect(found?.gateway).toEqual(test.gateway.address);
      expect(() => verifyReceiptProof({ ...anchor, transactionIndex: index + 1 })).toThrow(ProtocolError);
    }
  });

  it("find every flipped bit of header and proof", async () => {
    const [, hash] = await block(3);
    const anchor = await fetchAnchor(test.local.chain, hash!);
    const parts = [anchor.headerRlp, ...anchor.proof];
    let survived = 0;
    parts.forEach((part, n) => {
      for (let bit = 0; bit < part.length * 8; bit++) {
        const flipped = part.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const [headerRlp, ...proof] = parts.with(n, flipped) as [Uint8Array, ...Uint8Array[]];
        try {
          // A header that still decodes is another block: its hash says so.
          if (equalBytes(verifyReceiptProof({ ...anchor, headerRlp, proof }).header.hash, anchor.blockHash)) survived++;
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }
    });
    expect(survived).toBe(0);
  });

  it("give any block's header, with the hash the chain states", async () => {
    for (const number of [0n, 1n, (await test.coordinator.latestBlock()).number]) {
      const header = decodeHeader(await fetchBlockHeader(test.local.chain, number));
      expect(header.number).toBe(number);
    }
    await expect(fetchBlockHeader(test.local.chain, 10n ** 9n)).rejects.toThrow(EnvironmentError);
  });

  it("are made from single receipts where eth_getBlockReceipts is not served", async () => {
    const hashes = await block(4);
    const poor: Chain = {
      async request(args) {
        if (args.method !== "eth_getBlockReceipts") return test.local.chain.request(args);
        throw new EnvironmentError("FS-CHAIN-RPC", "the method does not exist");
      },
    };
    expect(await fetchAnchor(poor, hashes[2]!)).toEqual(await fetchAnchor(test.local.chain, hashes[2]!));
  });

  it("refuse a transaction that is in no block, and a header that cannot be rebuilt", async () => {
    await expect(fetchAnchor(test.local.chain, new Uint8Array(32))).rejects.toMatchObject({ code: "FS-CHAIN-BLOCK" });
    // As if the block were of a fork whose header fields are not known here.
    const raw = await fetchBlockHeader(test.local.chain, 1n);
    const unknownFork = (served: boolean): Chain => ({
      async request(args) {
        if (args.method === "debug_getRawHeader") {
          if (served) return `0x${toHex(raw)}`;
          throw new EnvironmentError("FS-CHAIN-RPC", "the method does not exist");
        }
        const result = await test.local.chain.request(args);
        return args.method === "eth_getBlockByNumber" ? { ...(result as object), baseFeePerGas: undefined } : result;
      },
    });
    expect(await fetchBlockHeader(unknownFork(true), 1n)).toEqual(raw);
    await expect(fetchBlockHeader(unknownFork(false), 1n)).rejects.toMatchObject({ code: "FS-CHAIN-HEADER" });
  });
});
