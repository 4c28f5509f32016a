import { copyOf, fromUtf8, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../protocols/cbor/index.ts";
import { decodeTransaction, transactionHash } from "../../protocols/evm/index.ts";
import type { Anchor } from "./anchor.ts";

/** What a transaction of the gateway's account is for. */
export type OutboxTask =
  | { kind: "commit"; seq: bigint; size: bigint; root: Uint8Array }
  | { kind: "call"; label: string; to: Uint8Array; data: Uint8Array };

/** One task that was signed at least once. It is saved before its first byte leaves the gateway. */
export interface OutboxEntry {
  /** 1, 2, 3 … in the order of first signing. */
  id: bigint;
  task: OutboxTask;
  /** Raw transactions, oldest first: the same call with a higher fee, or another nonce where a foreign transaction took it. */
  attempts: readonly Uint8Array[];
  /** open: not final yet. done: final in a block. refused: final, and the contract reverted it. */
  state: "open" | "done" | "refused";
  /** Where it stands in the chain, once it is done. */
  anchor?: Anchor;
}

/** The outbox's memory, backed by the journal. */
export interface OutboxStore {
  /** Newest state of each entry, by id. Entries that are not open may be left out, but the last 64 are wanted: a chain can forget. */
  load(): Promise<OutboxEntry[]>;
  /** Durable when it resolves. */
  save(entry: OutboxEntry): Promise<void>;
}

/** The memory twin. */
export function memoryOutbox(initial: readonly OutboxEntry[] = []): OutboxStore & { entries(): OutboxEntry[] } {
  const records = new Map(initial.map((entry) => [entry.id, encodeOutboxEntry(entry)]));
  const entries = () => [...records.values()].map(decodeOutboxEntry);
  return {
    entries,
    load: async () => entries(),
    save: async (entry) => void records.set(entry.id, encodeOutboxEntry(entry)),
  };
}

/** The newest transaction of an entry. */
export const latestAttempt = (entry: OutboxEntry): Uint8Array => entry.attempts[entry.attempts.length - 1]!;
export const nonceOf = (entry: OutboxEntry): bigint => decodeTransaction(latestAttempt(entry)).fields.nonce;
export const hashesOf = (entry: OutboxEntry): Uint8Array[] => entry.attempts.map(transactionHash).reverse();

const VERSION = 1;
const STATES = ["open", "done", "refused"] as const;
const LIMITS = { maxBytes: 4 << 20 };

function encodeTask(task: OutboxTask): CborValue[] {
  return task.kind === "commit" ? [0, task.seq, task.size, task.root] : [1, utf8(task.label), task.to, task.data];
}

function encodeAnchor({
  chainId,
  transactionHash,
  headerRlp,
  proof,
  transactionIndex,
  blockNumber,
  blockHash,
}: Anchor) {
  return [chainId, transactionHash, blockNumber, blockHash, headerRlp, transactionIndex, [...proof]];
}

/** An entry as a journal record: a deterministic CBOR array [version, id, state, task, attempts, anchor or null]. */
export function encodeOutboxEntry({ id, task, attempts, state, anchor }: OutboxEntry): Uint8Array {
  const where = anchor === undefined ? null : encodeAnchor(anchor);
  return encodeCbor([VERSION, id, STATES.indexOf(state), encodeTask(task), [...attempts], where]);
}

const bad = (what: string) => new ProtocolError("FS-OUTBOX-RECORD", `an outbox record's ${what} is not as written`);

function list(value: CborValue | undefined, what: string, length?: number): readonly CborValue[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw bad(what);
  return value;
}

function bytes(value: CborValue | undefined, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw bad(what);
  return copyOf(value);
}

function uint(value: CborValue | undefined, what: string): bigint {
  if (typeof value === "bigint" && value >= 0n) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  throw bad(what);
}

function decodeTask(value: CborValue | undefined): OutboxTask {
  const [kind, first, second, third] = list(value, "task", 4);
  if (kind === 0)
    return { kind: "commit", seq: uint(first, "seq"), size: uint(second, "size"), root: bytes(third, "root") };
  if (kind !== 1) throw bad("task");
  const label = fromUtf8(bytes(first, "label"));
  if (label === undefined) throw bad("label");
  return { kind: "call", label, to: bytes(second, "recipient"), data: bytes(third, "data") };
}

function decodeAnchor(value: CborValue | undefined): Anchor | undefined {
  if (value === null) return undefined;
  const [chainId, hash, number, blockHash, header, index, proof] = list(value, "anchor", 7);
  return {
    chainId: uint(chainId, "chain id"),
    transactionHash: bytes(hash, "transaction hash"),
    blockNumber: uint(number, "block number"),
    blockHash: bytes(blockHash, "block hash"),
    headerRlp: bytes(header, "header"),
    transactionIndex: Number(uint(index, "index")),
    proof: list(proof, "proof").map((node) => bytes(node, "proof")),
  };
}

/** @throws ProtocolError FS-OUTBOX-RECORD, FS-CBOR-…. */
export function decodeOutboxEntry(record: Uint8Array): OutboxEntry {
  const [version, id, state, task, attempts, where] = list(decodeCbor(record, LIMITS), "array", 6);
  if (version !== VERSION) throw bad("version");
  const named = STATES[Number(uint(state, "state"))];
  const raw = list(attempts, "attempts").map((attempt) => bytes(attempt, "attempts"));
  if (named === undefined || raw.length === 0) throw bad("state");
  const anchor = decodeAnchor(where);
  return { id: uint(id, "id"), task: decodeTask(task), attempts: raw, state: named, ...(anchor ? { anchor } : {}) };
}
