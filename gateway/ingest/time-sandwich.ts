import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { copyOf, EnvironmentError } from "../../protocols/bytes/index.ts";
import { decodeHeader } from "../../protocols/evm/index.ts";
import { fetchBlockHeader } from "../coordinator/anchor.ts";
import type { Coordinator } from "../coordinator/coordinator.ts";
import type { HeaderFiles } from "../proofs/header-files.ts";
import { clockState, GNSS_AGE_MS, kernelClockSynced } from "./time-state.ts";

export interface TimeSandwichOptions {
  clock: Clock;
  /** Undefined: nothing is committed, so statements name no block. */
  coordinator: Coordinator | undefined;
  headers: HeaderFiles;
  /** ms between looks at the chain. */
  every: number;
  /** Whether a time service disciplines the clock; undefined when nobody knows. Default: what the kernel says. */
  clockSynced?: (() => Promise<boolean | undefined>) | undefined;
}

interface Lower {
  block: bigint;
  hash: Uint8Array;
  header: Uint8Array;
}

/** How long a block counts as "newest known" for the clock's sake while the chain does not answer. */
const BLOCK_AGE_MS = 10 * 60_000;
const KERNEL_EVERY_MS = 10 * 60_000;

/** The lower bound of statements' time (newest block known) and the state of the clock that stamps readings. */
export class TimeSandwich {
  readonly #o: TimeSandwichOptions;
  #lower: Lower | undefined;
  /** The newest block's time, and when that block was first seen (monotonic). */
  #seen: { blockTime: number; at: number } | undefined;
  /** What a receiver told last, and when (monotonic). */
  #gnss: { time: number; at: number } | undefined;
  #kernel: boolean | undefined;
  #timers: (Timer | undefined)[] = [];
  #stopped = false;

  constructor(options: TimeSandwichOptions) {
    this.#o = options;
  }

  /** Looks once, then keeps looking; never fails: without an answer statements name no block. */
  async start(): Promise<void> {
    await Promise.all([this.#lookAtKernel(), this.#lookAtChain()]);
  }

  async #lookAtKernel(): Promise<void> {
    this.#kernel = await (this.#o.clockSynced ?? kernelClockSynced)();
    if (!this.#stopped) this.#timers[0] = this.#o.clock.after(KERNEL_EVERY_MS, () => void this.#lookAtKernel());
  }

  async #lookAtChain(): Promise<void> {
    const { coordinator, clock, every } = this.#o;
    if (!coordinator) return;
    try {
      const { number } = await coordinator.latestBlock();
      if (number !== this.#lower?.block) {
        const header = await fetchBlockHeader(coordinator.chain, number);
        const { hash, timestamp } = decodeHeader(header);
        this.#lower = { block: number, hash: copyOf(hash, 0, 16), header };
        this.#seen = { blockTime: Number(timestamp) * 1000, at: clock.monotonic() };
      }
    } catch {
      // The submitter tells about an end point that fails; an older block is a lower bound as well.
    }
    if (!this.#stopped) this.#timers[1] = clock.after(every, () => void this.#lookAtChain());
  }

  /** For the next statement: state of the clock and the lower bound, whose header is kept for proofs. */
  current(): { clock: number; anchorBlock: bigint; anchorHash: Uint8Array } {
    const clock = this.state();
    if (!this.#lower) return { clock, anchorBlock: 0n, anchorHash: new Uint8Array(16) };
    try {
      this.#o.headers.write(this.#lower.block, this.#lower.header);
    } catch (error) {
      // Any node can be asked for it again: a disk without room does not keep readings from being signed.
      if (!(error instanceof EnvironmentError)) throw error;
    }
    return { clock, anchorBlock: this.#lower.block, anchorHash: this.#lower.hash };
  }

  /** Takes the time that a GNSS receiver tells now, ms since 1970. */
  hear(time: number): void {
    this.#gnss = { time, at: this.#o.clock.monotonic() };
  }

  /** `ClockState` of the clock that stamps readings now. */
  state(): number {
    const { clock } = this.#o;
    const age = this.#seen === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - this.#seen.at;
    // The chain's time carried on by the monotonic clock: a wall clock that jumped no longer agrees with it.
    const chainTime = this.#seen && age < BLOCK_AGE_MS ? this.#seen.blockTime + age : undefined;
    const heard = this.#gnss && clock.monotonic() - this.#gnss.at;
    const gnssTime = heard !== undefined && heard < GNSS_AGE_MS ? this.#gnss!.time + heard : undefined;
    return clockState(this.#kernel, clock.now(), chainTime, gnssTime);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer?.cancel();
  }
}
