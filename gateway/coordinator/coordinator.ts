import { concatBytes, EnvironmentError, equalBytes } from "../../protocols/bytes/index.ts";
import {
  decodeWords,
  encodeArguments,
  encodeCall,
  encodeCommit,
  keccak256,
  wordToAddress,
  wordToUint,
} from "../../protocols/evm/index.ts";
import { treeHash } from "../../protocols/log/index.ts";
import type { Chain } from "./chain.ts";
import { type BlockInfo, call, getLatestBlock } from "./rpc.ts";

/** A contract call, not yet a transaction. */
export interface ContractCall {
  /** For people: `commit 7`, `register fs:1a2b3c4d`. */
  label: string;
  to: Uint8Array;
  data: Uint8Array;
  /** Wei that go with it; none by default. */
  value?: bigint;
}

/** State of a gateway in the Ledger. */
export interface GatewayHead {
  /** Number of the newest commitment; 0n = none yet. */
  seq: bigint;
  /** Log size at that commitment. */
  size: bigint;
  /** Wei. */
  stake: bigint;
  /** Seconds since 1970; 0n = not leaving. */
  exit: bigint;
  frozen: boolean;
}

export interface RegisteredDevice {
  owner: Uint8Array;
  kind: number;
  /** Most work per hour. */
  cap: bigint;
  /** Seconds since 1970. */
  since: bigint;
  /** Work register at enrolment. */
  mark: bigint;
  /** Work above this is not payable; undefined while the key is in use. */
  end?: bigint;
  /** Epochs that begin at this time or later are not payable, seconds since 1970; undefined while the key is in use. */
  until?: bigint;
}

/** A device's place in a maker's production run, as Registry.sol's `Entry`. */
export interface RunEntry {
  maker: Uint8Array;
  root: Uint8Array;
  count: bigint;
  index: bigint;
  kind: number;
  cap: bigint;
}

export interface Registration {
  entry: RunEntry;
  path: readonly Uint8Array[];
  /** The gateway in the enrolment's scope, 20 bytes. */
  gateway: Uint8Array;
  statement: Uint8Array;
  body: Uint8Array;
  /** 64 bytes. */
  signature: Uint8Array;
}

const REGISTER = "register((address,bytes32,uint64,uint64,uint8,uint48),bytes32[],(address,bytes,bytes),bytes)";
const ZERO_ADDRESS = new Uint8Array(20);
/** What a device in use has: the largest numbers of Registry.sol's fields. */
const NO_END = (1n << 64n) - 1n;
const NO_UNTIL = (1n << 40n) - 1n;

/** Leaf of a production run: device 32 ‖ kind 1 ‖ cap 6, big-endian. Its RFC 6962 hash goes into the run's tree. */
export function runLeaf(device: Uint8Array, kind: number, cap: bigint): Uint8Array {
  const tail = encodeArguments("(uint48)", [cap]).subarray(26);
  return concatBytes(device, Uint8Array.of(kind), tail);
}

/** A run of one device, as somebody admits it who made the device at home. */
export function runOfOne(maker: Uint8Array, device: Uint8Array, kind: number, cap: bigint): RunEntry {
  return { maker, root: treeHash([runLeaf(device, kind, cap)]), count: 1n, index: 0n, kind, cap };
}

/** What the Ledger's ring holds for a commitment mined at `minedAt` (seconds): 27 bytes of hash, 5 of time. */
export function ringMark(
  gateway: Uint8Array,
  seq: bigint,
  size: bigint,
  root: Uint8Array,
  minedAt: bigint,
): Uint8Array {
  const types = "(address,uint64,uint64,bytes32,uint40)";
  const hash = keccak256(encodeArguments(types, [gateway, seq, size, root, minedAt]));
  const time = encodeArguments("(uint40)", [minedAt]).subarray(27);
  return concatBytes(hash.subarray(0, 27), time);
}

/** Reads and call data of the coordinator's contracts. Everything reads the newest block. */
export interface Coordinator {
  readonly chain: Chain;
  readonly ledger: Uint8Array;
  registry(): Promise<Uint8Array>;
  latestBlock(): Promise<BlockInfo>;
  head(gateway: Uint8Array): Promise<GatewayHead>;
  /** Whether the gateway committed exactly this and the ring (1,024 places) still holds it. */
  isCommitted(gateway: Uint8Array, seq: bigint, size: bigint, root: Uint8Array): Promise<boolean>;
  deviceOf(device: Uint8Array): Promise<RegisteredDevice | undefined>;
  /** Work register at enrolment. */
  firstMark(device: Uint8Array): Promise<bigint>;
  isAdmitted(entry: Pick<RunEntry, "maker" | "root" | "count">): Promise<boolean>;
  commitCall(seq: bigint, size: bigint, root: Uint8Array): ContractCall;
  admitCall(entry: Pick<RunEntry, "maker" | "root" | "count">): Promise<ContractCall>;
  registerCall(registration: Registration, label?: string): Promise<ContractCall>;
}

