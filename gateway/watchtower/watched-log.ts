import {
  type Attestation,
  decodeAttestation,
  statementId,
  type Verifier,
  verifyAttestation,
} from "../../protocols/attestation/index.ts";
import { compareBytes, equalBytes, fromUtf8, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { leafHash } from "../../protocols/log/index.ts";
import type { CommitmentEvidence, faultCalls } from "../coordinator/faults.ts";
import { type Range, type ShownEntry, whereDifferent } from "./answers.ts";
import type { Asked } from "./asking.ts";
import type { DeviceKeys } from "./device-keys.ts";
import { Histories } from "./histories.ts";
import type { Mirror } from "./mirror.ts";
import type { Published } from "./published.ts";
import type { Missing, Suspicion } from "./suspicion.ts";

export interface WatchedLogOptions {
  /** Scope of the statements for which this gateway answers, 16 bytes. */
  scope: Uint8Array;
  mirror: Mirror;
  source: Published;
  keys: DeviceKeys;
  verifier: Verifier;
  calls: ReturnType<typeof faultCalls>;
}

/** How far a log was read, kept over restarts. */
export interface LogProgress {
  commitments: CommitmentEvidence[];
  /** Newest commitment to which the copy leads, as all before it do; 0n = none. */
  checkedSeq: bigint;
  /** Entries that were looked at. */
  checkedTo: number;
}

/** Entries that no fault follows from, counted. */
export interface EntryCounts {
  /** Signed by their device, for this gateway. */
  good: number;
  /** Second signatures over a statement, and statements that contradict one before. */
  again: number;
  /** For another coordinator, chain or gateway. */
  foreign: number;
  /** Of devices that are not registered. */
  unregistered: number;
  /** Markers of lost records. */
  lost: number;
}

/** Commitments that the ledger's ring can hold; older ones prove nothing. */
const RING = 1024;

/** What Faults.lostEntry allows. */
const isLost = (entry: Uint8Array, index: number): boolean =>
  entry.length < 100 && fromUtf8(entry) === `fieldseal: entry ${index} is lost, its journal record was damaged`;

/** Follows one gateway's log from commitment to commitment, and looks at every entry once. */
export class WatchedLog {
  readonly #o: WatchedLogOptions;
  readonly #histories = new Histories();
  readonly counts: EntryCounts = { good: 0, again: 0, foreign: 0, unregistered: 0, lost: 0 };
  #commitments: CommitmentEvidence[];
  #checkedSeq: bigint;
  #checkedTo: number;

  constructor(options: WatchedLogOptions, progress: LogProgress) {
    this.#o = options;
    this.#commitments = [...progress.commitments];
    this.#checkedSeq = progress.checkedSeq;
    this.#checkedTo = progress.checkedTo;
  }

  /** Reads the kept copy. @throws EnvironmentError FS-LOG-…. */
  async open(): Promise<void> {
    const { mirror, scope } = this.#o;
    await mirror.open();
    this.#checkedTo = Math.min(this.#checkedTo, mirror.size);
    for await (const { index, attestation } of mirror.entries(0)) {
      if (index >= this.#checkedTo) return;
      const read = readAttestation(attestation);
      if (!read || !equalBytes(read.statement.scope, scope)) continue;
      this.#histories.add(read.statement, index, statementId(read.sign1.payload));
    }
  }

  get progress(): LogProgress {
    return { commitments: this.#commitments, checkedSeq: this.#checkedSeq, checkedTo: this.#checkedTo };
  }

  get mirror(): Mirror {
    return this.#o.mirror;
  }

  /** Newest commitment to which the copy leads: proofs of entries are made in it. */
  get proven(): CommitmentEvidence | undefined {
    return this.#commitments.findLast(({ seq }) => seq <= this.#checkedSeq);
  }

  /** Newest commitment of the chain. */
  get newest(): CommitmentEvidence | undefined {
    return this.#commitments.at(-1);
  }

  /** The first commitment that holds an entry, and the one before it. */
  holding(index: bigint): { before: CommitmentEvidence | undefined; within: CommitmentEvidence } | undefined {
    const at = this.#commitments.findIndex(({ size }) => index < size);
    return at < 0 ? undefined : { before: this.#commitments[at - 1], within: this.#commitments[at]! };
  }

  committed(commitment: CommitmentEvidence): void {
    const last = this.#commitments.at(-1);
    if (last && commitment.seq <= last.seq) return;
    this.#commitments.push(commitment);
    if (this.#commitments.length > RING) this.#commitments.splice(0, this.#commitments.length - RING);
  }

  /** After a reorganisation: the commitments are told again. */
  forget(): void {
    this.#commitments = [];
    this.#checkedSeq = 0n;
  }

  /** Copies what is new and checks it. */
  async advance(): Promise<{ suspicions: Suspicion[]; missing: Missing | undefined }> {
    const suspicions: Suspicion[] = [];
    const missing = await this.#follow(suspicions);
    await this.#check(suspicions);
    return { suspicions, missing };
  }

  async #follow(suspicions: Suspicion[]): Promise<Missing | undefined> {
    const { mirror, source } = this.#o;
    const pending = () => this.#commitments.filter(({ seq }) => seq > this.#checkedSeq);
    // The newest one first: where the log only grew, it brings all the others.
    const farthest = pending().findLast(({ size }) => size <= mirror.reach);
    if (farthest && Number(farthest.size) > mirror.size) await mirror.take(farthest, source);
    for (const commitment of pending()) {
      if (await mirror.leadsTo(commitment)) {
        this.#checkedSeq = commitment.seq;
        continue;
      }
      const { seq, size, root } = commitment;
      if (Number(size) <= mirror.size) return this.#conflict(commitment, suspicions);
      const taken = await mirror.take(commitment, source);
      if (taken.kind === "other") return this.#conflict(commitment, suspicions);
      if (taken.kind === "missing") {
        return { what: "entry", seq, size, root, first: BigInt(taken.first), why: taken.why };
      }
      this.#checkedSeq = seq;
    }
    return undefined;
  }

  /** A commitment to which neither our copy nor what is published after it leads. */
  async #conflict(other: CommitmentEvidence, suspicions: Suspicion[]): Promise<Missing> {
    const { mirror, source, calls } = this.#o;
    const text = `commitment ${other.seq} is of another history`;
    const equal = this.#commitments.find(({ size, root }) => size === other.size && !equalBytes(root, other.root));
    if (equal) {
      const whole = (commitment: CommitmentEvidence) => ({ commitment, leaf: new Uint8Array(32), path: [] });
      suspicions.push({ fault: "forked", text, call: calls.forked(0n, whole(equal), whole(other)) });
    } else if (this.proven) {
      const fork = await mirror.forkOf(this.proven, other, source);
      if (fork) suspicions.push({ fault: "forked", text, call: calls.forked(fork.index, fork.a, fork.b) });
    }
    const { seq, size, root } = other;
    return { what: "entry", seq, size, root, first: 0n, why: "the published entries have another root" };
  }

  /** What the answer to a demand about another history tells: a proof of it, or in which entries to look for one. */
  async judgeAnswer(
    asked: Extract<Asked, { what: "entry" }>,
    shown: ShownEntry,
  ): Promise<{ suspicion: Suspicion } | { range: Range } | undefined> {
    const { mirror, calls } = this.#o;
    const known = this.proven;
    if (known === undefined || (await mirror.leadsTo(asked))) return undefined;
    const where = whereDifferent(asked, shown, await mirror.tree(), Number(known.size));
    if (where === undefined) return undefined;
    if (where !== "leaf") return { range: where };
    const { index, seq, size, root } = asked;
    const { entry, path } = await mirror.logged(known, Number(index));
    const ours = { commitment: known, leaf: leafHash(entry), path };
    const theirs = { commitment: { seq, size, root }, leaf: leafHash(shown.entry), path: shown.path };
    const text = `entry ${index} of commitment ${seq}, shown on demand, is another one than before`;
    return { suspicion: { fault: "forked", text, call: calls.forked(index, ours, theirs) } };
  }

  async #check(suspicions: Suspicion[]): Promise<void> {
    const { mirror } = this.#o;
    const proven = this.proven;
    if (proven === undefined) return;
    for await (const { index, attestation } of mirror.entries(this.#checkedTo)) {
      if (BigInt(index) >= proven.size) break;
      await this.#checkEntry(proven, index, attestation, suspicions);
      this.#checkedTo = index + 1;
    }
  }

  async #checkEntry(
    proven: CommitmentEvidence,
    index: number,
    entry: Uint8Array,
    suspicions: Suspicion[],
  ): Promise<void> {
    const { mirror, scope, calls } = this.#o;
    const read = readAttestation(entry);
    if (read === undefined) {
      if (isLost(entry, index)) {
        this.counts.lost++;
        return;
      }
      const call = calls.invalid(await mirror.logged(proven, index));
      suspicions.push({ fault: "invalid", text: `entry ${index} is no attestation`, call });
      return;
    }
    if (!equalBytes(read.statement.scope, scope)) {
      this.counts.foreign++;
      return;
    }
    const forged = await this.forged(proven, index, read);
    if (forged === "unregistered") this.counts.unregistered++;
    else if (forged) {
      suspicions.push(forged);
      return;
    } else this.counts.good++;
    const found = this.#histories.add(read.statement, index, statementId(read.sign1.payload));
    if (!found) return;
    this.counts.again++;
    const [a, b] = [await mirror.logged(proven, found[0]), await mirror.logged(proven, found[1])];
    const text = `entries ${found[0]} and ${found[1]} of device ${short(read.statement.device)} contradict each other`;
    suspicions.push({ fault: "incoherent", text, call: calls.incoherent(a, b) });
  }

  /** Whether a well-formed entry for this gateway was signed by its device. */
  async forged(
    proven: CommitmentEvidence,
    index: number,
    read: Attestation,
  ): Promise<Suspicion | "unregistered" | undefined> {
    const { mirror, keys, verifier, calls } = this.#o;
    const key = await keys.keyOf(read.statement.device);
    if (key === undefined) return "unregistered";
    if (verifyAttestation(read, key, verifier) === "ok") return undefined;
    const text = `entry ${index} is not signed by device ${short(read.statement.device)}`;
    return { fault: "invalid", text, call: calls.invalid(await mirror.logged(proven, index), key) };
  }
}

const short = (device: Uint8Array) => `fs:${toHex(device.subarray(0, 4))}`;

/** Undefined for bytes that are no attestation. */
export function readAttestation(entry: Uint8Array): Attestation | undefined {
  try {
    return decodeAttestation(entry);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** In the order in which a seal has its shares. */
export const isBefore = (a: Uint8Array, b: Uint8Array): boolean => compareBytes(a, b) < 0;
