import { nodeBackend } from "../../gateway/attest/index.ts";
import { claimCalls, claimsOf } from "../../gateway/coordinator/claiming.ts";
import { type ContractCall, coordinatorAt, runLeaf } from "../../gateway/coordinator/coordinator.ts";
import { PUBLIC_TERMS } from "../../gateway/coordinator/deploy.ts";
import { commitForCall, stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import { rewardsReads } from "../../gateway/coordinator/rewards-calls.ts";
import { getBalance } from "../../gateway/coordinator/rpc.ts";
import { ledgerSeals } from "../../gateway/coordinator/seals.ts";
import { memoryStore, type WatchEvent, type WatchStore, Watchtower } from "../../gateway/watchtower/index.ts";
import { toHex } from "../../protocols/bytes/index.ts";
import { leafHash, MerkleTree } from "../../protocols/log/index.ts";
import {
  type DeviceTerms,
  earned,
  epochEnd,
  epochStart,
  finalAt,
  partOf,
  workPool,
} from "../../protocols/shares/index.ts";
import { Random } from "../support/mutate.ts";
import { CHEATS, type Cheat } from "./cheats.ts";
import { type Account, SimChain } from "./sim-chain.ts";
import { SimDevice, SimGateway } from "./sim-gateway.ts";

export interface SimOptions {
  /** Epochs in which something happens, ascending; between them only time passes. */
  epochs: readonly number[];
  /** Which epochs the third gateway cheats in, in the order of `CHEATS`; never the first one or two in a row. */
  cheatsIn: readonly number[];
  devices: number;
  onEpoch?(row: EpochRow): void;
}

/** What one epoch came to, both kinds together; tokens in the smallest unit. */
export interface EpochRow {
  epoch: number;
  pool: bigint;
  /** By the rule, computed from the meters' registers. */
  owed: bigint;
  paid: bigint;
  unallocated: bigint;
  work: bigint;
  shares: number;
  cheat?: string;
  fault?: string;
}

export interface SimResult {
  rows: EpochRow[];
  /** Each account with what the rule owes it and what it holds. */
  accounts: { name: string; owed: bigint; holds: bigint }[];
  /** Cheats, and the fault that took the stake. */
  slashed: { epoch: number; cheat: string; fault: string | undefined; expected: string }[];
  /** Gateways that the watchtower suspected, rightly or not, before they cheated. */
  suspectedEarly: string[];
  /** Gateways that were slashed, of those that never cheated. */
  honestSlashed: string[];
  /** Wei of the Ledger against stakes and burned. */
  ledger: { balance: bigint; stakes: bigint; burned: bigint };
  /** Wei of bonds that nobody fetched. */
  bonds: bigint;
  transactions: number;
  gas: bigint;
  seconds: number;
}

const DAY = 86_400n;
const HOUR = 3_600n;
const KINDS = [0, 1];
/** Of each gateway, wei. */
export const SIM_STAKE = 10n ** 18n;
const CAP = 10_000n;

/** Begin of a device's stretch, and where it stands at the gateway's last commitment. */
interface Stretch {
  device: SimDevice;
  from: bigint;
  to: bigint;
}

/** Three gateways, their devices, a watchtower, and time. */
export class Simulation {
  readonly #o: SimOptions;
  readonly #random = new Random(7);
  readonly #sim: SimChain;
  readonly #challenger: Account;
  readonly #relayer: Account;
  readonly #owners: Account[] = [];
  readonly #devices: SimDevice[] = [];
  readonly #stretches = new Map<SimDevice, Stretch>();
  readonly #all: SimGateway[] = [];
  readonly #cheated = new Set<string>();
  readonly #owed = new Map<string, bigint>();
  readonly #store: WatchStore = memoryStore();
  readonly #faults = new Map<string, string>();
  readonly #known = new Map<string, { owner: Uint8Array; terms: DeviceTerms }>();
  #gateways: SimGateway[] = [];
  #tower: Watchtower | undefined;
  #names = 0;
  readonly #suspected: string[] = [];
  /** Name of the gateway that cheats in this epoch. */
  #cheating: string | undefined;

  private constructor(options: SimOptions, sim: SimChain, challenger: Account, relayer: Account) {
    this.#o = options;
    this.#sim = sim;
    this.#challenger = challenger;
    this.#relayer = relayer;
  }

  static async run(options: SimOptions): Promise<SimResult> {
    const began = process.hrtime.bigint();
    const sim = await SimChain.start();
    try {
      const it = new Simulation(options, sim, await sim.account("the challenger"), await sim.account("a relayer"));
      const result = await it.#run();
      return { ...result, seconds: Number((process.hrtime.bigint() - began) / 1_000_000n) / 1000 };
    } finally {
      await sim.local.stop();
    }
  }

  async #run(): Promise<Omit<SimResult, "seconds">> {
    const { epochs, cheatsIn, devices, onEpoch } = this.#o;
    for (let i = 0; i < 5; i++) this.#owners.push(await this.#sim.account(`owner ${i + 1}`));
    for (let i = 0; i < devices; i++) {
      const start = BigInt(this.#random.below(100_000));
      this.#devices.push(new SimDevice(100 + i, this.#owners[i % 5]!, i % 4 === 3 ? 1 : 0, CAP, start));
    }
    await this.#sim.until(epochStart(this.#sim.times, BigInt(epochs[0]!)) + HOUR);
    await this.#join([0, 1, 2]);
    const rows: EpochRow[] = [];
    const slashed: SimResult["slashed"] = [];
    let waiting: (() => Promise<EpochRow>) | undefined;
    const settle = async () => {
      const row = await waiting?.();
      waiting = undefined;
      if (row) {
        rows.push(row);
        onEpoch?.(row);
      }
    };
    for (const number of epochs) {
      const epoch = BigInt(number);
      const start = epochStart(this.#sim.times, epoch);
      const turn = cheatsIn.indexOf(number);
      const cheat = turn < 0 ? undefined : CHEATS[turn % CHEATS.length]!;
      if ((await this.#sim.now()) < start) await this.#sim.until(start + HOUR);
      await this.#join([...this.#gateways.keys()].filter((i) => this.#faults.has(this.#gateways[i]!.name)));
      this.#cheating = cheat && this.#gateways[2]!.name;
      await this.#read(start + 2n * DAY);
      await this.#commit();
      if ((await this.#sim.now()) < start + 4n * DAY) await this.#sim.until(start + 4n * DAY);
      await settle();
      await this.#read(start + 6n * DAY, cheat);
      await this.#commit();
      await this.#tower!.step();
      await this.#seal(epoch, cheat);
      const cheater = this.#gateways[2]!;
      if (cheat) {
        this.#cheated.add(cheater.name);
        const fault = this.#faults.get(cheater.name);
        slashed.push({ epoch: number, cheat: cheat.name, fault, expected: cheat.fault });
      }
      waiting = await this.#closed(epoch, cheat);
    }
    await settle();
    return { rows, slashed, ...(await this.#sums()) };
  }

  /** Gateways that begin: at first, and again under another name after they were slashed. */
  async #join(places: readonly number[]): Promise<void> {
    if (places.length === 0) return;
    const { deployment, local } = this.#sim;
    const coordinator = coordinatorAt(local.chain, deployment.ledger);
    const first = this.#gateways.length === 0;
    const fresh: SimGateway[] = [];
    for (const place of places) {
      const gateway = new SimGateway(this.#sim, await this.#sim.account(`gateway ${place + 1}, life ${++this.#names}`));
      await gateway.log.open();
      gateway.devices.push(...this.#devices.filter((_, i) => i % 3 === place));
      this.#gateways[place] = gateway;
      this.#all.push(gateway);
      fresh.push(gateway);
    }
    await this.#sim.send(fresh.map(({ account }) => [account, stakeCall(deployment.ledger, SIM_STAKE)] as const));
    // One production run for all of them; its maker is whoever relays.
    const tree = new MerkleTree();
    for (const { board, kind, cap } of this.#devices) tree.append(leafHash(runLeaf(board.id, kind, cap)));
    const run = { maker: this.#relayer.address, root: tree.root(), count: BigInt(this.#devices.length) };
    if (first) await this.#sim.send([[this.#relayer, await coordinator.admitCall(run)]]);
    const now = await this.#sim.now();
    const registrations: [Account, ContractCall][] = [];
    for (const gateway of fresh) {
      const entries: Uint8Array[] = [];
      for (const device of gateway.devices) {
        const { attestation, body } = device.enrol(gateway.scope, now);
        entries.push(attestation.bytes);
        this.#stretches.set(device, { device, from: device.register, to: device.register });
        if (!first) continue;
        const index = this.#devices.indexOf(device);
        const { payload: statement, signature } = attestation.sign1;
        const entry = { ...run, index: BigInt(index), kind: device.kind, cap: device.cap };
        const path = tree.inclusionProof(index);
        const registration = { entry, path, gateway: gateway.account.address, statement, body, signature };
        registrations.push([gateway.account, await coordinator.registerCall(registration)]);
      }
      await gateway.append(entries);
    }
    await this.#sim.send(registrations);
    await this.#watch();
  }

  /** The watchtower, over the gateways that there are now; what it knew before it reads from its store. */
  async #watch(): Promise<void> {
    const { deployment, local } = this.#sim;
    this.#tower = new Watchtower({
      chain: local.chain,
      chainId: deployment.chainId,
      ledger: deployment.ledger,
      fromBlock: deployment.block,
      gateways: this.#gateways.map((one) => ({ address: one.account.address, published: one.published })),
      account: this.#challenger.address,
      store: this.#store,
      verifier: nodeBackend(),
      random: (length) => this.#random.bytes(length),
      send: (call) => this.#sim.send([[this.#challenger, call]]),
      challenge: true,
      bonds: 10n ** 18n,
      grace: 0n,
      onEvent: (event) => this.#hear(event),
    });
    await this.#tower.open();
  }

  #hear(event: WatchEvent): void {
    const { name } = this.#all.find(({ account }) => toHex(account.address) === toHex(event.gateway))!;
    const suspects = event.kind === "fault" || event.kind === "unproven" || event.kind === "missing";
    if (suspects && name !== this.#cheating) this.#suspected.push(`${name}: ${event.kind}`);
    if (event.kind !== "challenged") return;
    this.#faults.set(name, event.suspicion.fault);
  }

  /** Every register grows, and every device says so. */
  async #read(at: bigint, cheat?: Cheat): Promise<void> {
    await this.#sim.until(at);
    for (const gateway of this.#gateways) {
      const entries: Uint8Array[] = [];
      for (const device of gateway.devices) {
        device.register += 1n + BigInt(this.#random.below(100_000));
        entries.push(device.attest(gateway.scope, at).bytes);
        this.#stretches.get(device)!.to = device.register;
      }
      await gateway.append(entries);
    }
    await cheat?.log?.(this.#gateways[2]!, at);
  }

  /** One transaction for all of them. */
  async #commit(): Promise<void> {
    const commits = [];
    for (const gateway of this.#gateways) {
      if (this.#faults.has(gateway.name)) continue;
      commits.push(this.#sim.relay(gateway.account, await gateway.commitment()));
    }
    await this.#sim.send([[this.#relayer, commitForCall(this.#sim.deployment.ledger, commits)]]);
  }

  /** Seals after the epoch's end; then the time for demands and answers passes. */
  async #seal(epoch: bigint, cheat: Cheat | undefined): Promise<void> {
    const { times } = this.#sim;
    const end = epochEnd(times, epoch);
    await this.#sim.until(end - HOUR);
    await this.#tower!.step();
    await this.#sim.until(end + HOUR);
    const calls: [Account, ContractCall][] = [];
    for (const gateway of this.#gateways) {
      if (this.#faults.has(gateway.name)) continue;
      const cheats = gateway === this.#gateways[2] ? cheat : undefined;
      const honest = await gateway.prepare(epoch);
      const seals = (await cheats?.seal?.(gateway, honest, epoch)) ?? honest;
      for (const call of gateway.seal(epoch, seals, cheats?.hidesShares)) calls.push([gateway.account, call]);
    }
    await this.#sim.send(calls);
    await this.#tower!.step();
    await this.#sim.until(end + 26n * HOUR);
    await this.#tower!.step();
  }

  /** What the rule says of an epoch, from the meters' registers; and later, what the contracts say. */
  async #closed(epoch: bigint, cheat: Cheat | undefined): Promise<() => Promise<EpochRow>> {
    const { split, auditPart, gatewayPart } = PUBLIC_TERMS;
    const good = this.#gateways.filter(({ name }) => !this.#faults.has(name));
    const fault = this.#faults.get(this.#gateways[2]!.name);
    let owed = 0n;
    let work = 0n;
    let shares = 0;
    for (const kind of KINDS) {
      const sealed = good.flatMap((gateway) =>
        gateway.devices
          .filter((device) => device.kind === kind)
          .map((device) => ({ gateway, device, growth: growthOf(this.#stretches.get(device)!) })),
      );
      const total = sealed.reduce((sum, { growth }) => sum + growth, 0n);
      const pool = workPool(epoch, BigInt(split[kind]!), BigInt(auditPart));
      for (const { gateway, device, growth } of sealed) {
        const whole = earned(pool, growth, total);
        const forGateway = partOf(whole, BigInt(gatewayPart));
        this.#owe(gateway.name, forGateway);
        this.#owe(device.owner.name, whole - forGateway);
        owed += whole;
        work += growth;
        shares++;
      }
    }
    for (const stretch of this.#stretches.values()) stretch.from = stretch.to;
    const row = { epoch: Number(epoch), owed, work, shares, ...(cheat ? { cheat: cheat.name } : {}) };
    return async () => {
      await this.#claim(epoch, good);
      const reads = rewardsReads(this.#sim.local.chain, this.#sim.deployment.rewards);
      const pools = await Promise.all(KINDS.map((kind) => reads.pool(epoch, kind)));
      const sum = (name: "pool" | "paid" | "unallocated") => pools.reduce((all, one) => all + one[name], 0n);
      const figures = { pool: sum("pool"), paid: sum("paid"), unallocated: sum("unallocated") };
      return { ...row, ...figures, ...(fault === undefined ? {} : { fault }) };
    };
  }

  #owe(name: string, amount: bigint): void {
    this.#owed.set(name, (this.#owed.get(name) ?? 0n) + amount);
  }

  async #claim(epoch: bigint, gateways: readonly SimGateway[]): Promise<void> {
    const { local, deployment, times } = this.#sim;
    const final = finalAt(times, epoch);
    if ((await this.#sim.now()) < final) await this.#sim.until(final);
    const now = await this.#sim.now();
    const seals = ledgerSeals(local.chain, deployment.ledger);
    const reads = rewardsReads(local.chain, deployment.rewards);
    const calls: [Account, ContractCall][] = [];
    for (const owner of this.#owners) {
      const batches = [];
      for (const gateway of gateways) {
        const found = await claimsOf({
          gateway: gateway.account.address,
          files: { epochs: () => [...gateway.prepared.keys()], read: (at) => gateway.prepared.get(at) },
          ...{ times, now, owner: owner.address, from: epoch },
          sealOf: (at, kind) => seals.sealOf(gateway.account.address, at, kind),
          deviceOf: (device) => this.#deviceOf(device),
          async markOf(device) {
            const mark = await reads.paidMark(device);
            return mark && { to: mark.to, at: mark.time };
          },
        });
        if (found.unclaimed.length > 0) throw new Error(`epoch ${epoch}: unclaimed ${found.unclaimed[0]!.why}`);
        batches.push(...found.batches);
      }
      for (const call of claimCalls(deployment.rewards, owner.address, batches)) calls.push([this.#relayer, call]);
    }
    await this.#sim.send(calls);
  }

  async #deviceOf(device: Uint8Array) {
    const name = toHex(device);
    const known = this.#known.get(name);
    if (known) return known;
    const terms = await ledgerSeals(this.#sim.local.chain, this.#sim.deployment.ledger).termsOf(device);
    const owner = this.#devices.find(({ board }) => toHex(board.id) === name)?.owner.address;
    if (!terms || !owner) return undefined;
    this.#known.set(name, { owner, terms });
    return { owner, terms };
  }

  async #sums(): Promise<Omit<SimResult, "seconds" | "rows" | "slashed">> {
    const { local, deployment } = this.#sim;
    const coordinator = coordinatorAt(local.chain, deployment.ledger);
    const accounts: SimResult["accounts"] = [];
    for (const account of [...this.#owners, ...this.#all.map((one) => one.account)]) {
      const holds = await this.#sim.ask(deployment.token, "balanceOf(address)", [account.address]);
      accounts.push({ name: account.name, owed: this.#owed.get(account.name) ?? 0n, holds });
    }
    let stakes = 0n;
    for (const { account } of this.#all) stakes += (await coordinator.head(account.address)).stake;
    return {
      accounts,
      suspectedEarly: this.#suspected,
      honestSlashed: [...this.#faults.keys()].filter((name) => !this.#cheated.has(name)),
      ledger: {
        balance: await getBalance(local.chain, deployment.ledger),
        stakes,
        burned: await this.#sim.ask(deployment.ledger, "burned()"),
      },
      bonds: await getBalance(local.chain, deployment.faults),
      transactions: this.#sim.sent,
      gas: this.#sim.gas,
    };
  }
}

const growthOf = ({ from, to }: Stretch): bigint => to - from;