/**
 * The coordinator at a Ledger's address. Nothing is asked of the chain before the first read; the Registry's address is asked of
 * the Ledger, and must be the given one.
 *
 * Reads throw what `Chain.request` throws; EnvironmentError FS-CHAIN-NO-CONTRACT when no contract is there; ProtocolError FS-ABI.
 */
export function coordinatorAt(chain: Chain, ledger: Uint8Array, expected?: { registry?: Uint8Array }): Coordinator {
  const ask = async (to: Uint8Array, signature: string, values: Parameters<typeof encodeCall>[1], words: number) => {
    const answer = await call(chain, { to, data: encodeCall(signature, values) });
    if (answer.length === 0) {
      throw new EnvironmentError("FS-CHAIN-NO-CONTRACT", "there is no coordinator contract at the given address", {
        fix: "Check the addresses and the chain id; on a local chain, deploy again.",
      });
    }
    return decodeWords(answer, words);
  };
  const flag = (value: Uint8Array) => wordToUint(value, 1) === 1n;
  let known: Uint8Array | undefined;
  const registry = async (): Promise<Uint8Array> => {
    if (known === undefined) {
      const [word] = await ask(ledger, "REGISTRY()", [], 1);
      const found = wordToAddress(word!);
      if (expected?.registry !== undefined && !equalBytes(expected.registry, found)) {
        throw new EnvironmentError("FS-CHAIN-REGISTRY", "the Ledger belongs to another Registry than the one given", {
          fix: "Take both addresses from one deployment file.",
        });
      }
      known = found;
    }
    return known;
  };

  return {
    chain,
    ledger,
    registry,
    latestBlock: () => getLatestBlock(chain),
    async head(gateway) {
      const words = await ask(ledger, "gatewayOf(address)", [gateway], 6);
      const [stake, seq, size, exit] = words.map((value) => wordToUint(value));
      return { stake: stake!, seq: seq!, size: size!, exit: exit!, frozen: flag(words[4]!) };
    },
    async isCommitted(gateway, seq, size, root) {
      const values = [gateway, seq, size, root];
      const [answer] = await ask(ledger, "isCommitted(address,uint64,uint64,bytes32)", values, 1);
      return flag(answer!);
    },
    async deviceOf(device) {
      const words = await ask(await registry(), "deviceOf(bytes32)", [device], 7);
      const owner = wordToAddress(words[0]!);
      if (equalBytes(owner, ZERO_ADDRESS)) return undefined;
      const [, kind, cap, since, mark, end, until] = words.map((value) => wordToUint(value));
      return {
        ...{ owner, kind: Number(kind), cap: cap!, since: since!, mark: mark! },
        ...(end === NO_END ? {} : { end: end! }),
        ...(until === NO_UNTIL ? {} : { until: until! }),
      };
    },
    async firstMark(device) {
      const [mark] = await ask(await registry(), "firstMark(bytes32)", [device], 1);
      return wordToUint(mark!, 64);
    },
    async isAdmitted({ maker, root, count }) {
      const run = keccak256(encodeArguments("(address,bytes32,uint64)", [maker, root, count]));
      const [admitted] = await ask(await registry(), "admittedAt(bytes32)", [run], 1);
      return wordToUint(admitted!) !== 0n;
    },
    commitCall: (seq, size, root) => ({ label: `commit ${seq}`, to: ledger, data: encodeCommit({ seq, size, root }) }),
    async admitCall({ maker, root, count }) {
      const data = encodeCall("admit(address,bytes32,uint64)", [maker, root, count]);
      return { label: `admit a run of ${count}`, to: await registry(), data };
    },
    async registerCall({ entry, path, gateway, statement, body, signature }, label = "register a device") {
      const { maker, root, count, index, kind, cap } = entry;
      const tuple = [maker, root, count, index, BigInt(kind), cap];
      const values = [tuple, path, [gateway, statement, body], signature];
      return { label, to: await registry(), data: encodeCall(REGISTER, values) };
    },
  };
}

/** RFC 6962 root of a log's first `size` entries; undefined when the log is shorter. */
export type RootAt = (size: bigint) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** What the chain says about a gateway's log. */
export type ChainVerdict =
  /** Nothing committed yet, or what is committed is part of this log. */
  | { kind: "consistent"; head: GatewayHead }
  /** The chain holds more than this log: the data directory is older than the chain. */
  | { kind: "behind"; head: GatewayHead }
  /** The chain holds another history. */
  | { kind: "forked"; head: GatewayHead };

/**
 * Compares a log with its newest commitment. Anything but "consistent" means: sign nothing.
 */
export async function compareWithChain(
  coordinator: Coordinator,
  gateway: Uint8Array,
  rootAt: RootAt,
): Promise<ChainVerdict> {
  const head = await coordinator.head(gateway);
  if (head.seq === 0n) return { kind: "consistent", head };
  const root = await rootAt(head.size);
  if (root === undefined) return { kind: "behind", head };
  const same = await coordinator.isCommitted(gateway, head.seq, head.size, root);
  return { kind: same ? "consistent" : "forked", head };
}
