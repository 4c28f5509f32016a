import { concatBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../bytes/errors.ts";
import { keccak256 } from "./keccak.ts";
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpList, rlpReadUint, rlpUint } from "./rlp.ts";

export interface Log {
  /** 20 bytes: the contract that emitted it. */
  address: Uint8Array;
  /** 0 to 4 topics of 32 bytes. */
  topics: readonly Uint8Array[];
  data: Uint8Array;
}

export interface Receipt {
  /** EIP-2718 transaction type; 0 for a legacy receipt, whose bytes carry no type. */
  type: number;
  /** Whether the transaction succeeded. */
  status: boolean;
  cumulativeGasUsed: bigint;
  logs: readonly Log[];
  /** Integers that a roll-up appends to its own transaction types' receipts (deposit nonce and version). */
  extra?: readonly bigint[];
}

const CODE = "FS-RECEIPT";
const MAX_BYTES = 1 << 20;

/** The 2,048-bit bloom filter over addresses and topics (yellow paper §4.3.1). */
export function logsBloom(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(256);
  for (const log of logs) {
    for (const item of [log.address, ...log.topics]) {
      const digest = keccak256(item);
      for (let i = 0; i < 6; i += 2) {
        const bit = ((digest[i]! << 8) | digest[i + 1]!) & 2047;
        bloom[255 - (bit >> 3)]! |= 1 << (bit & 7);
      }
    }
  }
  return bloom;
}

/** The bytes of a receipt as the receipts trie holds them. */
export function encodeReceipt({ type, status, cumulativeGasUsed, logs, extra = [] }: Receipt): Uint8Array {
  const payload = encodeRlp([
    rlpUint(status ? 1n : 0n),
    rlpUint(cumulativeGasUsed),
    logsBloom(logs),
    logs.map(({ address, topics, data }) => [address, topics, data]),
    ...extra.map(rlpUint),
  ]);
  return type === 0 ? payload : concatBytes(Uint8Array.of(type), payload);
}

function decodeLog(value: RlpValue, at: number): Log {
  const list = rlpList(value, `log ${at}`, CODE);
  if (list.length !== 3) throw new ProtocolError(CODE, `log ${at} has ${list.length} fields instead of 3`);
  const topics = rlpList(list[1], `the topics of log ${at}`, CODE);
  if (topics.length > 4) throw new ProtocolError(CODE, `log ${at} has ${topics.length} topics`);
  return {
    address: rlpBytes(list[0], `the address of log ${at}`, 20, CODE),
    topics: topics.map((topic, i) => rlpBytes(topic, `topic ${i} of log ${at}`, 32, CODE)),
    data: rlpBytes(list[2], `the data of log ${at}`, undefined, CODE),
  };
}

/**
 * A receipt with a status (EIP-658), legacy or typed (EIP-2718). Receipts from before Byzantium, which hold a state root, are refused.
 * @throws ProtocolError FS-RECEIPT, FS-RLP.
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const first = bytes[0] ?? 0;
  const type = first >= 0xc0 ? 0 : first;
  if (first < 0xc0 && (first === 0 || first > 0x7f)) {
    throw new ProtocolError(CODE, `a receipt does not start with byte ${first}`);
  }
  const body = type === 0 ? bytes : bytes.subarray(1);
  const list = rlpList(decodeRlp(body, { maxBytes: MAX_BYTES, maxDepth: 4 }), "the receipt", CODE);
  if (list.length < 4 || list.length > 6 || (list.length > 4 && type < 0x7d)) {
    throw new ProtocolError(CODE, `a receipt of type ${type} has ${list.length} fields`);
  }
  const status = rlpReadUint(list[0], "the status", 1, CODE);
  if (status > 1n) throw new ProtocolError(CODE, `a receipt's status is 0 or 1, not ${status}`);
  rlpBytes(list[2], "the logs bloom", 256, CODE);
  const extra = list.slice(4).map((item, i) => rlpReadUint(item, `field ${4 + i} of the receipt`, 8, CODE));
  return {
    type,
    status: status === 1n,
    cumulativeGasUsed: rlpReadUint(list[1], "the gas used", 8, CODE),
    logs: rlpList(list[3], "the logs", CODE).map(decodeLog),
    ...(extra.length > 0 ? { extra } : {}),
  };
}
