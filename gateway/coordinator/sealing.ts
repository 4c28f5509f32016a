import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { EnvironmentError, equalBytes, type FieldsealError } from "../../protocols/bytes/index.ts";
import { type EpochTimes, epochAt, epochEnd, epochStart, sealingEnd } from "../../protocols/shares/index.ts";
import type { LogStore } from "../batch/log-store.ts";
import {
  commitmentsOfEpoch,
  type DatedCommitment,
  type EpochSpan,
  type Left,
  type PreparedEpoch,
  type PreparedSeal,
  prepareEpoch,
  type SealFiles,
  standingsAfter,
  treeOf,
} from "../rewards/index.ts";
import type { CommitmentFiles } from "./commitment-files.ts";
import type { ContractCall, Coordinator } from "./coordinator.ts";
import { Periodic } from "./periodic.ts";
import { type BlockInfo, getBlock } from "./rpc.ts";
import type { LedgerSeals } from "./seals.ts";
import type { CallResult } from "./submitter-options.ts";

export type SealingEvent =
  /** The chain holds the seal. */
  | { kind: "sealed"; epoch: bigint; deviceKind: number; root: Uint8Array; work: bigint; count: number }
  /** A device has growth that is in no share of the epoch. */
  | { kind: "left"; epoch: bigint; device: Uint8Array; why: Left };

export interface SealingOptions {
  coordinator: Coordinator;
  seals: LedgerSeals;
  /** The gateway's account, 20 bytes, and the scope of statements made for it, 16 bytes. */
  gateway: Uint8Array;
  scope: Uint8Array;
  log: Pick<LogStore, "entries">;
  commitments: CommitmentFiles;
  files: SealFiles;
  /** Sends each call once, over restarts: the submitter's `call`. */
  call(call: ContractCall): Promise<CallResult>;
  clock: Clock;
  /** Blocks on top of an epoch's last block before it is read, or the chain's own word for it. */
  finality: number | "finalized";
  /** Between looks at the chain, ms. */
  everyMs?: number;
  onEvent?(event: SealingEvent): void;
  onFailure?(error: FieldsealError): void;
}

const missing = (why: string, epoch: bigint) =>
  new EnvironmentError("FS-SEAL-COMMITMENT", `epoch ${epoch} is not sealed: ${why}`, {
    context: { epoch: Number(epoch) },
    fix: "Wait until every commitment of the epoch is final here; it is tried again until the sealing time ends.",
  });

/**
 * Seals each finished epoch by itself, within its sealing time. The shares are written to disk before anything is sent, and what is
 * sent is made of that file alone: after a crash at any point the same bytes are sent again or found in the chain. The Ledger
 * takes one seal per epoch and kind, so a seal that is sent twice counts once.
 */
export class Sealing {
  readonly #o: SealingOptions;
  readonly #periodic: Periodic;
  /** `epoch/kind` of what was reported. */
  readonly #told = new Set<string>();
  #text = "no epoch has ended yet";

  constructor(options: SealingOptions) {
    this.#o = options;
    const { clock, everyMs = 30_000 } = options;
    const onFailure = (error: FieldsealError) => {
      this.#text = error.message;
      options.onFailure?.(error);
    };
    this.#periodic = new Periodic({ clock, everyMs, step: () => this.step(), onFailure });
  }

  /** One line for people. */
  get status(): string {
    return this.#text;
  }

  start(): void {
    this.#periodic.start();
  }

