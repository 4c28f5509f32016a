import type { Clock, Timer } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import type { PublishedCheckpoint } from "../batch/batcher.ts";
import type { ChainHead } from "../batch/chain-check.ts";
import type { CommitmentFiles } from "./commitment-files.ts";
import { type ContractCall, type Coordinator, type Registration, runOfOne } from "./coordinator.ts";
import type { OutboxStore } from "./outbox.ts";
import type { TransactionSigner } from "./signer.ts";
import type { SubmitterStatus } from "./status.ts";
import { Submitter } from "./submitter.ts";
import type { CallResult, SubmitterEvent } from "./submitter-options.ts";

export interface CommittingOptions {
  coordinator: Coordinator;
  chainId: bigint;
  signer: TransactionSigner;
  store: OutboxStore;
  clock: Clock;
  files: CommitmentFiles;
  finality: number;
  maxFeePerGas: bigint;
  pollMs: number;
  onCommitted(event: Extract<SubmitterEvent, { kind: "committed" }>): void;
  onRefused(label: string, why: string): void;
  onStatus(status: SubmitterStatus): void;
}

/** Kind and bound of work that a device is registered with. */
export interface DeviceTerms {
  kind: number;
  /** Most work per hour. */
  cap: bigint;
}

/** What the end point's silence looks like; anything else is an answer. */
const SILENCE: ReadonlySet<string> = new Set([
  "FS-CHAIN-TIMEOUT",
  "FS-CHAIN-UNREACHABLE",
  "FS-CHAIN-STATUS",
  "FS-CHAIN-RPC",
  "FS-CHAIN-ANSWER",
]);
/** Until a registration is tried again, ms. */
const AGAIN_MS = 5_000;

/** From signed checkpoints to commitments that the chain holds, and from enrolled devices to registered ones. */
export class Committing {
  readonly #o: CommittingOptions;
  readonly #submitter: Submitter;
  /** Registrations that wait for a chain that does not answer. */
  readonly #pauses = new Set<{ timer: Timer; reject(error: CancelledError): void }>();

  constructor(options: CommittingOptions) {
    this.#o = options;
    const { coordinator, chainId, signer, store, clock, finality, maxFeePerGas, pollMs, files, onStatus } = options;
    this.#submitter = new Submitter({
      coordinator,
      chainId,
      signer,
      store,
      clock,
      finality,
      maxFeePerGas,
      pollMs,
      rootAt: (size) => files.read(Number(size))?.checkpoint.root,
      onEvent: (event) => this.#tell(event),
      onStatus,
    });
  }

  get status(): SubmitterStatus {
    return this.#submitter.status;
  }

  /** Goes on where the outbox stands; the newest checkpoint is offered again, and skipped when the chain has it. */
  async start(): Promise<void> {
    await this.#submitter.start();
    const newest = this.#o.files.sizes().at(-1);
    const stored = newest === undefined ? undefined : this.#o.files.read(newest);
    if (stored && !stored.commitment) this.#submitter.offer({ size: BigInt(newest!), root: stored.checkpoint.root });
  }

  stop(): Promise<void> {
    for (const { timer, reject } of this.#pauses) {
      timer.cancel();
      reject(new CancelledError("FS-SUBMITTER-STOPPED", "the gateway stopped before the device was registered"));
    }
    this.#pauses.clear();
    return this.#submitter.stop();
  }

  offer({ size, root }: PublishedCheckpoint): void {
    this.#submitter.offer({ size: BigInt(size), root });
  }

  /** A seal, an answer to a demand or another call, in line with the commitments. @throws as `Submitter.call`. */
  call(call: ContractCall): Promise<CallResult> {
    return this.#submitter.call(call);
  }

  /** The gateway's newest commitment, for the batcher's comparison. */
  async head(): Promise<ChainHead | undefined> {
    const { coordinator, signer } = this.#o;
    const { seq, size } = await coordinator.head(signer.address);
    if (seq === 0n) return undefined;
    return { seq, size, isCommitted: (root) => coordinator.isCommitted(signer.address, seq, size, root) };
  }

  /**
   * Registers a device unless the chain has it, as a production run of one that the gateway's account admits.
   * While the chain does not answer, it is asked again.
   * @returns the transaction's hash, undefined when it was registered already.
   * @throws EnvironmentError FS-CHAIN-REVERT with the contract's reason, and what else the chain says; CancelledError
   *   FS-SUBMITTER-STOPPED.
   */
  async register(
    device: Uint8Array,
    terms: DeviceTerms,
    enrolment: Pick<Registration, "statement" | "body" | "signature">,
    label: string,
  ): Promise<Uint8Array | undefined> {
    for (;;) {
      try {
        return await this.#register(device, terms, enrolment, label);
      } catch (error) {
        if (!(error instanceof FieldsealError) || !SILENCE.has(error.code)) throw error;
      }
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve, reject) => {
      const pause = {
        timer: this.#o.clock.after(AGAIN_MS, () => {
          this.#pauses.delete(pause);
          resolve();
        }),
        reject,
      };
      this.#pauses.add(pause);
    });
  }

  async #register(
    device: Uint8Array,
    terms: DeviceTerms,
    enrolment: Pick<Registration, "statement" | "body" | "signature">,
    label: string,
  ): Promise<Uint8Array | undefined> {
    const { coordinator, signer } = this.#o;
    if (await coordinator.deviceOf(device)) return undefined;
    const entry = runOfOne(signer.address, device, terms.kind, terms.cap);
    if (!(await coordinator.isAdmitted(entry))) await this.#submitter.call(await coordinator.admitCall(entry));
    const call = await coordinator.registerCall({ entry, path: [], gateway: signer.address, ...enrolment }, label);
    const { anchor } = await this.#submitter.call(call);
    return anchor.transactionHash;
  }

  #tell(event: SubmitterEvent): void {
    const { files, onCommitted, onRefused } = this.#o;
    if (event.kind === "refused") onRefused(event.label, event.why);
    if (event.kind !== "committed") return;
    const stored = files.read(Number(event.size));
    // The anchor may move with a reorganisation: each inclusion is written anew.
    if (stored && toHex(stored.checkpoint.root) === toHex(event.root)) files.write(stored.note, event.anchor);
    onCommitted(event);
  }
}
