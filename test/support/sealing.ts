import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogStore, memoryLogFiles, nodeLogFiles } from "../../gateway/batch/index.ts";
import { CommitmentFiles } from "../../gateway/coordinator/commitment-files.ts";
import { type ContractCall, runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import { call, getLatestBlock, quantity } from "../../gateway/coordinator/rpc.ts";
import { Sealing, type SealingEvent, type SealingOptions } from "../../gateway/coordinator/sealing.ts";
import { ledgerSeals } from "../../gateway/coordinator/seals.ts";
import type { CallResult, SubmitterEvent } from "../../gateway/coordinator/submitter-options.ts";
import { logFolders } from "../../gateway/proofs/export.ts";
import { SealFiles } from "../../gateway/rewards/index.ts";
import { encodeEnrolment, scopeOf, statementId } from "../../protocols/attestation/index.ts";
import { sha256 } from "../../protocols/bytes/index.ts";
import { decodeWords, encodeCall, wordToUint } from "../../protocols/evm/index.ts";
import { type EpochTimes, epochEnd, type Mark } from "../../protocols/shares/index.ts";
import { type Committing, committing, mine } from "./committing.ts";
import { type TestCoordinator, transact } from "./coordinator.ts";
import { logKey, signHead } from "./log-fixture.ts";
import { TestBoard } from "./statements.ts";

/** A registered board whose attestations go into the rig's log. */
export class SealedBoard {
  readonly board: TestBoard;
  readonly kind: number;
  #seq = 0n;
  work: bigint;

  constructor(seed: number, kind: number, work: bigint) {
    this.board = new TestBoard(seed);
    this.kind = kind;
    this.work = work;
  }

  /** One statement with the next sequence number. */
  attest(scope: Uint8Array, seconds: bigint, changes: { kind?: number; root?: Uint8Array }) {
    const time = Number(seconds) * 1000;
    return this.board.attest({ first: this.#seq++, work: this.work, from: time, to: time, scope, ...changes });
  }
}

/** A gateway's log, commitments and seals over a test chain, stepped by hand. */
export class SealingRig {
  readonly test: TestCoordinator;
  readonly times: EpochTimes;
  readonly scope: Uint8Array;
  readonly log: LogStore;
  readonly folder = mkdtempSync(join(tmpdir(), "fieldseal-seals-"));
  readonly commitments: CommitmentFiles;
  readonly files: SealFiles;
  readonly seals;

  private constructor(test: TestCoordinator, times: EpochTimes, data: string | undefined) {
    const folders = logFolders(data ?? this.folder);
    this.log = new LogStore({ files: data === undefined ? memoryLogFiles() : nodeLogFiles(folders.log), key: logKey });
    this.commitments = new CommitmentFiles(folders.commitments);
    this.files = new SealFiles(folders.seals);
    const { deployment, gateway, local } = test;
    this.test = test;
    this.times = times;
    this.scope = scopeOf(deployment.chainId, deployment.ledger, gateway.address);
    this.seals = ledgerSeals(local.chain, deployment.ledger);
  }

  /** @param data a gateway's data folder; by default the log is in memory and the rest in a folder of the rig's own. */
  static async open(test: TestCoordinator, data?: string): Promise<SealingRig> {
    const { chain } = test.local;
    const times = await ledgerSeals(chain, test.deployment.ledger).times();
    const rig = new SealingRig(test, times, data);
    await rig.log.open();
    await transact(test, test.gateway, stakeCall(test.deployment.ledger, await rig.seals.minStake()));
    return rig;
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  async now(): Promise<bigint> {
    return (await getLatestBlock(this.test.local.chain)).timestamp;
  }

  /** Lets the chain's time pass: the next block is of this second. */
  async at(seconds: bigint): Promise<void> {
    const { chain } = this.test.local;
    await chain.request({ method: "evm_setNextBlockTimestamp", params: [quantity(seconds)] });
    await mine(this.test);
  }

  /** Past the end of an epoch, with blocks on top. */
  async afterEpoch(epoch: bigint): Promise<void> {
    await this.at(epochEnd(this.times, epoch) + 5n);
    await mine(this.test, 3);
  }

  /** Enrols and registers a board; its enrolment is the log's next entry. */
  async enrol(board: SealedBoard, owner: Uint8Array): Promise<void> {
    const { test } = this;
    const { publicKey } = board.board.key;
    const nonce = new Uint8Array(16).fill(5);
    const body = encodeEnrolment({ key: publicKey, owner, grade: 4, profile: sha256(nonce), nonce });
    const attestation = board.attest(this.scope, await this.now(), { kind: 1, root: sha256(body) });
    const entry = runOfOne(test.gateway.address, board.board.id, board.kind, 1_000_000n);
    await transact(test, test.gateway, await test.coordinator.admitCall(entry));
    const { payload: statement, signature } = attestation.sign1;
    const registration = { entry, path: [], gateway: test.gateway.address, statement, body, signature };
    await transact(test, test.gateway, await test.coordinator.registerCall(registration));
    await this.log.append([{ attestation: attestation.bytes, readings: [body] }]);
  }

  /** The board's register grows, and it says so. */
  async read(board: SealedBoard, grown: bigint): Promise<void> {
    board.work += grown;
    const root = statementId(new Uint8Array([Number(board.work % 256n)]));
    const attestation = board.attest(this.scope, await this.now(), { root });
    await this.log.append([{ attestation: attestation.bytes, readings: [] }]);
  }

  /** Signs the log's head and keeps it, as the batcher does. */
  async checkpoint(): Promise<{ size: bigint; root: Uint8Array }> {
    const { size, root } = this.log.head;
    const note = signHead({ origin: logKey.name, size, root });
    await this.log.publish(note);
    this.commitments.write(note, undefined);
    return { size: BigInt(size), root };
  }

  /** Keeps what is committed beside its checkpoint. */
  keep(event: SubmitterEvent): void {
    if (event.kind !== "committed") return;
    this.commitments.write(this.commitments.read(Number(event.size))!.note, event.anchor);
  }

  async submitter(changes: Parameters<typeof committing>[1] = {}): Promise<Committing> {
    return committing(this.test, {
      rootAt: async (size) => (size <= BigInt(this.log.size) ? this.log.root(Number(size)) : undefined),
      onEvent: (event) => this.keep(event),
      ...changes,
    });
  }

  /** Commits the log's head, until it is final. */
  async commit(it: Committing): Promise<void> {
    it.submitter.offer(await this.checkpoint());
    for (let i = 0; i < 4; i++) {
      await it.submitter.tick();
      await mine(this.test);
    }
  }

  sealing(it: Committing, events: SealingEvent[] = [], changes: Partial<SealingOptions> = {}): Sealing {
    return new Sealing({
      coordinator: this.test.coordinator,
      seals: this.seals,
      gateway: this.test.gateway.address,
      scope: this.scope,
      log: this.log,
      commitments: this.commitments,
      files: this.files,
      call: (made: ContractCall): Promise<CallResult> => it.submitter.call(made),
      clock: it.clock,
      finality: 2,
      onEvent: (event) => events.push(event),
      ...changes,
    });
  }

  /** Steps the submitter and makes blocks until `work` is done. */
  async until<T>(it: Committing, work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => {
      done = true;
    });
    settled.catch(() => undefined);
    for (let i = 0; i < 60 && !done; i++) {
      await it.submitter.tick();
      await mine(this.test);
    }
    if (!done) throw new Error(`not done: ${it.submitter.status.text}`);
    return settled;
  }

  /** `Rewards.paidMarkOf`. */
  async markOf(device: Uint8Array): Promise<Mark | undefined> {
    const to = this.test.deployment.rewards;
    const answer = await call(this.test.local.chain, { to, data: encodeCall("paidMarkOf(bytes32)", [device]) });
    const [mark, at] = decodeWords(answer, 4).map((word) => wordToUint(word));
    return at === 0n ? undefined : { to: mark!, at: at! };
  }

  /** One number that a contract answers. */
  async ask(to: Uint8Array, signature: string, values: Parameters<typeof encodeCall>[1]): Promise<bigint> {
    const answer = await call(this.test.local.chain, { to, data: encodeCall(signature, values) });
    return wordToUint(decodeWords(answer, 1)[0]!);
  }
}
