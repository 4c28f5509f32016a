import type { Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, EnvironmentError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { decodeTransaction } from "../../protocols/evm/index.ts";
import { OutboxBook } from "./book.ts";
import type { Chain } from "./chain.ts";
import { type ContractCall, compareWithChain } from "./coordinator.ts";
import { CrossCheck } from "./cross-check.ts";
import { findInclusion, type Inclusion, isCanonical, requireCommitted } from "./inclusion.ts";
import { hashesOf, latestAttempt, nonceOf, type OutboxEntry, type OutboxTask } from "./outbox.ts";
import { type BlockInfo, getBlock, getLatestBlock, getNonce, hasTransaction } from "./rpc.ts";
import { requireChainId, sendRaw } from "./send.ts";
import { faultWords, gwei, StatusBoard, type SubmitterStatus } from "./status.ts";
import type { CallResult, Checkpoint, SubmitterOptions } from "./submitter-options.ts";
import { TransactionMaker } from "./transaction-maker.ts";

interface PendingCall {
  call: ContractCall;
  resolve(result: CallResult): void;
  reject(error: FieldsealError): void;
}

/** Looks at the chain, by which a nonce counts as taken: the answers of one end point may come from nodes that lag. */
const TAKEN_LOOKS = 3;

const labelOf = (task: OutboxTask): string => (task.kind === "commit" ? `commitment ${task.seq}` : task.label);

/**
 * Brings checkpoints on chain, each at most once and in order, through any crash, fault of the end point, reorganisation or
 * rise of fees. A task is signed, saved and only then sent; what is saved is sent again as the same bytes until it is final.
 * One task at a time is in no block. Checkpoints that wait are superseded by newer ones: the log only grows, so the newest
 * covers them, and the sequence number is given when the transaction is signed.
 */
export class Submitter {
  readonly #o: Required<Omit<SubmitterOptions, "onEvent" | "onStatus">> & SubmitterOptions;
  readonly #book: OutboxBook;
  readonly #included = new Map<bigint, Inclusion>();
  /** When the newest attempt of an entry was first handed over by this process, monotonic ms. */
  readonly #sentAt = new Map<bigint, number>();
  readonly #underpriced = new Set<bigint>();
  readonly #taken = new Map<bigint, number>();
  readonly #calls: PendingCall[] = [];
  readonly #settlers = new Map<bigint, PendingCall>();
  #waiting: Checkpoint | undefined;
  readonly #maker: TransactionMaker;
  readonly #cross: CrossCheck;
  readonly #board: StatusBoard;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  constructor(options: SubmitterOptions) {
    this.#o = {
      finality: 12,
      maxFeePerGas: 200_000_000_000n,
      pollMs: 2_000,
      raiseAfterMs: 60_000,
      ...options,
    };
    this.#book = new OutboxBook(options.store);
    const { coordinator, chainId, signer, maxFeePerGas } = this.#o;
    this.#maker = new TransactionMaker(coordinator.chain, chainId, signer, maxFeePerGas);
    this.#cross = new CrossCheck(coordinator.chain);
    const warning = () => this.#cross.warning ?? this.#maker.warning;
    this.#board = new StatusBoard(options.clock, warning, () => this.#cross.text, options.onStatus);
  }

  get status(): SubmitterStatus {
    return this.#board.current;
  }

  /** Reads the outbox; `tick()` may be called then. @throws what the store throws. */
  async open(): Promise<void> {
    await this.#book.load();
  }

  /** Reads the outbox and goes on by itself from there. @throws what the store throws. */
  async start(): Promise<void> {
    await this.open();
    this.#stopped = false;
    this.#wake();
  }

  /** Ends after the step under way. What is open stays in the outbox. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
    const stopped = new CancelledError("FS-SUBMITTER-STOPPED", "the gateway stopped before the call was in a block");
    for (const { reject } of [...this.#calls.splice(0), ...this.#settlers.values()]) reject(stopped);
    this.#settlers.clear();
  }

  /** The log's newest checkpoint, to be committed; it supersedes those that still wait. */
  offer(checkpoint: Checkpoint): void {
    if (this.#waiting !== undefined && checkpoint.size < this.#waiting.size) return;
    this.#waiting = checkpoint;
    this.#wake();
  }

  /**
   * Another call from the gateway's account (admit, register, seal), in line with the commitments. Not remembered before it is
   * signed: whoever calls looks at the chain after a restart. One without wei that was signed then and is still open is not signed again.
   * @throws EnvironmentError FS-CHAIN-REVERT when the contract refuses it; CancelledError FS-SUBMITTER-STOPPED.
   */
  call(call: ContractCall): Promise<CallResult> {
    return new Promise((resolve, reject) => {
      const pending = { call, resolve, reject };
      const same = call.value ? undefined : this.#book.openCall(call.to, call.data);
      if (same && !this.#settlers.has(same.id)) this.#settlers.set(same.id, pending);
      else this.#calls.push(pending);
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    // A retry keeps its delay: a new checkpoint is no reason to press an end point that fails.
    if (this.#board.failing && this.#timer) return;
    this.#timer?.cancel();
    this.#run();
  }

  #run(): void {
    this.#timer = undefined;
    this.#again = false;
    this.#running = this.tick().then((wait) => {
      this.#running = undefined;
      if (this.#stopped) return;
      this.#timer = this.#o.clock.after(this.#again && !this.#board.failing ? 0 : wait, () => this.#run());
    });
  }

  /** One step with its faults turned into status. @returns ms until the next one is due. */
  async tick(): Promise<number> {
    try {
      await this.step();
      this.#board.recovered();
      return this.#o.pollMs;
    } catch (error) {
      const fault =
        error instanceof FieldsealError
          ? error
          : new InternalError("FS-SUBMITTER-BUG", "the submitter failed", { cause: error });
      return this.#board.failed(fault);
    }
  }

  /** One look at the chain and what follows from it. */
  async step(): Promise<void> {
    const { coordinator, chainId } = this.#o;
    await requireChainId(coordinator.chain, chainId);
    const latest = await coordinator.latestBlock();
    const missing: OutboxEntry[] = [];
    for (const entry of this.#book.open()) if (!(await this.#settle(entry, latest))) missing.push(entry);
    if (missing.length > 0) await this.#push(missing, latest);
    else await this.#begin(latest);
    this.#report(latest);
  }

  #report(latest: BlockInfo): void {
    const open = this.#book.open();
    const waiting = open.find(({ id }) => !this.#included.has(id));
    const inclusion = open[0] && this.#included.get(open[0].id);
    const newest = this.#book.newestCommit();
    if (waiting !== undefined) {
      const { maxFeePerGas } = decodeTransaction(latestAttempt(waiting)).fields;
      this.#board.set(
        "pending",
        `${labelOf(waiting.task)} is sent and in no block yet (at most ${gwei(maxFeePerGas)})`,
      );
    } else if (open[0] && inclusion) {
      const { blockNumber } = inclusion.anchor;
      const wanted = this.#o.finality === "finalized" ? "until the chain calls it final" : `of ${this.#o.finality}`;
      const depth = `${latest.number - blockNumber} blocks deep ${wanted}`;
      this.#board.set("confirming", `${labelOf(open[0].task)} is in block ${blockNumber}, ${depth}`);
    } else {
      this.#board.set(
        "idle",
        newest ? `${newest.size} entries committed (commitment ${newest.seq})` : "nothing to commit",
      );
    }
  }

  /** @returns whether the entry's transaction is in the chain. */
  async #settle(entry: OutboxEntry, latest: BlockInfo): Promise<boolean> {
    const { coordinator, signer } = this.#o;
    let inclusion = this.#included.get(entry.id);
    if (inclusion && !(await isCanonical(coordinator, inclusion))) {
      this.#included.delete(entry.id);
      this.#o.onEvent?.({ kind: "reorganised", label: labelOf(entry.task) });
      inclusion = undefined;
    }
    if (!inclusion) {
      inclusion = await findInclusion(coordinator, signer.address, entry);
      if (!inclusion) return false;
      await this.#cross.receipt(inclusion.anchor);
      this.#included.set(entry.id, inclusion);
      this.#sentAt.delete(entry.id);
      this.#tell(entry, inclusion, false);
      if (inclusion.reverted && entry.task.kind === "commit") this.#requeue(entry.task);
    }
    const { anchor } = inclusion;
    const isFinal = (point: Chain) => this.#isFinal({ anchor }, point);
    if ((await this.#isFinal(inclusion, coordinator.chain, latest)) && (await this.#cross.final(anchor, isFinal))) {
      if (!inclusion.reverted) await requireCommitted(coordinator, signer.address, entry);
      await this.#book.save({ ...entry, state: inclusion.reverted ? "refused" : "done", anchor: inclusion.anchor });
      this.#included.delete(entry.id);
      if (!inclusion.reverted) this.#tell(entry, inclusion, true);
    }
    return true;
  }

  async #isFinal({ anchor }: Pick<Inclusion, "anchor">, chain: Chain, latest?: BlockInfo): Promise<boolean> {
    const { finality } = this.#o;
    if (typeof finality === "number") {
      return (latest ?? (await getLatestBlock(chain))).number - anchor.blockNumber >= BigInt(finality);
    }
    const finalized = await getBlock(chain, "finalized");
    return finalized !== undefined && finalized.number >= anchor.blockNumber;
  }

  #tell({ id, task }: OutboxEntry, { anchor, gasUsed, reverted }: Inclusion, final: boolean): void {
    const label = labelOf(task);
    const settler = this.#settlers.get(id);
    this.#settlers.delete(id);
    if (reverted) {
      this.#o.onEvent?.({ kind: "refused", label, why: "the transaction reverted" });
      settler?.reject(new EnvironmentError("FS-CHAIN-REVERT", `${label}: the transaction reverted`));
    } else if (task.kind === "commit") {
      const { seq, size, root } = task;
      this.#o.onEvent?.({ kind: "committed", seq, size, root, anchor, gasUsed, final });
    } else {
      this.#o.onEvent?.({ kind: "called", label, anchor, gasUsed, final });
      settler?.resolve({ anchor, gasUsed });
    }
  }

  #requeue({ size, root }: Checkpoint): void {
    if (this.#waiting === undefined || this.#waiting.size < size) this.#waiting = { size, root };
  }

  /** Sees to it that what is saved and in no block gets into one. */
  async #push(missing: readonly OutboxEntry[], latest: BlockInfo): Promise<void> {
    const first = missing[0]!;
    const nonce = await getNonce(this.#o.coordinator.chain, this.#o.signer.address);
    const own = nonceOf(first);
    if (nonce < own) return this.#reopen(nonce, own);
    if (nonce > own) return this.#renumber(first, nonce, latest);
    for (const entry of missing) await this.#resend(entry, latest);
  }

  async #reopen(nonce: bigint, expected: bigint): Promise<void> {
    if ((await this.#book.reopen(nonce)) > 0) return;
    throw new EnvironmentError(
      "FS-CHAIN-BEHIND",
      `the end point knows ${nonce} transactions of the gateway's account, ${expected} were in the chain before`,
      { fix: "Wait until the end point has caught up, or use another one." },
    );
  }

  /** Another transaction of the account has the nonce: the same task under a new one. The Ledger refuses a task done twice. */
  async #renumber(entry: OutboxEntry, nonce: bigint, latest: BlockInfo): Promise<void> {
    const { coordinator, signer } = this.#o;
    const { id, task } = entry;
    if (task.kind === "commit" && (await coordinator.isCommitted(signer.address, task.seq, task.size, task.root))) {
      throw new EnvironmentError("FS-CHAIN-RECEIPT", `holds commitment ${task.seq} but does not serve its receipt`);
    }
    const looks = (this.#taken.get(id) ?? 0) + 1;
    this.#taken.set(id, looks);
    if (looks < TAKEN_LOOKS) return;
    await this.#cross.taken(signer.address, nonceOf(entry), hashesOf(entry));
    this.#taken.delete(id);
    const { to, data, value } = decodeTransaction(latestAttempt(entry)).fields;
    let raw: Uint8Array;
    try {
      raw = await this.#maker.sign({ label: labelOf(task), to: to!, data, value }, nonce, latest);
    } catch (error) {
      if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-REVERT") throw error;
      await this.#book.save({ ...entry, state: "refused" });
      if (task.kind === "commit") this.#requeue(task);
      this.#o.onEvent?.({ kind: "refused", label: labelOf(task), why: faultWords(error) });
      this.#settlers.get(id)?.reject(error);
      this.#settlers.delete(id);
      return;
    }
    await this.#attempt(entry, raw);
  }

  async #resend(entry: OutboxEntry, latest: BlockInfo): Promise<void> {
    const { coordinator, clock, raiseAfterMs } = this.#o;
    const sentAt = this.#sentAt.get(entry.id);
    const waited = sentAt === undefined ? 0 : clock.monotonic() - sentAt;
    if (this.#underpriced.has(entry.id) || waited >= raiseAfterMs) {
      this.#underpriced.delete(entry.id);
      this.#sentAt.set(entry.id, clock.monotonic());
      const raised = await this.#maker.raise(entry, latest);
      if (raised) return this.#attempt(entry, raised);
    }
    if (!(await hasTransaction(coordinator.chain, hashesOf(entry)[0]!))) await this.#deliver(entry);
    else if (sentAt === undefined) this.#sentAt.set(entry.id, clock.monotonic());
  }

  async #attempt(entry: OutboxEntry, raw: Uint8Array): Promise<void> {
    const next = { ...entry, attempts: [...entry.attempts, raw] };
    await this.#book.save(next);
    await this.#deliver(next);
  }

  async #deliver(entry: OutboxEntry): Promise<void> {
    const { coordinator, chainId, clock } = this.#o;
    const outcome = await sendRaw(coordinator.chain, chainId, latestAttempt(entry));
    if (outcome === "underpriced") this.#underpriced.add(entry.id);
    if (!this.#sentAt.has(entry.id)) this.#sentAt.set(entry.id, clock.monotonic());
  }

  /** Nothing of ours is outside a block: the next task gets its nonce. */
  async #begin(latest: BlockInfo): Promise<void> {
    const { coordinator, signer } = this.#o;
    const pending = this.#calls[0];
    if (pending === undefined && this.#waiting === undefined) return;
    const nonce = await getNonce(coordinator.chain, signer.address);
    const expected = this.#book.nextNonce();
    if (expected !== undefined && nonce < expected) return this.#reopen(nonce, expected);
    if (pending) return this.#beginCall(pending, nonce, latest);
    const waiting = this.#waiting!;
    const seq = await this.#nextSeq(waiting);
    if (seq === undefined) {
      if (this.#waiting === waiting) this.#waiting = undefined;
      return;
    }
    const raw = await this.#maker.sign(coordinator.commitCall(seq, waiting.size, waiting.root), nonce, latest);
    const task: OutboxTask = { kind: "commit", seq, size: waiting.size, root: waiting.root };
    const entry: OutboxEntry = { id: this.#book.nextId, task, attempts: [raw], state: "open" };
    await this.#book.save(entry);
    if (this.#waiting === waiting) this.#waiting = undefined;
    await this.#deliver(entry);
  }

  async #beginCall(pending: PendingCall, nonce: bigint, latest: BlockInfo): Promise<void> {
    const { label, to, data } = pending.call;
    let raw: Uint8Array;
    try {
      raw = await this.#maker.sign(pending.call, nonce, latest);
    } catch (error) {
      if (!(error instanceof EnvironmentError) || error.code !== "FS-CHAIN-REVERT") throw error;
      this.#calls.shift();
      this.#o.onEvent?.({ kind: "refused", label, why: faultWords(error) });
      return pending.reject(error);
    }
    const entry: OutboxEntry = {
      id: this.#book.nextId,
      task: { kind: "call", label, to, data },
      attempts: [raw],
      state: "open",
    };
    await this.#book.save(entry);
    this.#calls.shift();
    this.#settlers.set(entry.id, pending);
    await this.#deliver(entry);
  }

  /** The sequence number a checkpoint gets, or undefined when the chain holds all of it. @throws FS-CHAIN-AHEAD, -FORKED. */
  async #nextSeq(checkpoint: Checkpoint): Promise<bigint | undefined> {
    const { coordinator, signer, rootAt } = this.#o;
    const { kind, head } = await compareWithChain(coordinator, signer.address, rootAt);
    if (kind === "behind") {
      throw new EnvironmentError(
        "FS-CHAIN-AHEAD",
        `the chain holds ${head.size} log entries of this gateway, its data directory fewer: it is older than the chain`,
        { fix: "Put the newest data directory back; nothing is signed or sent until then." },
      );
    }
    if (kind === "forked") {
      throw new EnvironmentError(
        "FS-CHAIN-FORKED",
        `commitment ${head.seq} on chain is not of this log: two gateways use one key, or a backup was written to`,
        { fix: "Give this gateway a key of its own, or put the right data directory back." },
      );
    }
    return head.seq > 0n && checkpoint.size <= head.size ? undefined : head.seq + 1n;
  }
}
