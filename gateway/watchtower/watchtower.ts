import type { Verifier } from "../../protocols/attestation/index.ts";
import { scopeOf } from "../../protocols/attestation/index.ts";
import { equalBytes, FieldsealError, fromHex, toHex } from "../../protocols/bytes/index.ts";
import { epochEnd, finalAt, SumTree } from "../../protocols/shares/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { type ContractCall, type Coordinator, coordinatorAt } from "../coordinator/coordinator.ts";
import { answerTime } from "../coordinator/demands.ts";
import { type CommitmentEvidence, collectBondsCall, faultCalls, leastBond, owedBonds } from "../coordinator/faults.ts";
import { readRevert } from "../coordinator/reverts.ts";
import { estimateGas } from "../coordinator/rpc.ts";
import { type LedgerSeals, ledgerSeals, type SealOnChain } from "../coordinator/seals.ts";
import { type Asked, demandCall, demandFor, demandState, isSameTarget, unanswered } from "./asking.ts";
import { ChainFeed } from "./chain-feed.ts";
import { DeviceKeys } from "./device-keys.ts";
import { Mirror } from "./mirror.ts";
import type { Published } from "./published.ts";
import { decodePublishedShares, encodePublishedShares } from "./published-shares.ts";
import { checkSeal, type OpenSeal, SealedStretches } from "./sealed-shares.ts";
import type { Missing, Suspicion } from "./suspicion.ts";
import { decodeState, encodeState, type GatewayProgress, type SealKey, type WatchStore } from "./watch-store.ts";
import { type EntryCounts, WatchedLog } from "./watched-log.ts";

export type WatchEvent = { gateway: Uint8Array } & (
  | { kind: "log"; seq: bigint; size: bigint; counts: EntryCounts }
  | { kind: "seal"; epoch: bigint; deviceKind: number; shares: number }
  | { kind: "missing"; missing: Missing }
  | { kind: "demanded"; asked: Asked }
  | { kind: "answered"; asked: Asked }
  /** A demand is not made, since the bonds would be more than allowed. */
  | { kind: "bond-limit"; missing: Missing; bond: bigint }
  /** The contract agrees: whoever sends the call takes the stake. */
  | { kind: "fault"; suspicion: Suspicion }
  /** The contract does not agree, in its words: nothing is sent. */
  | { kind: "unproven"; suspicion: Suspicion; why: string }
  | { kind: "challenged"; suspicion: Suspicion }
  /** It is frozen by a proven fault: nothing more is looked at. */
  | { kind: "frozen" }
);

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

interface Watched {
  address: Uint8Array;
  name: string;
  published: Published;
  log: WatchedLog;
  calls: ReturnType<typeof faultCalls>;
  stretches: SealedStretches;
  pending: SealKey[];
  judged: SealKey[];
  asked: Asked[];
  /** What the log made look false, until it is refused or sent. */
  suspicions: Suspicion[];
  frozen: boolean;
  /** What was told already and has not changed. */
  told: Set<string>;
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
  #faults: Uint8Array = new Uint8Array(20);
  #answer = 0n;
  #feed: ChainFeed | undefined;
  #keys: DeviceKeys;
  #watched: Watched[] = [];
  #bonded = 0n;

  constructor(options: WatchtowerOptions) {
    this.#o = options;
    this.#coordinator = coordinatorAt(options.chain, options.ledger);
    this.#seals = ledgerSeals(options.chain, options.ledger);
    this.#keys = new DeviceKeys(options.chain);
  }