  /** Stop the submitter first: a step may be waiting for a call. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  /** One look at the chain; when it is time, seals what is not sealed. @throws FS-SEAL-…, FS-CHAIN-…, FS-LOG-…. */
  async step(): Promise<void> {
    const { coordinator, seals, gateway } = this.#o;
    const times = await seals.times();
    const latest = await coordinator.latestBlock();
    const current = epochAt(times, latest.timestamp);
    if (current === 0n) return;
    const epoch = current - 1n;
    if (latest.timestamp >= sealingEnd(times, epoch)) return;
    const { frozen, exit, stake } = await coordinator.head(gateway);
    if (frozen) return this.#say(`epoch ${epoch} is not sealed: the gateway is frozen by a proven fault`);
    if (exit !== 0n) return this.#say(`epoch ${epoch} is not sealed: the gateway is leaving`);
    const least = await seals.minStake();
    if (stake < least) {
      return this.#say(`epoch ${epoch} is not sealed: the gateway's stake of ${stake} wei is below ${least}`);
    }
    const prepared = this.#o.files.read(epoch) ?? (await this.#prepare(times, epoch, latest));
    if (prepared === undefined) return;
    for (const seal of prepared.seals) await this.#seal(times, prepared, seal);
    this.#say(
      prepared.seals.length === 0 ? `epoch ${epoch} holds no work that can be paid` : `epoch ${epoch} is sealed`,
    );
  }

  #say(text: string): void {
    this.#text = text;
  }

  /** The epoch's shares, durable; undefined while its last block may still be undone. */
  async #prepare(times: EpochTimes, epoch: bigint, latest: BlockInfo): Promise<PreparedEpoch | undefined> {
    const { log, scope, files, seals, onEvent } = this.#o;
    const span: EpochSpan = { start: epochStart(times, epoch), end: epochEnd(times, epoch) };
    if (!(await this.#isSettled(span.end, latest))) return undefined;
    const { before, size } = await this.#committed(span, epoch);
    const earlier = files
      .epochs()
      .filter((one) => one < epoch)
      .at(-1);
    const previous = earlier === undefined ? undefined : files.read(earlier);
    const counting = new Set<PreparedSeal>();
    for (const seal of previous?.seals ?? []) {
      if (await this.#isSealed(previous!.epoch, seal)) counting.add(seal);
    }
    const prepared = await prepareEpoch({
      log,
      scope,
      epoch,
      span,
      from: previous?.size ?? 0n,
      standings: previous ? standingsAfter(previous, (seal) => counting.has(seal)) : new Map(),
      before,
      size,
      termsOf: (device) => seals.termsOf(device),
      onLeft: (device, why) => onEvent?.({ kind: "left", epoch, device, why }),
    });
    files.write(prepared);
    return prepared;
  }

  async #isSettled(end: bigint, latest: BlockInfo): Promise<boolean> {
    const { finality, coordinator } = this.#o;
    if (finality === 0) return true;
    const depth = typeof finality === "number" ? latest.number - BigInt(finality) : "finalized";
    if (typeof depth === "bigint" && depth < 0n) return false;
    const block = await getBlock(coordinator.chain, depth);
    return block !== undefined && block.timestamp >= end;
  }

  /** How far the log was committed before the epoch, and by its end. @throws EnvironmentError FS-SEAL-COMMITMENT. */
  async #committed(span: EpochSpan, epoch: bigint): Promise<{ before: bigint; size: bigint }> {
    const { commitments, coordinator, gateway } = this.#o;
    const { before, last } = commitmentsOfEpoch(commitments, coordinator.ledger, gateway, span);
    await this.#requireKnown(before, last, span, epoch);
    return { before: before?.size ?? 0n, size: last?.size ?? before?.size ?? 0n };
  }

  /** The kept commitments must be the chain's, and none may lie between them and the epoch's ends. */
  async #requireKnown(
    before: DatedCommitment | undefined,
    last: DatedCommitment | undefined,
    { start, end }: EpochSpan,
    epoch: bigint,
  ): Promise<void> {
    const { seals, gateway, coordinator } = this.#o;
    const head = await coordinator.head(gateway);
    const check = async (one: DatedCommitment | undefined, until: bigint) => {
      const seq = one?.seq ?? 0n;
      if (one) {
        const minedAt = await seals.committedAt(gateway, seq, one.size, one.root);
        // A place of the ring that was given away again says nothing any more.
        const reused = minedAt === 0n && head.seq >= seq + 1024n;
        if (minedAt !== one.minedAt && !reused) throw missing(`commitment ${seq} is not the one kept here`, epoch);
      }
      if (head.seq <= seq) return;
      const next = await seals.ringTime(gateway, seq + 1n);
      if (next < until) throw missing(`commitment ${seq + 1n} is not kept here`, epoch);
    };
    await check(before, start);
    await check(last ?? before, end);
  }

  async #isSealed(epoch: bigint, seal: PreparedSeal): Promise<boolean> {
    const { seals, gateway } = this.#o;
    const held = await seals.sealOf(gateway, epoch, seal.kind);
    if (held === undefined) return false;
    const { root } = treeOf(seal);
    if (equalBytes(held.root, root.hash) && held.work === root.sum && held.count === BigInt(seal.shares.length)) {
      return true;
    }
    throw new EnvironmentError(
      "FS-SEAL-OTHER",
      `the chain holds another seal of epoch ${epoch} and kind ${seal.kind}`,
      {
        context: { epoch: Number(epoch), kind: seal.kind },
        fix: "Two gateways use one key, or the data folder is an old copy: put the right one back.",
      },
    );
  }

  async #seal(times: EpochTimes, { epoch, size: read }: PreparedEpoch, seal: PreparedSeal): Promise<void> {
    const { seals, call, onEvent } = this.#o;
    const name = `${epoch}/${seal.kind}`;
    if (this.#told.has(name)) return;
    const { hash, sum } = treeOf(seal).root;
    const count = seal.shares.length;
    if (!(await this.#isSealed(epoch, seal))) {
      // A reorganisation deeper than the finality may have moved commitments to another epoch since the shares were made.
      const { size } = await this.#committed({ start: epochStart(times, epoch), end: epochEnd(times, epoch) }, epoch);
      if (size !== read) throw missing(`its shares were made of ${read} entries, ${size} are committed in time`, epoch);
      this.#say(`epoch ${epoch} of kind ${seal.kind} is being sealed`);
      await call(seals.sealCall(epoch, seal.kind, hash, sum, BigInt(count)));
    }
    this.#told.add(name);
    onEvent?.({ kind: "sealed", epoch, deviceKind: seal.kind, root: hash, work: sum, count });
  }
}
