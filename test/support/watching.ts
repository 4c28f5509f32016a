import { nodeBackend } from "../../gateway/attest/index.ts";
import { type Coordinator, coordinatorAt, runOfOne } from "../../gateway/coordinator/coordinator.ts";
import { stakeCall } from "../../gateway/coordinator/ledger-calls.ts";
import {
  type Published,
  type WatchEvent,
  type WatchStore,
  Watchtower,
  type WatchtowerOptions,
} from "../../gateway/watchtower/index.ts";
import { epochEnd } from "../../protocols/shares/index.ts";
import { type Account, SimChain } from "../sim/sim-chain.ts";
import { SimDevice, SimGateway } from "../sim/sim-gateway.ts";

const HOUR = 3_600n;
const ETHER = 10n ** 18n;

export interface Watching {
  tower: Watchtower;
  events: WatchEvent[];
  kinds(): string[];
}

/** Gateways and watchtowers over one chain whose time is set by hand. */
export class WatchRig {
  readonly sim: SimChain;
  readonly owner: Account;
  readonly challenger: Account;
  readonly #coordinator: Coordinator;
  #count = 0;

  private constructor(sim: SimChain, owner: Account, challenger: Account) {
    this.sim = sim;
    this.owner = owner;
    this.challenger = challenger;
    this.#coordinator = coordinatorAt(sim.local.chain, sim.deployment.ledger);
  }

  static async start(): Promise<WatchRig> {
    const sim = await SimChain.start();
    return new WatchRig(sim, await sim.account("an owner"), await sim.account("a challenger"));
  }

  stop(): Promise<void> {
    return this.sim.local.stop();
  }

  /** A staked gateway with three registered devices and a committed log. */
  async gatewayOf(): Promise<SimGateway> {
    const gateway = new SimGateway(this.sim, await this.sim.account(`gateway ${++this.#count}`));
    await gateway.log.open();
    const { account } = gateway;
    const coordinator = this.#coordinator;
    await this.sim.send([[account, stakeCall(this.sim.deployment.ledger, ETHER)]]);
    for (let i = 0; i < 3; i++) {
      const device = new SimDevice(1000 * this.#count + i, this.owner, 0, 10_000n, 50n);
      const { attestation, body } = device.enrol(gateway.scope, await this.sim.now());
      const entry = runOfOne(account.address, device.board.id, 0, 10_000n);
      const { payload: statement, signature } = attestation.sign1;
      await this.sim.send([[account, await coordinator.admitCall(entry)]]);
      const registration = { entry, path: [], gateway: account.address, statement, body, signature };
      await this.sim.send([[account, await coordinator.registerCall(registration)]]);
      gateway.devices.push(device);
      await gateway.append([attestation.bytes]);
    }
    await this.commit(gateway);
    return gateway;
  }

  async commit(gateway: SimGateway): Promise<void> {
    const { seq, size, root } = await gateway.commitment();
    const call = this.#coordinator.commitCall(seq, size, root);
    await this.sim.send([[gateway.account, call]]);
  }

  async read(gateway: SimGateway): Promise<void> {
    const now = await this.sim.now();
    for (const device of gateway.devices) {
      device.register += 1_000n;
      await gateway.append([device.attest(gateway.scope, now).bytes]);
    }
  }

  /** Until an epoch's end; then the gateway seals. */
  async seal(gateway: SimGateway, epoch: bigint, hidden = false): Promise<void> {
    await this.sim.until(epochEnd(this.sim.times, epoch) + HOUR);
    const calls = gateway.seal(epoch, await gateway.prepare(epoch), hidden);
    await this.sim.send(calls.map((call) => [gateway.account, call] as const));
  }

  async watching(
    gateway: SimGateway,
    store: WatchStore,
    changes: Partial<WatchtowerOptions> & { published?: Published } = {},
  ): Promise<Watching> {
    const { published = gateway.published, ...options } = changes;
    const events: WatchEvent[] = [];
    const tower = new Watchtower({
      chain: this.sim.local.chain,
      chainId: this.sim.deployment.chainId,
      ledger: this.sim.deployment.ledger,
      fromBlock: this.sim.deployment.block,
      gateways: [{ address: gateway.account.address, published }],
      account: this.challenger.address,
      store,
      verifier: nodeBackend(),
      random: (length) => new Uint8Array(length).fill(7),
      send: (call) => this.sim.send([[this.challenger, call]]),
      challenge: true,
      bonds: ETHER,
      grace: 0n,
      onEvent: (event) => events.push(event),
      ...options,
    });
    await tower.open();
    return { tower, events, kinds: () => events.map(({ kind }) => kind) };
  }

  /** Whether its stake was taken. */
  async frozen(gateway: SimGateway): Promise<boolean> {
    return (await this.#coordinator.head(gateway.account.address)).frozen;
  }
}
