import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import type { LogStore } from "../batch/log-store.ts";
import { SealFiles } from "../rewards/index.ts";
import { Answering, type AnsweringEvent } from "./answering.ts";
import type { CommitmentFiles } from "./commitment-files.ts";
import type { Committing } from "./committing.ts";
import type { Coordinator } from "./coordinator.ts";
import { Sealing, type SealingEvent } from "./sealing.ts";
import { ledgerSeals } from "./seals.ts";

export interface DutiesOptions {
  coordinator: Coordinator;
  /** The gateway's account, 20 bytes, and the scope of statements made for it, 16 bytes. */
  gateway: Uint8Array;
  scope: Uint8Array;
  log: LogStore;
  commitments: CommitmentFiles;
  /** Folder of the shares that seals are made of. */
  folder: string;
  committing: Committing;
  clock: Clock;
  /** Blocks on top before the chain is taken at its word. */
  confirmations: number;
  /** Seals finished epochs. */
  seal: boolean;
  /** Answers demands. */
  answer: boolean;
  everyMs: number;
  onEvent(event: SealingEvent | AnsweringEvent): void;
  onFailure(error: FieldsealError): void;
}

/** What a gateway with a stake owes: the seal of each epoch, and an answer to each demand before its deadline. */
export class Duties {
  readonly #o: DutiesOptions;
  #sealing: Sealing | undefined;
  #answering: Answering | undefined;
  #stopped = false;

  constructor(options: DutiesOptions) {
    this.#o = options;
  }

  /** One line each for people; null for a duty that is not taken, or not yet. */
  get status(): { sealing: string | null; demands: number | null } {
    return { sealing: this.#sealing?.status ?? null, demands: this.#answering?.open ?? null };
  }

  start(): void {
    this.#begin().catch((error: unknown) =>
      this.#o.onFailure(
        error instanceof FieldsealError
          ? error
          : new InternalError("FS-COORDINATOR-BUG", "the gateway's duties could not begin", { cause: error }),
      ),
    );
  }

  async #begin(): Promise<void> {
    const { coordinator, gateway, scope, log, commitments, folder, committing, clock, confirmations } = this.#o;
    const { seal, answer, onEvent, onFailure } = this.#o;
    const { chain, ledger } = coordinator;
    const seals = ledgerSeals(chain, ledger);
    const files = new SealFiles(folder);
    const times = await this.#ask(() => seals.times());
    if (times === undefined || this.#stopped) return;
    // A sealing time is looked into four times at least: what is not sealed in it is not paid.
    const everyMs = Math.min(this.#o.everyMs, Math.max(250, Number(times.sealing) * 250));
    const common = { gateway, log, files, clock, everyMs, onEvent, onFailure };
    const call = committing.call.bind(committing);
    if (seal) {
      const finality = confirmations;
      this.#sealing = new Sealing({ ...common, coordinator, seals, scope, commitments, finality, call });
      this.#sealing.start();
    }
    if (!answer) return;
    const faults = await this.#ask(() => seals.faults());
    if (faults === undefined || this.#stopped) return;
    this.#answering = new Answering({ ...common, chain, faults, call });
    this.#answering.start();
  }

  /** Asked until the chain answers: a demand that is not seen costs the stake. */
  async #ask<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const { clock, everyMs, onFailure } = this.#o;
    while (!this.#stopped) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        onFailure(error);
      }
      await new Promise<void>((resolve) => {
        const timer = clock.after(everyMs, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    return undefined;
  }

  #wake: () => void = () => undefined;

  /** Stop the submitter first: a duty may be waiting for a call. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await Promise.all([this.#sealing?.stop(), this.#answering?.stop()]);
  }
}
