import { EnvironmentError, type FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import type { DeviceIndex, LogStore, PublishedCheckpoint } from "../batch/index.ts";
import type { CommitmentFiles } from "../coordinator/commitment-files.ts";
import type { Committing, CommittingOptions } from "../coordinator/committing.ts";
import type { GatewayEvent } from "../events.ts";
import { indexEntries } from "./indexing.ts";
import type { PathLog } from "./path-log.ts";
import type { Telemetry } from "./telemetry.ts";

export interface CheckpointsOptions {
  log: PathLog;
  store: LogStore;
  index: DeviceIndex;
  files: CommitmentFiles;
  telemetry: Telemetry;
  /** Undefined where nothing is committed. */
  committing(): Committing | undefined;
  onEvent(event: GatewayEvent): void;
}

/** What follows a checkpoint: it is kept and indexed, told, committed, and once it is final the journal lets go of what it covers. */
export class Checkpoints {
  readonly #o: CheckpointsOptions;
  /** Position that may be released once the checkpoint of that size is final. */
  readonly #floors = new Map<number, bigint>();
  #indexing = true;
  #stopping = false;

  constructor(options: CheckpointsOptions) {
    this.#o = options;
    const { store, files } = options;
    const { signed } = store;
    if (signed && !files.read(signed.checkpoint.size)) files.write(signed.bytes, undefined);
  }

  stop(): void {
    this.#stopping = true;
  }

  published(checkpoint: PublishedCheckpoint): void {
    const { size, root, count, note } = checkpoint;
    const { log, files, index, telemetry, onEvent } = this.#o;
    const { state } = log;
    this.#derive(() => {
      if (!this.#indexing) return;
      // After a failure it goes on where it stopped, at the next start: it must not have holes.
      this.#indexing = false;
      indexEntries(index, state.unstored, size);
      this.#indexing = true;
    });
    this.#derive(() => files.write(note, undefined));
    state.stored(size);
    this.#floors.set(size, log.floor());
    onEvent({ event: "checkpoint", size, root: toHex(root), count });
    telemetry.checkpoint({ size, root: toHex(root), count, state: "signed" });
    const committing = this.#o.committing();
    if (committing) committing.offer(checkpoint);
    else this.#release(size);
  }

  committed(event: Parameters<CommittingOptions["onCommitted"]>[0]): void {
    const { size, root, seq, anchor, gasUsed, final } = event;
    const { store, telemetry, onEvent } = this.#o;
    const tx = `0x${toHex(anchor.transactionHash)}`;
    const common = { size: Number(size), root: toHex(root) };
    onEvent({
      event: "commitment",
      ...common,
      seq: Number(seq),
      block: Number(anchor.blockNumber),
      tx,
      gas: Number(gasUsed),
      finalized: final,
    });
    if (common.size === store.signed?.checkpoint.size) {
      telemetry.checkpoint({ ...common, count: 0, state: final ? "final" : "committed", tx });
    }
    if (final) this.#release(common.size);
  }

  /** Writes what is derived from log and journal; where the disk has no room for it, the next start writes it. */
  #derive(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.#o.telemetry.trouble("log", undefined, error.code, error.message);
    }
  }

  /** What a final checkpoint covers need not be in the journal any more. */
  #release(size: number): void {
    let floor: bigint | undefined;
    for (const [covered, position] of this.#floors) {
      if (covered > size) continue;
      if (floor === undefined || position > floor) floor = position;
      this.#floors.delete(covered);
    }
    if (floor === undefined || this.#stopping) return;
    const { log, telemetry } = this.#o;
    log
      .release(floor)
      .catch((error: FieldsealError) => telemetry.trouble("journal", undefined, error.code, error.message));
  }
}
