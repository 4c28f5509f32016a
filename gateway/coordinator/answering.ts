import type { Clock } from "../../firmware-bridge/port/clock.ts";
import { CancelledError, EnvironmentError, FieldsealError, toHex } from "../../protocols/bytes/index.ts";
import type { LogStore } from "../batch/log-store.ts";
import { type SealFiles, treeOf } from "../rewards/index.ts";
import type { Chain } from "./chain.ts";
import type { ContractCall } from "./coordinator.ts";
import {
  answerLeafCall,
  answerShareCall,
  answerTime,
  type Demand,
  DemandReader,
  isOpen,
  openDemands,
} from "./demands.ts";
import { Periodic } from "./periodic.ts";
import type { CallResult } from "./submitter-options.ts";

export type AnsweringEvent =
  | { kind: "demanded"; demand: Demand }
  | { kind: "answered"; demand: Demand; gasUsed: bigint }
  /** It stays open, and is tried again until its deadline. */
  | { kind: "unanswered"; demand: Demand; error: FieldsealError };

export interface AnsweringOptions {
  /** All its end points are asked for demands: one that hides them does not cost the stake. */
  chain: Chain;
  /** Address of the Faults contract (`LedgerSeals.faults`). */
  faults: Uint8Array;
  gateway: Uint8Array;
  log: Pick<LogStore, "entry" | "proof">;
  files: Pick<SealFiles, "read">;
  /** The submitter's `call`. */
  call(call: ContractCall): Promise<CallResult>;
  clock: Clock;
  /** Between looks at the chain, ms. */
  everyMs?: number;
  onEvent?(event: AnsweringEvent): void;
  onFailure?(error: FieldsealError): void;
}

/** Demands that are known and open; who asks pays for each, and more for each further one. */
const MOST_KNOWN = 4_096;
/** Answers that are with the submitter. */
const AT_ONCE = 16;

/** Answers what is demanded of the gateway by itself: those with the earliest deadline first. */
export class Answering {
  readonly #o: AnsweringOptions;
  readonly #periodic: Periodic;
  readonly #readers: readonly { chain: Chain; reader: DemandReader }[];
  readonly #known = new Map<string, Demand>();
  readonly #underway = new Set<string>();
  readonly #failed = new Set<string>();
  #answer: bigint | undefined;
  #dropped = 0;

  constructor(options: AnsweringOptions) {
    this.#o = options;
    const { chain, faults, gateway, clock, everyMs = 30_000, onFailure } = options;
    this.#readers = (chain.points ?? [chain]).map((point) => ({
      chain: point,
      reader: new DemandReader(point, faults, gateway),
    }));
    this.#periodic = new Periodic({
      clock,
      everyMs,
      step: () => this.step(),
      onFailure: (error) => onFailure?.(error),
    });
  }

  /** Demands without an answer in a block, and those that found no room here. */
  get open(): number {
    return this.#known.size;
  }
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    this.#periodic.start();
  }

  /** Stop the submitter first. */
  stop(): Promise<void> {
    return this.#periodic.stop();
  }

  /** One look at the chain. Fails only when no end point tells of demands. @throws what `Chain.request` throws. */
  async step(): Promise<void> {
    await this.#look();
    const waiting = [...this.#known.values()]
      .filter(({ id }) => !this.#underway.has(toHex(id)))
      .sort((a, b) => (a.deadline < b.deadline ? -1 : a.deadline > b.deadline ? 1 : 0));
    for (const demand of waiting) {
      if (this.#underway.size >= AT_ONCE) return;
      await this.#begin(demand);
    }
  }

  async #look(): Promise<void> {
    const { chain, faults, gateway } = this.#o;
    this.#answer ??= await answerTime(chain, faults);
    let heard = false;
    let fault: unknown;
    for (const point of this.#readers) {
      try {
        if ((await openDemands(point.chain, faults, gateway)) > 0n) {
          for (const demand of await point.reader.read(this.#answer)) this.#learn(demand);
        }
        heard = true;
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        fault = error;
      }
    }
    if (!heard) throw fault;
  }

  #learn(demand: Demand): void {
    const name = toHex(demand.id);
    if (this.#known.has(name)) return;
    if (this.#known.size >= MOST_KNOWN) {
      this.#dropped++;
      return;
    }
    this.#known.set(name, demand);
    this.#o.onEvent?.({ kind: "demanded", demand });
  }

  /** One end point that says so is enough: an answer too many reverts, one too few costs the stake. */
  async #isOpen({ id }: Demand): Promise<boolean> {
    let fault: unknown;
    let closed = false;
    for (const { chain } of this.#readers) {
      try {
        if (await isOpen(chain, this.#o.faults, id)) return true;
        closed = true;
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        fault = error;
      }
    }
    if (!closed) throw fault;
    return false;
  }

  /** Hands the answer to the submitter, unless it is answered or too late. */
  async #begin(demand: Demand): Promise<void> {
    const { call, onEvent } = this.#o;
    const name = toHex(demand.id);
    if (!(await this.#isOpen(demand))) {
      this.#known.delete(name);
      return;
    }
    let made: ContractCall;
    try {
      made = await this.#callFor(demand);
    } catch (error) {
      this.#fail(demand, error);
      return;
    }
    this.#underway.add(name);
    const settle = call(made).then(
      ({ gasUsed }) => {
        this.#known.delete(name);
        onEvent?.({ kind: "answered", demand, gasUsed });
      },
      (error: unknown) => this.#fail(demand, error),
    );
    settle.finally(() => this.#underway.delete(name)).catch(() => undefined);
  }

  /** Told once a demand: it is tried again at each look. */
  #fail(demand: Demand, error: unknown): void {
    if (!(error instanceof FieldsealError)) throw error;
    const name = toHex(demand.id);
    if (error instanceof CancelledError || this.#failed.has(name)) return;
    this.#failed.add(name);
    this.#o.onEvent?.({ kind: "unanswered", demand, error });
  }

  async #callFor(demand: Demand): Promise<ContractCall> {
    const { faults, gateway, log, files } = this.#o;
    if (demand.kind === "leaf") {
      const [entry, path] = [
        await log.entry(Number(demand.index)),
        await log.proof(Number(demand.index), Number(demand.size)),
      ];
      return answerLeafCall(faults, gateway, demand, entry, path);
    }
    const { epoch, deviceKind, point } = demand;
    const seal = files.read(epoch)?.seals.find(({ kind }) => kind === deviceKind);
    if (!seal) {
      throw new EnvironmentError(
        "FS-SEAL-FILE",
        `the shares of epoch ${epoch} and kind ${deviceKind} are not kept here`,
        {
          context: { epoch: Number(epoch), kind: deviceKind },
          fix: "Put the data folder back that sealed the epoch, before the demand's deadline.",
        },
      );
    }
    const tree = treeOf(seal);
    const index = tree.at(point);
    return answerShareCall(faults, gateway, demand, seal.shares[index]!, index, tree.path(index));
  }
}
