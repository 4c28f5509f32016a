import { describe, expect, it } from "vitest";
import type { Chain, ChainRequest } from "../../../gateway/coordinator/chain.ts";
import { DemandReader, decodeDemand } from "../../../gateway/coordinator/demands.ts";
import { data, quantity } from "../../../gateway/coordinator/rpc.ts";
import { concatBytes, FieldsealError } from "../../../protocols/bytes/index.ts";
import { encodeArguments, eventTopic, type Log } from "../../../protocols/evm/index.ts";
import { Random } from "../../support/mutate.ts";

const gateway = new Uint8Array(20).fill(0x61);
const faults = new Uint8Array(20).fill(0xfa);
const id = (i: number) => new Uint8Array(32).fill(i);
const padded = (account: Uint8Array) => concatBytes(new Uint8Array(12), account);
const root = new Uint8Array(32).fill(9);
const LEAF = "LeafDemanded(address,bytes32,uint64,uint64,bytes32,uint64,uint256,uint256)";
const SHARE = "ShareDemanded(address,bytes32,uint32,uint8,uint128,uint256,uint256)";

const leafLog = (i: number, of = gateway): Log => ({
  address: faults,
  topics: [eventTopic(LEAF), padded(of), id(i)],
  data: encodeArguments("(uint64,uint64,bytes32,uint64,uint256,uint256)", [7n, 40n, root, BigInt(i), 1000n, 5n]),
});
const shareLog: Log = {
  address: faults,
  topics: [eventTopic(SHARE), padded(gateway), id(200)],
  data: encodeArguments("(uint32,uint8,uint128,uint256,uint256)", [3n, 2n, 1n << 100n, 1000n, 5n]),
};

describe("a demand", () => {
  it("is read from its event", () => {
    const asked = { deadline: 1000n, bond: 5n };
    expect(decodeDemand(leafLog(4), gateway)).toEqual({
      ...{ kind: "leaf", id: id(4), seq: 7n, size: 40n, root, index: 4n },
      ...asked,
    });
    expect(decodeDemand(shareLog, gateway)).toEqual({
      ...{ kind: "share", id: id(200), epoch: 3n, deviceKind: 2, point: 1n << 100n },
      ...asked,
    });
  });

  it("to somebody else, or another event, is none", () => {
    expect(decodeDemand(leafLog(4, faults), gateway)).toBeUndefined();
    const [topic, of] = shareLog.topics;
    expect(decodeDemand({ ...shareLog, topics: [topic!, of!] }, gateway)).toBeUndefined();
    expect(decodeDemand({ ...shareLog, topics: [eventTopic("Answered()"), of!, id(1)] }, gateway)).toBeUndefined();
  });

  it("that is damaged is refused by name", () => {
    const random = new Random(3);
    for (let i = 0; i < 500; i++) {
      const from = i % 2 === 0 ? leafLog(1) : shareLog;
      const bytes = from.data.slice(0, random.below(from.data.length + 1));
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      try {
        decodeDemand({ ...from, data: bytes }, gateway);
      } catch (error) {
        expect((error as FieldsealError).code).toBe("FS-ABI");
      }
    }
    expect(() => decodeDemand({ ...shareLog, data: shareLog.data.subarray(32) }, gateway)).toThrow(FieldsealError);
  });
});

/** A chain of blocks 10 s apart, whose logs are those of `logs` by block. */
class Blocks implements Chain {
  readonly logs = new Map<number, Log[]>();
  readonly ranges: [number, number][] = [];
  height = 5000;
  /** Blocks from here on are others. */
  fork = Number.POSITIVE_INFINITY;
  foreign = false;

  async request({ method, params = [] }: ChainRequest): Promise<unknown> {
    if (method === "eth_getBlockByNumber") {
      const number = params[0] === "latest" ? this.height : Number(params[0]);
      if (number > this.height) return null;
      const hash = new Uint8Array(32);
      new DataView(hash.buffer).setUint32(0, number);
      if (number >= this.fork) hash[31] = 1;
      const base = { number: quantity(BigInt(number)), hash: data(hash) };
      return { ...base, timestamp: quantity(BigInt(number * 10)) };
    }
    const [filter] = params as [{ fromBlock: string; toBlock: string }];
    const [from, to] = [Number(filter.fromBlock), Number(filter.toBlock)];
    this.ranges.push([from, to]);
    const found = [...this.logs].filter(([block]) => block >= from && block <= to).flatMap(([, logs]) => logs);
    return found.map((log) => ({
      address: data(this.foreign ? gateway : log.address),
      topics: log.topics.map(data),
      data: data(log.data),
    }));
  }
}
const indexes = async (reading: ReturnType<DemandReader["read"]>) =>
  (await reading).map((demand) => (demand.kind === "leaf" ? Number(demand.index) : -1));

describe("the reader of demands", () => {
  it("begins where an answer can still be given, in questions of 1,000 blocks, and goes on from there", async () => {
    const chain = new Blocks();
    chain.logs.set(1000, [leafLog(1)]);
    chain.logs.set(2601, [leafLog(2)]);
    chain.logs.set(5000, [leafLog(3), leafLog(9, faults)]);
    const reader = new DemandReader(chain, faults, gateway);
    expect(await indexes(reader.read(24_000n))).toEqual([2, 3]);
    expect(chain.ranges).toEqual([
      [2600, 3599],
      [3600, 4599],
      [4600, 5000],
    ]);
    chain.ranges.length = 0;
    expect(await indexes(reader.read(24_000n))).toEqual([]);
    chain.height = 5003;
    chain.logs.set(5002, [leafLog(4)]);
    expect(await indexes(reader.read(24_000n))).toEqual([4]);
    expect(chain.ranges).toEqual([[5001, 5003]]);
  });

  it("reads again after a reorganisation, and after the chain lost blocks", async () => {
    const chain = new Blocks();
    chain.logs.set(4999, [leafLog(1)]);
    const reader = new DemandReader(chain, faults, gateway);
    expect(await indexes(reader.read(1_000n))).toEqual([1]);
    chain.fork = 4999;
    chain.logs.set(4999, [leafLog(2)]);
    expect(await indexes(reader.read(1_000n))).toEqual([2]);
    chain.height = 4990;
    chain.logs.set(4990, [leafLog(3)]);
    expect(await indexes(reader.read(1_000n))).toEqual([3]);
  });

  it("refuses logs of another contract", async () => {
    const chain = new Blocks();
    chain.logs.set(5000, [leafLog(1)]);
    chain.foreign = true;
    await expect(new DemandReader(chain, faults, gateway).read(100n)).rejects.toMatchObject({
      code: "FS-CHAIN-ANSWER",
    });
  });
});
