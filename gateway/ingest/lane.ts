import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { ByteSlab, CancelledError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { encodeReadingInto, Quality, type Reading } from "../../protocols/reading/index.ts";
import { Packer, type PackProposal } from "../attest/packer.ts";
import type { AttestRequest } from "../attest/signer-protocol.ts";
import type { PathLog } from "./path-log.ts";
import type { DeviceState, PendingReading } from "./state.ts";

/** What a statement says beside the pack itself. */
export interface StatementContext {
  clock: number;
  scope: Uint8Array;
  anchorBlock: bigint;
  anchorHash: Uint8Array;
}

export interface LaneOptions {
  /** Configured name. */
  name: string;
  device: Uint8Array;
  pack: { count: number; within: number };
  log: PathLog;
  clock: Clock;
  context(): StatementContext;
  /** `ClockState` of the clock that stamped the reading. */
  clockState(): number;
  sign(request: AttestRequest): Promise<Uint8Array>;
  /** The reading is durable: from here on it will be signed, logged and committed exactly once. */
  onDurable(reading: Reading, seq: bigint, work: bigint): void;
  onAttested(sign1: Uint8Array, pack: PackProposal<bigint>, index: number): void;
  /** Not taken, or not signed yet; a reading not taken leaves a mark on the next one. */
  onTrouble(error: FieldsealError, what: string): void;
}

/** Readings that one commit of the journal makes durable, each as it was taken and as it waits for its signature. */
interface Group {
  readonly durable: Promise<void>;
  readonly readings: Reading[];
  readonly pending: PendingReading[];
}

/** Wait before a signature that failed is asked for again. */
const RETRY_MS = 1_000;
/** What a stop waits for signatures that are under way. */
const STOP_MS = 2_000;

/**
 * The path of one device whose key the gateway's signer holds: reading → journal → pack → signature → journal.
 * Sequence numbers are given out when a reading enters the journal, and packs are signed one after another.
 */
export class Lane {
  readonly #o: LaneOptions;
  readonly #device: DeviceState;
  readonly #packer: Packer<bigint>;
  readonly #memory = new ByteSlab();
  /** What the latest reading is in. */
  #group: Group | undefined;
  /** Packs are signed one after another… */
  #signing: Promise<void> = Promise.resolve();
  /** …and need not wait for each other's commits. Settles when the newest attestation is durable, and so all before it. */
  #settling: Promise<void> = Promise.resolve();
  #waiting = 0;
  #gap = false;
  #closing = false;
  #stopped = false;
  #recovered = false;
  /** Resolves when the lane has stopped: nothing is waited for any longer. */
  readonly #halted: Promise<undefined>;
  #release: () => void = () => undefined;

  constructor(options: LaneOptions) {
    this.#o = options;
    const { device, pack, clock, log } = options;
    this.#device = log.state.device(device);
    this.#halted = new Promise((resolve) => {
      this.#release = () => resolve(undefined);
    });
    this.#packer = new Packer({ device, ...pack, clock, onPack: (proposal) => this.#enqueue(proposal) });
  }

  /** Packs that are not signed and durable yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Packs again what was in the journal and not signed when the gateway last stopped. */
  recover(): void {
    if (this.#recovered) return;
    this.#recovered = true;
    for (const reading of [...this.#device.pending]) this.#packer.add(reading);
  }

  /** Takes a reading. It is acknowledged by `onDurable`, or refused by `onTrouble`. */
  submit(reading: Reading, work: bigint): void {
    const { log, clockState, onTrouble, name } = this.#o;
    if (this.#closing) return;
    const marks = (this.#gap ? Quality.GapBefore : 0) | (clockState() === 0 ? Quality.ClockUnsynced : 0);
    const marked = marks === 0 ? reading : { ...reading, quality: reading.quality | marks };
    const paid = this.#device.cursor.work;
    try {
      const bytes = encodeReadingInto(this.#memory, marked);
      const taken = log.reading(this.#device, { time: marked.time, work: work > paid ? work : paid, bytes });
      const group = this.#groupOf(taken.durable);
      group.readings.push(marked);
      group.pending.push(taken.reading);
      this.#gap = false;
    } catch (error) {
      this.#gap = true;
      onTrouble(fieldsealError(error), `${name}: a reading was not taken`);
    }
  }

  /** The readings of a commit share one continuation: one for each would cost more than its part of a signature. */
  #groupOf(durable: Promise<void>): Group {
    if (this.#group?.durable === durable) return this.#group;
    const group: Group = { durable, readings: [], pending: [] };
    this.#group = group;
    const { onTrouble, name } = this.#o;
    durable.then(
      () => this.#acknowledge(group),
      (error: unknown) =>
        onTrouble(fieldsealError(error), `${name}: ${group.readings.length} readings were not acknowledged`),
    );
    return group;
  }

  #acknowledge(group: Group): void {
    if (this.#group === group) this.#group = undefined;
    for (const [i, pending] of group.pending.entries()) {
      this.#o.onDurable(group.readings[i]!, pending.seq, pending.work);
      if (!this.#closing) this.#packer.add(pending);
    }
  }

  #enqueue(pack: PackProposal<bigint>): void {
    this.#waiting++;
    this.#signing = this.#signing.then(() => this.#attest(pack));
  }

  /** Until the pack has its place in the journal, or the lane stops: then its readings are pending there. */
  async #attest(pack: PackProposal<bigint>): Promise<void> {
    const { device, first, count, from, to, work, root } = pack;
    // One request, asked again as it is: the signer refuses a second statement over the same sequence numbers.
    let request: AttestRequest | undefined;
    while (!this.#stopped) {
      try {
        request ??= { device, first, count, from, to, work, root, ...this.#context() };
        const sign1 = await Promise.race([this.#o.sign(request), this.#halted]);
        if (sign1 === undefined || this.#stopped) return;
        const { index, durable } = this.#o.log.attest(sign1, null);
        this.#settling = this.#settle(pack, sign1, index, durable);
        return;
      } catch (error) {
        if (this.#stopped || error instanceof CancelledError) return;
        this.#o.onTrouble(
          fieldsealError(error),
          `${this.#o.name}: readings ${first} to ${first + BigInt(count) - 1n} wait for their signature`,
        );
      }
      await this.#pause();
    }
  }

  async #settle(pack: PackProposal<bigint>, sign1: Uint8Array, index: number, durable: Promise<void>): Promise<void> {
    try {
      await durable;
    } catch (error) {
      // The journal has failed or was closed: the gateway goes on from what is on the disk.
      if (!this.#stopped) this.#o.onTrouble(fieldsealError(error), `${this.#o.name}: an attestation is not durable`);
      return;
    } finally {
      this.#waiting--;
    }
    try {
      this.#o.onAttested(sign1, pack, index);
    } catch (error) {
      // The entry stands; who fails to show it does not stop the lane.
      this.#o.onTrouble(fieldsealError(error), `${this.#o.name}: an attestation could not be shown`);
    }
  }

  /** A device speaks for the scope that it has enrolled for. */
  #context(): StatementContext {
    const { context } = this.#o;
    const { enrolment, scope } = this.#device.cursor;
    return enrolment < 0 ? context() : { ...context(), scope };
  }

  async #pause(): Promise<void> {
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      timer = this.#o.clock.after(RETRY_MS, resolve);
    });
    await Promise.race([over, this.#halted]);
    timer?.cancel();
  }

  /** Signs what is open now; resolves when it is signed and durable. */
  async settle(): Promise<void> {
    this.#packer.flush();
    await this.#signing;
    await this.#settling;
  }

  /** Signs what is open and ends; resolves when nothing of this device is under way. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#packer.stop();
    // Last signatures get this long; what is left is signed at the next start.
    const timer = this.#o.clock.after(STOP_MS, () => this.#halt());
    await this.#signing;
    await Promise.race([this.#settling, this.#halted]);
    timer.cancel();
    this.#halt();
  }

  #halt(): void {
    this.#stopped = true;
    this.#release();
  }
}

const fieldsealError = (error: unknown): FieldsealError =>
  error instanceof FieldsealError
    ? error
    : new InternalError("FS-LANE-BUG", "a reading could not be taken further", { cause: error });
