import { equalBytes, ProtocolError } from "../../protocols/bytes/index.ts";
import {
  decodeCommitted,
  decodeWords,
  eventTopic,
  type Log,
  wordToAddress,
  wordToUint,
} from "../../protocols/evm/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { data, getBlock, getLatestBlock, quantity, readArray, readData, readObject } from "../coordinator/rpc.ts";

/** What the chain reports that a watchtower follows. */
export type ChainFact =
  | { kind: "committed"; gateway: Uint8Array; seq: bigint; size: bigint; root: Uint8Array }
  | { kind: "sealed"; gateway: Uint8Array; epoch: bigint; deviceKind: number }
  | { kind: "registered"; device: Uint8Array; transaction: Uint8Array }
  /** A demand was answered. */
  | { kind: "answered"; gateway: Uint8Array; id: Uint8Array; transaction: Uint8Array };

/** The block up to which everything was read. */
export interface Cursor {
  number: bigint;
  hash: Uint8Array;
}

export interface ChainFeedOptions {
  chain: Chain;
  ledger: Uint8Array;
  registry: Uint8Array;
  faults: Uint8Array;
  /** Whose commitments and seals. */
  gateways: readonly Uint8Array[];
  /** Block of the Ledger's creation, or any before. */
  fromBlock: bigint;
  cursor?: Cursor;
}

/** Blocks in one question for logs: what end points allow. */
const CHUNK = 1_000n;
/** Logs in one answer. */
const MOST_LOGS = 50_000;

const topic = (signature: string) => {
  let known: Uint8Array | undefined;
  return () => {
    known ??= eventTopic(signature);
    return known;
  };
};
const committedTopic = topic("Committed(address,uint64,uint64,bytes32)");
const sealedTopic = topic("Sealed(address,uint32,uint8)");
const answeredTopic = topic("Answered(address,bytes32,uint256)");
const registeredTopic = topic("Registered(bytes32,address,uint8,uint48,uint64)");

interface Found extends Log {
  transaction: Uint8Array;
}

function foundOf(value: unknown): Found {
  const json = readObject(value, "a log");
  return {
    address: readData(json["address"], "a log's address", 20),
    topics: readArray(json["topics"], "a log's topics", 4).map((one) => readData(one, "a topic", 32)),
    data: readData(json["data"], "a log's data"),
    transaction: readData(json["transactionHash"], "a log's transaction", 32),
  };
}

/** The event of a log; undefined for one that was not asked for. @throws ProtocolError FS-ABI. */
function factOf(log: Found, { ledger, registry, faults }: ChainFeedOptions): ChainFact | undefined {
  const [name, first, second] = log.topics;
  if (name === undefined || first === undefined) return undefined;
  if (equalBytes(log.address, registry) && equalBytes(name, registeredTopic())) {
    return { kind: "registered", device: first, transaction: log.transaction };
  }
  if (equalBytes(log.address, faults) && equalBytes(name, answeredTopic()) && second !== undefined) {
    return { kind: "answered", gateway: wordToAddress(first), id: second, transaction: log.transaction };
  }
  if (!equalBytes(log.address, ledger)) return undefined;
  if (equalBytes(name, sealedTopic()) && second !== undefined) {
    const deviceKind = Number(wordToUint(decodeWords(log.data, 1)[0]!, 8));
    return { kind: "sealed", gateway: wordToAddress(first), epoch: wordToUint(second, 32), deviceKind };
  }
  const committed = decodeCommitted(log, ledger);
  return committed && { kind: "committed", ...committed };
}

/** Reads the contracts' events on from where it stopped; from the beginning again after a reorganisation. */
export class ChainFeed {
  readonly #o: ChainFeedOptions;
  #cursor: Cursor | undefined;

  constructor(options: ChainFeedOptions) {
    this.#o = options;
    this.#cursor = options.cursor;
  }

  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /**
   * What is new. `again`: everything is told from the beginning, and what was told before may not be so.
   * @throws what `Chain.request` throws; ProtocolError FS-CHAIN-ANSWER, FS-ABI.
   */
  async read(): Promise<{ facts: ChainFact[]; again: boolean }> {
    const { chain, ledger, registry, faults, gateways, fromBlock } = this.#o;
    const latest = await getLatestBlock(chain);
    const cursor = this.#cursor;
    const same = cursor && latest.number >= cursor.number ? await getBlock(chain, cursor.number) : undefined;
    const on = cursor !== undefined && same !== undefined && equalBytes(same.hash, cursor.hash);
    const facts: ChainFact[] = [];
    const accounts = gateways.map((address) => {
      const word = new Uint8Array(32);
      word.set(address, 12);
      return data(word);
    });
    for (let from = on ? cursor.number + 1n : fromBlock; from <= latest.number; from += CHUNK) {
      const to = from + CHUNK - 1n < latest.number ? from + CHUNK - 1n : latest.number;
      const found = [
        ...(await this.#logs(from, to, registry, [data(registeredTopic())])),
        ...(await this.#logs(from, to, ledger, [[data(committedTopic()), data(sealedTopic())], accounts])),
        ...(await this.#logs(from, to, faults, [data(answeredTopic()), accounts])),
      ];
      for (const log of found) {
        const fact = factOf(log, this.#o);
        if (fact) facts.push(fact);
      }
    }
    this.#cursor = { number: latest.number, hash: latest.hash };
    return { facts, again: cursor !== undefined && !on };
  }

  async #logs(from: bigint, to: bigint, address: Uint8Array, topics: readonly unknown[]): Promise<Found[]> {
    const filter = { address: data(address), fromBlock: quantity(from), toBlock: quantity(to), topics };
    const answer = await this.#o.chain.request({ method: "eth_getLogs", params: [filter] });
    const logs = readArray(answer, "the logs", MOST_LOGS).map(foundOf);
    if (logs.every((log) => equalBytes(log.address, address))) return logs;
    throw new ProtocolError("FS-CHAIN-ANSWER", "the end point answers with logs of another contract");
  }
}
