import { copyOf, equalBytes } from "../bytes/bytes.ts";
import { ProtocolError } from "../bytes/errors.ts";
import { decodeWords, encodeCall, eventTopic, wordToAddress, wordToUint } from "./abi.ts";
import type { Log, Receipt } from "./receipt.ts";

/** A checkpoint as the coordinator's Ledger records it. */
export interface Commitment {
  /** 20 bytes: the account that committed. */
  gateway: Uint8Array;
  /** 1 for a gateway's first commitment, then always the next number. */
  seq: bigint;
  /** Entries in the log. */
  size: bigint;
  /** RFC 6962 root over them. */
  root: Uint8Array;
}

const COMMIT = "commit(uint64,uint64,bytes32)";

let topicOfCommitted: Uint8Array | undefined;

/** `Committed(address indexed gateway, uint64 indexed seq, uint64 size, bytes32 root)` of Ledger.sol. Hashed when first asked for. */
function committedTopic(): Uint8Array {
  topicOfCommitted ??= eventTopic("Committed(address,uint64,uint64,bytes32)");
  return topicOfCommitted;
}

/** Call data of `Ledger.commit`. */
export function encodeCommit({ seq, size, root }: Omit<Commitment, "gateway">): Uint8Array {
  return encodeCall(COMMIT, [seq, size, root]);
}

/** The commitment a log of `ledger` reports, or undefined when the log is something else. @throws ProtocolError FS-ABI. */
export function decodeCommitted(log: Log, ledger: Uint8Array): Commitment | undefined {
  const [topic, gateway, seq] = log.topics;
  if (!equalBytes(log.address, ledger) || topic === undefined || !equalBytes(topic, committedTopic())) return undefined;
  if (gateway === undefined || seq === undefined || log.topics.length !== 3) {
    throw new ProtocolError("FS-ABI", `a Committed event has ${log.topics.length} topics instead of 3`);
  }
  const [size, root] = decodeWords(log.data, 2);
  return {
    gateway: wordToAddress(gateway),
    seq: wordToUint(seq, 64),
    size: wordToUint(size!, 64),
    root: copyOf(root!),
  };
}

/** The commitments a receipt holds, in order: what a verified receipt proof says about a gateway's log. */
export function commitmentsOf(receipt: Receipt, ledger: Uint8Array): Commitment[] {
  if (!receipt.status) return [];
  return receipt.logs.map((log) => decodeCommitted(log, ledger)).filter((found) => found !== undefined);
}