  /** Reads what was kept. @throws EnvironmentError FS-WATCH-STATE, FS-LOG-…; what `Chain.request` throws. */
  async open(): Promise<void> {
    const { chain, chainId, ledger, store, gateways, fromBlock, verifier } = this.#o;
    const text = store.load();
    const state = text === undefined ? undefined : decodeState(ledger, text);
    const registry = await this.#coordinator.registry();
    this.#faults = await this.#seals.faults();
    this.#answer = await answerTime(chain, this.#faults);
    this.#bonded = state?.bonded ?? 0n;
    this.#keys = new DeviceKeys(chain, state?.devices ?? []);
    // A gateway that was not watched before: its commitments are told from the beginning.
    const known = gateways.every(({ address }) => state?.gateways.has(toHex(address)));
    const cursor = known ? state?.cursor : undefined;
    const accounts = gateways.map(({ address }) => address);
    this.#feed = new ChainFeed({
      chain,
      ledger,
      registry,
      gateways: accounts,
      fromBlock,
      ...(cursor ? { cursor } : {}),
    });
    this.#watched = [];
    for (const { address, published } of gateways) {
      const name = toHex(address);
      const progress = state?.gateways.get(name) ?? EMPTY;
      const calls = faultCalls(this.#faults, address);
      const mirror = new Mirror(name, store.logFiles(name));
      const scope = scopeOf(chainId, ledger, address);
      const log = new WatchedLog({ scope, mirror, source: published, keys: this.#keys, verifier, calls }, progress);
      await log.open();
      const { pending, judged, asked } = progress;
      const lists = { pending: [...pending], judged: [...judged], asked: [...asked] };
      const suspicions = progress.suspicions.map(({ fault, text, data }) => ({
        ...{ fault, text },
        call: { label: fault, to: this.#faults, data },
      }));
      const one = { address, name, published, log, calls, stretches: new SealedStretches(), suspicions, ...lists };
      for (const [epoch, kind] of one.judged) this.#remember(one, epoch, kind);
      this.#watched.push({ ...one, frozen: false, told: new Set() });
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
      else if (![...one.pending, ...one.judged].some(isKey(fact.epoch, fact.deviceKind))) {
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
    const state = { cursor: this.#feed!.cursor, devices: [...this.#keys.entries()], gateways, bonded: this.#bonded };
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
      for (const asked of [...one.asked]) await this.#settle(one, asked, now);
      return;
    }
    const before = log.progress.checkedSeq;
    const { suspicions, missing } = await log.advance();
    const { proven } = log;
    if (proven && proven.seq > before) {
      this.#tell({ kind: "log", gateway, seq: proven.seq, size: proven.size, counts: { ...log.counts } });
    }
    one.suspicions.push(...suspicions);
    const judged = await this.#judge(one, one.suspicions);
    one.suspicions = judged.proven;
    if (judged.sent) return;
    if (missing) await this.#miss(one, missing, now);
    for (const key of [...one.pending]) if (await this.#judgeSeal(one, key, now)) return;
    for (const asked of [...one.asked]) await this.#settle(one, asked, now);
  }

  /** Those that the contract agrees with, and whether one of them was sent. */
  async #judge(one: Watched, suspicions: readonly Suspicion[]): Promise<{ proven: Suspicion[]; sent: boolean }> {
    const { address: gateway } = one;
    const { challenge } = this.#o;
    const proven: Suspicion[] = [];
    for (const suspicion of suspicions) {
      const refused = await this.#refused(suspicion.call);
      if (refused !== undefined) {
        this.#tell({ kind: "unproven", gateway, suspicion, why: refused }, `unproven ${suspicion.text} ${refused}`);
        continue;
      }
      proven.push(suspicion);
      this.#tell({ kind: "fault", gateway, suspicion }, `fault ${suspicion.text}`);
      if (!challenge) continue;
      const lost = await this.#sendUnlessRefused(suspicion.call);
      if (lost !== undefined) {
        this.#tell({ kind: "unproven", gateway, suspicion, why: lost }, `unproven ${suspicion.text} ${lost}`);
        continue;
      }
      this.#tell({ kind: "challenged", gateway, suspicion });
      return { proven, sent: true };
    }
    return { proven, sent: false };
  }

  /** Why the contract refuses a call; undefined when it takes it. */
  async #refused(call: ContractCall): Promise<string | undefined> {
    try {
      await estimateGas(this.#o.chain, { from: this.#o.account, ...call });
      return undefined;
    } catch (error) {
      if (!(error instanceof FieldsealError) || error.code !== "FS-CHAIN-REVERT") throw error;
      const { data } = error.context;
      return readRevert(typeof data === "string" ? fromHex(data.slice(2)) : new Uint8Array(0))?.text ?? error.message;
    }
  }

  /** Why the contract refused it meanwhile: somebody else was first. Undefined when it is in a block. */
  async #sendUnlessRefused(call: ContractCall): Promise<string | undefined> {
    try {
      await this.#o.send(call);
      return undefined;
    } catch (error) {
      if (error instanceof FieldsealError && error.code === "FS-CHAIN-REVERT") return error.message;
      throw error;
    }
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
      await this.#miss(one, { what: "shares", epoch, deviceKind: kind, work: held.work, why: found.why }, now);
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
    const { proven, sent } = await this.#judge(one, suspicions);
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

  /** Tells what is missing, and demands it when that is allowed. */
  async #miss(one: Watched, missing: Missing, now: bigint): Promise<void> {
    const { address: gateway, calls, asked } = one;
    const { chain, bonds, random } = this.#o;
    const name = missing.what === "entry" ? `entry ${missing.seq}` : `shares ${missing.epoch}/${missing.deviceKind}`;
    this.#tell({ kind: "missing", gateway, missing }, `missing ${name} ${missing.why}`);
    if (bonds === 0n || asked.some((known) => isSameTarget(known, missing))) return;
    if (now < (await this.#since(gateway, missing)) + (this.#o.grace ?? this.#answer / 24n)) return;
    const least = await leastBond(chain, this.#faults, gateway);
    // The base fee may rise by an eighth until the demand is in a block.
    const bond = least + least / 4n;
    if (this.#bonded + bond > bonds) {
      this.#tell({ kind: "bond-limit", gateway, missing, bond }, `bond-limit ${name}`);
      return;
    }
    const demand = demandFor(missing, bond, random);
    const call = demandCall(calls, demand);
    if ((await this.#refused(call)) !== undefined) return;
    // Kept before it is sent: a demand that is made and forgotten costs its bond.
    asked.push(demand);
    this.#bonded += bond;
    this.#save();
    if ((await this.#sendUnlessRefused(call)) === undefined) this.#tell({ kind: "demanded", gateway, asked: demand });
  }

  /** Since when something could have been published, seconds since 1970. */
  async #since(gateway: Uint8Array, missing: Missing): Promise<bigint> {
    if (missing.what === "shares") return epochEnd(await this.#seals.times(), missing.epoch);
    const commitment: CommitmentEvidence = missing;
    return this.#seals.committedAt(gateway, commitment.seq, commitment.size, commitment.root);
  }

  /** Looks what became of a demand. The bond comes back for each that is missed, whoever took the stake. */
  async #settle(one: Watched, asked: Asked, now: bigint): Promise<void> {
    const { address: gateway, calls } = one;
    const { state, deadline } = await demandState(this.#o.chain, this.#faults, gateway, asked);
    const forget = () => one.asked.splice(one.asked.indexOf(asked), 1);
    if (state === "none") {
      // It was not mined, or undone. The same demand again cannot be made twice.
      const call = demandCall(calls, asked);
      if ((await this.#refused(call)) === undefined && (await this.#sendUnlessRefused(call)) === undefined) return;
      forget();
      this.#bonded -= asked.bond;
      return;
    }
    if (state === "open" && now <= deadline) return;
    const sent = state === "open" && (await this.#judge(one, [unanswered(calls, asked)])).sent;
    if (state === "open" && !sent) return;
    forget();
    if (state === "answered") {
      this.#tell({ kind: "answered", gateway, asked });
      return;
    }
    this.#bonded -= asked.bond;
    const { chain, account, send } = this.#o;
    if ((await owedBonds(chain, this.#faults, account)) > 0n) await send(collectBondsCall(this.#faults, account));
  }
}
