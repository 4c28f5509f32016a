import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { MAX_PACK, packRoot } from "../../protocols/attestation/index.ts";
import { UsageError } from "../../protocols/bytes/index.ts";

/** A reading that is durable and not yet signed. */
export interface PackReading<Position> {
  seq: bigint;
  /** ms since 1970. */
  time: number;
  /** Work register after this reading. */
  work: bigint;
  /** The reading's canonical bytes: a leaf of the pack. */
  bytes: Uint8Array;
  /** Where the journal has it. */
  position: Position;
}

/** What a device is about to say about a run of readings; the signer adds the rest of the statement. */
export interface PackProposal<Position> {
  device: Uint8Array;
  first: bigint;
  count: number;
  from: number;
  to: number;
  work: bigint;
  root: Uint8Array;
  readings: readonly PackReading<Position>[];
}

export interface PackerOptions<Position> {
  /** Device id, 32 bytes. */
  device: Uint8Array;
  /** Readings that close a pack, 1 … 1024. */
  count: number;
  /** ms after a pack's first reading at which it is closed however small. */
  within: number;
  /** Bytes of readings that close a pack, so that its publication stays a reasonable message. Default 256 KiB. */
  maxBytes?: number;
  clock: Clock;
  /**
   * Called once for each pack, in order. A pack that could not be signed is to be asked for again exactly as it is: the
   * signer refuses another statement over the same sequence numbers.
   */
  onPack(pack: PackProposal<Position>): void;
}

/**
 * Gathers one device's readings into packs: closed by count, by deadline, by size, and wherever a pack could not say the
 * truth about its readings (a missing sequence number, a time that falls). Readings that were pending at the last stop are
 * added first at start, in order, like new ones.
 */
export class Packer<Position> {
  readonly #options: PackerOptions<Position>;
  #open: PackReading<Position>[] = [];
  #bytes = 0;
  #deadline: Timer | undefined;
  #last: PackReading<Position> | undefined;
  #stopped = false;

  constructor(options: PackerOptions<Position>) {
    if (!Number.isInteger(options.count) || options.count < 1 || options.count > MAX_PACK) {
      throw new UsageError("FS-PACK-COUNT", `a pack of ${options.count} readings`, { fix: `Use 1 to ${MAX_PACK}.` });
    }
    this.#options = options;
  }

  /** Readings in the open pack. */
  get pending(): number {
    return this.#open.length;
  }

  /**
   * Takes the device's next reading. Its sequence number is above the last one's.
   * @throws UsageError FS-PACK-ORDER, FS-PACK-WORK, FS-PACK-TIME, FS-PACK-STOPPED.
   */
  add(reading: PackReading<Position>): void {
    const last = this.#last;
    this.#check(reading, last);
    const open = this.#open;
    const { maxBytes = 256 * 1024, count, within, clock } = this.#options;
    if (open.length > 0 && last !== undefined) {
      const continues = reading.seq === last.seq + 1n && reading.time >= last.time;
      if (!continues || this.#bytes + reading.bytes.length > maxBytes) this.flush();
    }
    this.#last = reading;
    this.#open.push(reading);
    this.#bytes += reading.bytes.length;
    if (this.#open.length >= count || this.#bytes >= maxBytes) this.flush();
    else if (this.#open.length === 1) this.#deadline = clock.after(within, () => this.flush());
  }

  #check(reading: PackReading<Position>, last: PackReading<Position> | undefined): void {
    const context = { seq: String(reading.seq) };
    if (this.#stopped) {
      throw new UsageError("FS-PACK-STOPPED", "a reading came after the packer was stopped", {
        context,
        fix: "Stop the sources first. The reading stays pending in the journal.",
      });
    }
    if (!Number.isSafeInteger(reading.time) || reading.time < 0) {
      throw new UsageError("FS-PACK-TIME", `reading ${reading.seq} has a time before 1970`, {
        context,
        fix: "Stamp the reading with the gateway's clock.",
      });
    }
    if (last === undefined) return;
    if (reading.seq <= last.seq) {
      throw new UsageError("FS-PACK-ORDER", `reading ${reading.seq} comes after reading ${last.seq}`, {
        context,
        fix: "Add readings in the order of their sequence numbers, each once.",
      });
    }
    if (reading.work < last.work) {
      throw new UsageError("FS-PACK-WORK", `the work register falls from ${last.work} to ${reading.work}`, {
        context,
        fix: "Carry the register on from its highest value and mark the reading.",
      });
    }
  }

  /** Closes the open pack, if there is one. */
  flush(): void {
    this.#deadline?.cancel();
    this.#deadline = undefined;
    const readings = this.#open;
    const first = readings[0];
    const last = readings.at(-1);
    if (first === undefined || last === undefined) return;
    this.#open = [];
    this.#bytes = 0;
    this.#options.onPack({
      device: this.#options.device,
      first: first.seq,
      count: readings.length,
      from: first.time,
      to: last.time,
      work: last.work,
      root: packRoot(readings.map(({ bytes }) => bytes)),
      readings,
    });
  }

  /** Closes the open pack and takes no more readings. */
  stop(): void {
    this.flush();
    this.#stopped = true;
  }
}
