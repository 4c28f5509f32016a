import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { encodeReading, Quality, type Reading } from "../../protocols/reading/index.ts";
import { Packer, type PackProposal } from "../attest/packer.ts";
import type { AttestRequest } from "../attest/signer-protocol.ts";
import type { PathLog } from "./path-log.ts";
import { encodeReadingRecord, RecordKind } from "./records.ts";

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
  readonly #packer: Packer<bigint>;
  #signing: Promise<void> = Promise.resolve();
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
    const { device, pack, clock } = options;
    this.#halted = new Promise((resolve) => {
      this.#release = () => resolve(undefined);
    });
    this.#packer = new Packer({ device, ...pack, clock, onPack: (proposal) => this.#enqueue(proposal) });
  }

  /** Packs that wait for their signature. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Packs again what was in the journal and not signed when the gateway last stopped. */
  recover(): void {
    const { log, device } = this.#o;
    if (this.#recovered) return;
    this.#recovered = true;
    for (const reading of [...log.state.pendingOf(device)]) this.#packer.add(reading);
  }

  /** Takes a reading. It is acknowledged by `onDurable`, or refused by `onTrouble`. */
  submit(reading: Reading, work: bigint): void {
    const { log, device, clockState, onDurable, onTrouble, name } = this.#o;
    if (this.#closing) return;
    const cursor = log.state.cursor(device);
    const marks = (this.#gap ? Quality.GapBefore : 0) | (clockState() === 0 ? Quality.ClockUnsynced : 0);
    const marked = marks === 0 ? reading : { ...reading, quality: reading.quality | marks };
    const seq = cursor.next;
    const paid = work > cursor.work ? work : cursor.work;
    let put: { position: bigint; durable: Promise<void> };
    let bytes: Uint8Array;
    try {
      bytes = encodeReading(marked);
      const record = encodeReadingRecord({ device, seq, work: paid, time: marked.time, bytes });
      put = log.put(RecordKind.reading, record);
    } catch (error) {
      this.#gap = true;
      onTrouble(fieldsealError(error), `${name}: a reading was not taken`);
      return;
    }
    this.#gap = false;
    put.durable.then(
      () => {
        onDurable(marked, seq, paid);
        if (!this.#closing) this.#packer.add({ seq, time: marked.time, work: paid, bytes, position: put.position });
      },
      (error: unknown) => onTrouble(fieldsealError(error), `${name}: a reading was not acknowledged`),
    );
  }

  #enqueue(pack: PackProposal<bigint>): void {
    this.#waiting++;
    this.#signing = this.#signing.then(async () => {
      const logged = await this.#attest(pack);
      this.#waiting--;
      if (logged) this.#o.onAttested(logged.sign1, pack, logged.index);
    });
  }

  /** Until the pack has its place in the log, or the lane stops: then its readings are pending in the journal. */
  async #attest(pack: PackProposal<bigint>): Promise<{ sign1: Uint8Array; index: number } | undefined> {
    const { device, first, count, from, to, work, root } = pack;
    // One request, asked again as it is: the signer refuses a second statement over the same sequence numbers.
    let request: AttestRequest | undefined;
    while (!this.#stopped) {
      try {
        request ??= { device, first, count, from, to, work, root, ...this.#context() };
        const sign1 = await Promise.race([this.#o.sign(request), this.#halted]);
        if (sign1 === undefined || this.#stopped) return undefined;
        const { index, durable } = this.#o.log.attest(sign1, null);
        await durable;
        return { sign1, index };
      } catch (error) {
        if (this.#stopped || error instanceof CancelledError) return undefined;
        this.#o.onTrouble(
          fieldsealError(error),
          `${this.#o.name}: readings ${first} to ${first + BigInt(count) - 1n} wait for their signature`,
        );
      }
      await this.#pause();
    }
    return undefined;
  }

  /** A device speaks for the scope that it has enrolled for. */
  #context(): StatementContext {
    const { log, device, context } = this.#o;
    const { enrolment, scope } = log.state.cursor(device);
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

  /** Signs what is open now; resolves when nothing waits for its signature. */
  async settle(): Promise<void> {
    this.#packer.flush();
    await this.#signing;
  }

  /** Signs what is open and ends; resolves when nothing of this device is under way. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#packer.stop();
    // Last signatures get this long; what is left is signed at the next start.
    const timer = this.#o.clock.after(STOP_MS, () => this.#halt());
    await this.#signing;
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
