import { scopeOf, type Verifier } from "../../protocols/attestation/index.ts";
import { equalBytes, FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import { finalAt, SumTree } from "../../protocols/shares/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { type ContractCall, type Coordinator, coordinatorAt } from "../coordinator/coordinator.ts";
import { answerTime } from "../coordinator/demands.ts";
import { faultCalls } from "../coordinator/faults.ts";
import { type LedgerSeals, ledgerSeals, type SealOnChain } from "../coordinator/seals.ts";
import { demandId } from "./asking.ts";
import { ChainFeed } from "./chain-feed.ts";
import { Demanding } from "./demanding.ts";
import { DeviceKeys } from "./device-keys.ts";
import { Mirror } from "./mirror.ts";
import { Proving } from "./proving.ts";
import type { Published } from "./published.ts";
import { decodePublishedShares, encodePublishedShares } from "./published-shares.ts";
import { checkSeal, type OpenSeal, SealedStretches } from "./sealed-shares.ts";
import type { WatchEvent } from "./watch-event.ts";
import { decodeState, encodeState, type GatewayProgress, type SealKey, type WatchStore } from "./watch-store.ts";
import type { Watched } from "./watched.ts";
import { WatchedLog } from "./watched-log.ts";

export interface WatchtowerOptions {
  chain: Chain;
  chainId: bigint;
  ledger: Uint8Array;
  /** Block of the Ledger's creation, or any before. */
  fromBlock: bigint;
  gateways: readonly { address: Uint8Array; published: Published }[];
  /** Whose challenges and demands these are, 20 bytes. */
  account: Uint8Array;
  store: WatchStore;
  verifier: Verifier;
  random(length: number): Uint8Array;
  /** Sends a call and resolves when it is in a block. */
  send(call: ContractCall): Promise<void>;
  /** Send what proves a fault; otherwise it is only told. */
  challenge: boolean;
  /** Most wei of bonds for demands, all together; 0n = nothing is demanded. */
  bonds: bigint;
  /** Time that a gateway has to publish before it is asked, seconds; a 24th of the time for an answer by default. */
  grace?: bigint;
  onEvent?(event: WatchEvent): void;
}

const EMPTY: GatewayProgress = {
  ...{ commitments: [], checkedSeq: 0n, checkedTo: 0 },
  ...{ pending: [], judged: [], asked: [], suspicions: [] },
};
const isKey =
  (epoch: bigint, kind: number) =>
  ([a, b]: SealKey) =>
    a === epoch && b === kind;

/**
 * Watches other gateways: what they commit must be one growing log of signed, coherent statements, and what they seal must be what
 * the log says. It acts on nothing but what the contract itself confirms in a call that changes nothing.
 */
export class Watchtower {
  readonly #o: WatchtowerOptions;
  readonly #coordinator: Coordinator;
  readonly #seals: LedgerSeals;
  readonly #proving: Proving;
  #demanding: Demanding | undefined;
  #feed: ChainFeed | undefined;
  #keys: DeviceKeys;
  #watched: Watched[] = [];

  constructor(options: WatchtowerOptions) {
    this.#o = options;
    this.#coordinator = coordinatorAt(options.chain, options.ledger);
    this.#seals = ledgerSeals(options.chain, options.ledger);
    this.#keys = new DeviceKeys(options.chain);
    this.#proving = new Proving(options, (event, key) => this.#tell(event, key));
  }

  /** Reads what was kept. @throws EnvironmentError FS-WATCH-STATE, FS-LOG-…; what `Chain.request` throws. */
  async open(): Promise<void> {
    const { chain, chainId, ledger, store, gateways, fromBlock, verifier } = this.#o;
    const text = store.load();
    const state = text === undefined ? undefined : decodeState(ledger, text);
    const registry = await this.#coordinator.registry();
    const faults = await this.#seals.faults();
    const grace = this.#o.grace ?? (await answerTime(chain, faults)) / 24n;
    const bonded = state?.bonded ?? 0n;
    const seals = this.#seals;
    const demanding = { ...this.#o, faults, seals, grace, bonded, save: () => this.#save() };
    this.#demanding = new Demanding(demanding, this.#proving, (event, key) => this.#tell(event, key));
    this.#keys = new DeviceKeys(chain, state?.devices ?? []);
    // A gateway that was not watched before: its commitments are told from the beginning.
    const known = gateways.every(({ address }) => state?.gateways.has(toHex(address)));
    const cursor = known ? state?.cursor : undefined;
    const accounts = gateways.map(({ address }) => address);
    this.#feed = new ChainFeed({
      chain,
      ledger,
      registry,
      faults,
      gateways: accounts,
      fromBlock,
      ...(cursor ? { cursor } : {}),
    });
    this.#watched = [];
    for (const { address, published } of gateways) {
      const name = toHex(address);
      const progress = state?.gateways.get(name) ?? EMPTY;
      const calls = faultCalls(faults, address);
      const mirror = new Mirror(name, store.logFiles(name));
      const scope = scopeOf(chainId, ledger, address);
      const log = new WatchedLog({ scope, mirror, source: published, keys: this.#keys, verifier, calls }, progress);
      await log.open();
      const { pending, judged, asked } = progress;
      const lists = { pending: [...pending], judged: [...judged], asked: [...asked] };
      const suspicions = progress.suspicions.map(({ fault, text, data }) => ({
        ...{ fault, text },
        call: { label: fault, to: faults, data },
      }));
      const one = { address, name, published, log, calls, stretches: new SealedStretches(), suspicions, ...lists };
      for (const [epoch, kind] of one.judged) this.#remember(one, epoch, kind);
      this.#watched.push({ ...one, frozen: false, answers: new Map(), range: undefined, told: new Set() });
    }
  }

  #remember(one: Pick<Watched, "name" | "stretches">, epoch: bigint, kind: number): void {
    const text = this.#o.store.readShares(one.name, epoch);
    const seal = text && decodePublishedShares(text, epoch).find((found) => found.kind === kind);
    if (seal) one.stretches.add({ epoch, kind, shares: seal.shares });
  }

  /** One look at everything. @throws what `Chain.request`, `send` and the store throw. */
  async step(): Promise<void> {
    const { facts, again } = await this.#feed!.read();
    if (again) for (const { log } of this.#watched) log.forget();
    for (const fact of facts) {
      if (fact.kind === "registered") {
        this.#keys.registered(fact.device, fact.transaction);
        continue;
      }
      const one = this.#watched.find(({ address }) => equalBytes(address, fact.gateway));
      if (one === undefined) continue;
      if (fact.kind === "committed") one.log.committed(fact);
      else if (fact.kind === "answered") {
        const id = toHex(fact.id);
        if (one.asked.some((asked) => toHex(demandId(one.address, asked)) === id))
          one.answers.set(id, fact.transaction);
      } else if (![...one.pending, ...one.judged].some(isKey(fact.epoch, fact.deviceKind))) {
        one.pending.push([fact.epoch, fact.deviceKind]);
      }
    }
    const { timestamp: now } = await this.#coordinator.latestBlock();
    for (const one of this.#watched) await this.#look(one, now);
    this.#save();
  }

  #save(): void {
    const gateways = new Map(
      this.#watched.map(({ name, log, pending, judged, asked, suspicions }) => {
        const kept = suspicions.map(({ fault, text, call: { data } }) => ({ fault, text, data }));
        return [name, { ...log.progress, pending, judged, asked, suspicions: kept }];
      }),
    );
    const state = {
      cursor: this.#feed!.cursor,
      devices: [...this.#keys.entries()],
      gateways,
      bonded: this.#demanding!.bonded,
    };
    this.#o.store.save(encodeState(this.#o.ledger, state));
  }

  #tell(event: WatchEvent, key?: string): void {
    if (key !== undefined) {
      const { told } = this.#watched.find(({ address }) => equalBytes(address, event.gateway))!;
      if (told.has(key)) return;
      told.add(key);
    }
    this.#o.onEvent?.(event);
  }

  async #look(one: Watched, now: bigint): Promise<void> {
    const { address: gateway, log } = one;
    one.frozen ||= (await this.#coordinator.head(gateway)).frozen;
    if (one.frozen) {
      this.#tell({ kind: "frozen", gateway }, "frozen");
      one.suspicions = [];
      // The bonds of open demands come back all the same.
      for (const asked of [...one.asked]) await this.#demanding!.settle(one, asked, now);
      return;
    }
    const before = log.progress.checkedSeq;
    const { suspicions, missing } = await log.advance();
    const { proven } = log;
    if (proven && proven.seq > before) {
      this.#tell({ kind: "log", gateway, seq: proven.seq, size: proven.size, counts: { ...log.counts } });
    }
    one.suspicions.push(...suspicions);
    const judged = await this.#proving.judge(gateway, one.suspicions);
    one.suspicions = judged.proven;
    if (judged.sent) return;
    // All of them: each brings its own bond back.
    let taken = false;
    for (const asked of [...one.asked]) taken = (await this.#demanding!.settle(one, asked, now)) || taken;
    if (taken) return;
    if (missing) await this.#demanding!.miss(one, missing, now);
    for (const key of [...one.pending]) if (await this.#judgeSeal(one, key, now)) return;
  }

  /** Checks a seal as soon as its shares are published. Whether it was challenged. */
  async #judgeSeal(one: Watched, [epoch, kind]: SealKey, now: bigint): Promise<boolean> {
    const { address: gateway, pending, judged, log } = one;
    const drop = () => pending.splice(pending.findIndex(isKey(epoch, kind)), 1);
    const held = await this.#seals.sealOf(gateway, epoch, kind);
    if (held === undefined) {
      drop();
      return false;
    }
    const times = await this.#seals.times();
    const found = await this.#sharesOf(one, epoch, kind, held);
    if ("why" in found) {
      await this.#demanding!.miss(
        one,
        { what: "shares", epoch, deviceKind: kind, work: held.work, why: found.why },
        now,
      );
      if (now >= finalAt(times, epoch)) drop();
      return false;
    }
    const { suspicions, complete } = await checkSeal(found, held, {
      log,
      scope: scopeOf(this.#o.chainId, this.#o.ledger, gateway),
      calls: one.calls,
      stretches: one.stretches,
      times,
      termsOf: (device) => this.#seals.termsOf(device),
      minedAt: ({ seq, size, root }) => this.#seals.committedAt(gateway, seq, size, root),
    });
    const { proven, sent } = await this.#proving.judge(gateway, suspicions);
    if (sent) return true;
    // Cited entries that are not published yet: looked at again, until nothing can be voided any more.
    if (!complete && now < finalAt(times, epoch)) return false;
    one.stretches.add(found);
    this.#keep(one, found);
    drop();
    judged.push([epoch, kind]);
    if (proven.length === 0)
      this.#tell({ kind: "seal", gateway, epoch, deviceKind: kind, shares: found.shares.length });
    else one.suspicions.push(...proven);
    return false;
  }

  /** Published shares that lead to the seal. */
  async #sharesOf(
    { published }: Watched,
    epoch: bigint,
    kind: number,
    held: SealOnChain,
  ): Promise<OpenSeal | { why: string }> {
    try {
      const seal = (await published.shares(epoch))?.find((one) => one.kind === kind);
      if (seal === undefined || seal.shares.length === 0) return { why: "its shares are not published" };
      const { root } = SumTree.over(seal.shares);
      const same =
        equalBytes(root.hash, held.root) && root.sum === held.work && BigInt(seal.shares.length) === held.count;
      return same ? { epoch, kind, shares: seal.shares } : { why: "the published shares are not those of the seal" };
    } catch (error) {
      // Whatever a gateway publishes is its own affair; what counts is on chain.
      if (!(error instanceof FieldsealError)) throw error;
      return { why: error.message };
    }
  }

  #keep({ name }: Watched, { epoch, kind, shares }: OpenSeal): void {
    const { store } = this.#o;
    const text = store.readShares(name, epoch);
    const others = text === undefined ? [] : decodePublishedShares(text, epoch).filter((one) => one.kind !== kind);
    store.writeShares(name, epoch, encodePublishedShares(epoch, [...others, { kind, shares: [...shares] }]));
  }
}
