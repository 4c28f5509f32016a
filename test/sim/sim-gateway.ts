import { LogStore, memoryLogFiles } from "../../gateway/batch/index.ts";
import type { ContractCall } from "../../gateway/coordinator/coordinator.ts";
import type { RelayedCommit } from "../../gateway/coordinator/ledger-calls.ts";
import { ledgerSeals } from "../../gateway/coordinator/seals.ts";
import { type PreparedEpoch, prepareEpoch, type Standing, standingsAfter } from "../../gateway/rewards/index.ts";
import { encodePublishedShares, type Published, publishedIn } from "../../gateway/watchtower/index.ts";
import { encodeEnrolment, type Statement, scopeOf } from "../../protocols/attestation/index.ts";
import { sha256, utf8 } from "../../protocols/bytes/index.ts";
import {
  type DeviceTerms,
  epochEnd,
  epochStart,
  type Share,
  SumTree,
  sortShares,
} from "../../protocols/shares/index.ts";
import { logKey, signHead } from "../support/log-fixture.ts";
import { TestBoard } from "../support/statements.ts";
import type { Account, SimChain } from "./sim-chain.ts";

/** A meter: its register is the truth that pay is compared with. */
export class SimDevice {
  readonly board: TestBoard;
  readonly owner: Account;
  readonly kind: number;
  readonly cap: bigint;
  register: bigint;
  #seq = 0n;

  constructor(seed: number, owner: Account, kind: number, cap: bigint, register: bigint) {
    this.board = new TestBoard(seed);
    this.owner = owner;
    this.kind = kind;
    this.cap = cap;
    this.register = register;
  }

  /** A statement about the register as it is, with the next sequence number. */
  attest(scope: Uint8Array, seconds: bigint, changes: Partial<Statement> = {}) {
    const time = Number(seconds) * 1000;
    const root = sha256(utf8(`readings of ${this.#seq}`));
    const said = { first: this.#seq++, from: time, to: time, work: this.register, scope, root, ...changes };
    return this.board.attest(said);
  }

  /** The enrolment with a gateway, and its body. */
  enrol(scope: Uint8Array, seconds: bigint) {
    const nonce = new Uint8Array(16).fill(5);
    const key = this.board.key.publicKey;
    const body = encodeEnrolment({ key, owner: this.owner.address, grade: 4, profile: sha256(nonce), nonce });
    return { attestation: this.attest(scope, seconds, { kind: 1, root: sha256(body) }), body };
  }
}

type Seals = { kind: number; shares: readonly Share[] }[];

/** A gateway: its log, what it publishes of it, and what it seals. */
export class SimGateway {
  readonly account: Account;
  readonly scope: Uint8Array;
  readonly devices: SimDevice[] = [];
  readonly #sim: SimChain;
  #files = memoryLogFiles();
  log = new LogStore({ files: this.#files, key: logKey });
  /** What everybody sees instead of the log, when the gateway hides what came later. */
  #snapshot: ReadonlyMap<string, Uint8Array> | undefined;
  readonly #sealFiles = new Map<string, Uint8Array>();
  #seq = 0n;
  /** Log size at the last commitment before the present epoch, and at the newest one. */
  #before = 0n;
  #size = 0n;
  #standings: ReadonlyMap<string, Standing> = new Map();
  readonly prepared = new Map<bigint, PreparedEpoch>();

  constructor(sim: SimChain, account: Account) {
    this.#sim = sim;
    this.account = account;
    this.scope = scopeOf(sim.deployment.chainId, sim.deployment.ledger, account.address);
  }

  get name(): string {
    return this.account.name;
  }

  /** As a watchtower reads it. */
  get published(): Published {
    const files = {
      read: async (path: string) => this.#snapshot?.get(path) ?? (this.#snapshot ? undefined : this.#files.read(path)),
      list: async (path: string) => (this.#snapshot ? [] : this.#files.list(path)),
    };
    return publishedIn(files, { read: async (path) => this.#sealFiles.get(path), list: async () => [] });
  }

  /** What it publishes, by path under its data folder. */
  *publishedFiles(): Iterable<[path: string, bytes: Uint8Array]> {
    for (const [path, bytes] of this.#snapshot ?? this.#files.files) yield [`log/${path}`, bytes];
    for (const [path, bytes] of this.#sealFiles) yield [`seals/${path}`, bytes];
  }

  /** From now on nothing new is published. */
  hideLog(): void {
    this.#snapshot = new Map(this.#files.files);
  }

  async append(entries: readonly Uint8Array[]): Promise<void> {
    await this.log.append(entries.map((attestation) => ({ attestation, readings: [] })));
  }

  /** Puts another history in the log's place. */
  async rewrite(change: (entry: Uint8Array, index: number) => Uint8Array): Promise<void> {
    const entries: Uint8Array[] = [];
    for await (const { index, attestation } of this.log.entries(0)) entries.push(change(attestation, index));
    this.#files = memoryLogFiles();
    this.log = new LogStore({ files: this.#files, key: logKey });
    await this.log.open();
    await this.append(entries);
  }

  /** The next commitment, for somebody to send. */
  async commitment(): Promise<Omit<RelayedCommit, "gateway">> {
    const { size, root } = this.log.head;
    await this.log.publish(signHead({ origin: logKey.name, size, root }));
    this.#size = BigInt(size);
    return { seq: ++this.#seq, size: this.#size, root };
  }

  /** What an honest gateway seals of an epoch. */
  async prepare(epoch: bigint): Promise<Seals> {
    const { times, deployment, local } = this.#sim;
    const previous = [...this.prepared.values()].at(-1);
    const seals = ledgerSeals(local.chain, deployment.ledger);
    const prepared = await prepareEpoch({
      log: this.log,
      scope: this.scope,
      epoch,
      span: { start: epochStart(times, epoch), end: epochEnd(times, epoch) },
      from: previous?.size ?? 0n,
      standings: this.#standings,
      before: this.#before,
      size: this.#size,
      termsOf: (device): Promise<DeviceTerms | undefined> => seals.termsOf(device),
    });
    this.prepared.set(epoch, prepared);
    this.#standings = standingsAfter(prepared, () => true);
    this.#before = this.#size;
    return prepared.seals.map(({ kind, shares }) => ({ kind, shares }));
  }

  /** The calls that seal, and the shares for everybody to read. */
  seal(epoch: bigint, seals: Seals, hidden = false): ContractCall[] {
    const { deployment, local } = this.#sim;
    const sorted = seals.map(({ kind, shares }) => ({ kind, shares: sortShares(shares) }));
    if (!hidden) {
      const path = `${String(epoch).padStart(10, "0")}.json`;
      this.#sealFiles.set(path, utf8(encodePublishedShares(epoch, sorted)));
    }
    return sorted.map(({ kind, shares }) => {
      const { hash, sum } = SumTree.over(shares).root;
      return ledgerSeals(local.chain, deployment.ledger).sealCall(epoch, kind, hash, sum, BigInt(shares.length));
    });
  }
}
