import { copyOf, equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  type AbiValue,
  decodeWords,
  encodeCall,
  eventTopic,
  type Log,
  wordToAddress,
  wordToUint,
} from "../../protocols/evm/index.ts";
import type { Share, SumNode } from "../../protocols/shares/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import { call, data, getBlock, getLatestBlock, quantity, readArray, readData, readObject } from "./rpc.ts";

interface Asked {
  /** 32 bytes. */
  id: Uint8Array;
  /** Last second for the answer, since 1970. */
  deadline: bigint;
  /** Wei that the gateway gets for the answer. */
  bond: bigint;
}

/** What a gateway is asked to show (Demands.sol). */
export type Demand =
  | (Asked & { kind: "leaf"; seq: bigint; size: bigint; root: Uint8Array; index: bigint })
  | (Asked & { kind: "share"; epoch: bigint; deviceKind: number; point: bigint });

/** Demands.sol, `State.Open`. */
const OPEN = 1n;
/** Blocks in one question for logs: what end points allow. */
const CHUNK = 1_000n;
/** Logs in one answer. */
const MOST_LOGS = 10_000;

const LEAF = "LeafDemanded(address,bytes32,uint64,uint64,bytes32,uint64,uint256,uint256)";
const SHARE = "ShareDemanded(address,bytes32,uint32,uint8,uint128,uint256,uint256)";
let topics: { leaf: Uint8Array; share: Uint8Array } | undefined;
const topicsOf = () => {
  topics ??= { leaf: eventTopic(LEAF), share: eventTopic(SHARE) };
  return topics;
};

/** The demand that a log of the Faults contract reports; undefined when it is another event. @throws ProtocolError FS-ABI. */
export function decodeDemand(log: Log, gateway: Uint8Array): Demand | undefined {
  const [topic, of, id] = log.topics;
  if (topic === undefined || of === undefined || id === undefined || log.topics.length !== 3) return undefined;
  const { leaf, share } = topicsOf();
  const isLeaf = equalBytes(topic, leaf);
  if ((!isLeaf && !equalBytes(topic, share)) || !equalBytes(wordToAddress(of), gateway)) return undefined;
  const words = decodeWords(log.data, isLeaf ? 6 : 5);
  const number = (at: number, bits: number) => wordToUint(words[at]!, bits);
  if (isLeaf) {
    return {
      kind: "leaf",
      id: copyOf(id),
      seq: number(0, 64),
      size: number(1, 64),
      root: copyOf(words[2]!),
      index: number(3, 64),
      deadline: number(4, 256),
      bond: number(5, 256),
    };
  }
  return {
    kind: "share",
    id: copyOf(id),
    epoch: number(0, 32),
    deviceKind: Number(number(1, 8)),
    point: number(2, 128),
    deadline: number(3, 256),
    bond: number(4, 256),
  };
}

function logOf(value: unknown): Log {
  const json = readObject(value, "a log");
  return {
    address: readData(json["address"], "a log's address", 20),
    topics: readArray(json["topics"], "a log's topics", 4).map((topic) => readData(topic, "a topic", 32)),
    data: readData(json["data"], "a log's data"),
  };
}

/** How many demands to a gateway are open. */
export async function openDemands(chain: Chain, faults: Uint8Array, gateway: Uint8Array): Promise<bigint> {
  const answer = await call(chain, { to: faults, data: encodeCall("openDemands(address)", [gateway]) });
  return wordToUint(decodeWords(answer, 1)[0]!);
}

/** Whether a demand waits for its answer. */
export async function isOpen(chain: Chain, faults: Uint8Array, id: Uint8Array): Promise<boolean> {
  const answer = await call(chain, { to: faults, data: encodeCall("demandOf(bytes32)", [id]) });
  return wordToUint(decodeWords(answer, 4)[2]!) === OPEN;
}

/** How long a gateway has for an answer, seconds. */
export async function answerTime(chain: Chain, faults: Uint8Array): Promise<bigint> {
  return wordToUint(decodeWords(await call(chain, { to: faults, data: encodeCall("ANSWER()", []) }), 1)[0]!);
}

/** Number of the first block at `time` (seconds since 1970) or later; the newest one's when all are earlier. */
async function firstBlockAt(chain: Chain, time: bigint): Promise<bigint> {
  let high = (await getLatestBlock(chain)).number;
  let low = 0n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const block = await getBlock(chain, middle);
    // A node that pruned old blocks: what it lacks is old.
    if (block === undefined || block.timestamp < time) low = middle + 1n;
    else high = middle;
  }
  return low;
}

/** One end point's demands to a gateway, read on from where it stopped; from the start again after a reorganisation. */
export class DemandReader {
  readonly #chain: Chain;
  readonly #faults: Uint8Array;
  readonly #gateway: Uint8Array;
  #cursor: { number: bigint; hash: Uint8Array } | undefined;

  constructor(chain: Chain, faults: Uint8Array, gateway: Uint8Array) {
    this.#chain = chain;
    this.#faults = faults;
    this.#gateway = gateway;
  }

  /**
   * Demands that are new since the last look.
   * @param answer seconds a gateway has for an answer: older demands are lost or won.
   */
  async read(answer: bigint): Promise<Demand[]> {
    const chain = this.#chain;
    const latest = await getLatestBlock(chain);
    const cursor = this.#cursor;
    const same = cursor && (await getBlock(chain, cursor.number));
    const on = cursor && same && equalBytes(same.hash, cursor.hash) && latest.number >= cursor.number;
    let from = on ? cursor.number + 1n : await firstBlockAt(chain, latest.timestamp - answer);
    const found: Demand[] = [];
    for (; from <= latest.number; from += CHUNK) {
      const to = from + CHUNK - 1n < latest.number ? from + CHUNK - 1n : latest.number;
      for (const log of await this.#logs(from, to)) {
        const demand = decodeDemand(log, this.#gateway);
        if (demand) found.push(demand);
      }
    }
    this.#cursor = { number: latest.number, hash: latest.hash };
    return found;
  }

  async #logs(from: bigint, to: bigint): Promise<Log[]> {
    const { leaf, share } = topicsOf();
    const account = new Uint8Array(32);
    account.set(this.#gateway, 12);
    const filter = {
      address: data(this.#faults),
      fromBlock: quantity(from),
      toBlock: quantity(to),
      topics: [[data(leaf), data(share)], data(account)],
    };
    const answer = await this.#chain.request({ method: "eth_getLogs", params: [filter] });
    const logs = readArray(answer, "the logs", MOST_LOGS).map(logOf);
    if (logs.some(({ address }) => !equalBytes(address, this.#faults))) {
      throw new ProtocolError("FS-CHAIN-ANSWER", "the end point answers with logs of another contract");
    }
    return logs;
  }
}

/** A share and its place in a seal, as the contracts take it. */
export const shareValue = ({ device, from, to, fromIndex, toIndex }: Share): AbiValue => [
  device,
  from,
  to,
  fromIndex,
  toIndex,
];
export const stepValues = (path: readonly SumNode[]): AbiValue => path.map(({ hash, sum }) => [hash, sum]);

export function answerLeafCall(
  faults: Uint8Array,
  gateway: Uint8Array,
  { seq, size, root, index }: Extract<Demand, { kind: "leaf" }>,
  entry: Uint8Array,
  path: readonly Uint8Array[],
): ContractCall {
  const values = [gateway, [seq, size, root], index, entry, path];
  return {
    label: `answer the demand for entry ${index}`,
    to: faults,
    data: encodeCall("answer(address,(uint64,uint64,bytes32),uint64,bytes,bytes32[])", values),
  };
}

export function answerShareCall(
  faults: Uint8Array,
  gateway: Uint8Array,
  { epoch, deviceKind, point }: Extract<Demand, { kind: "share" }>,
  share: Share,
  index: number,
  path: readonly SumNode[],
): ContractCall {
  const signature =
    "answerShare(address,uint32,uint8,uint128,(bytes32,uint64,uint64,uint64,uint64),uint64,(bytes32,uint128)[])";
  const place = [shareValue(share), BigInt(index), stepValues(path)];
  return {
    label: `answer the demand for a share of epoch ${epoch}`,
    to: faults,
    data: encodeCall(signature, [gateway, epoch, BigInt(deviceKind), point, ...place]),
  };
}
