import { toHex } from "../../protocols/bytes/index.ts";
import { epochEnd } from "../../protocols/shares/index.ts";
import type { Chain } from "../coordinator/chain.ts";
import { type CommitmentEvidence, collectBondsCall, leastBond, owedBonds } from "../coordinator/faults.ts";
import type { LedgerSeals } from "../coordinator/seals.ts";
import { shownIn } from "./answers.ts";
import { type Asked, demandCall, demandFor, demandId, demandState, isSameTarget, unanswered } from "./asking.ts";
import type { Proving } from "./proving.ts";
import type { Missing } from "./suspicion.ts";
import type { Tell } from "./watch-event.ts";
import type { Watched } from "./watched.ts";

export interface DemandingOptions {
  chain: Chain;
  /** Address of the Faults contract. */
  faults: Uint8Array;
  seals: LedgerSeals;
  /** Seconds that a gateway has to publish before it is asked. */
  grace: bigint;
  /** Who asks, 20 bytes. */
  account: Uint8Array;
  /** Most wei of bonds, all together. */
  bonds: bigint;
  /** Of these, what is open or went to gateways that answered. */
  bonded: bigint;
  random(length: number): Uint8Array;
  /** Keeps all state. */
  save(): void;
}

/** Demands what gateways do not show, and follows each demand to its end. */
export class Demanding {
  readonly #o: DemandingOptions;
  readonly #proving: Proving;
  readonly #tell: Tell;
  bonded: bigint;

  constructor(options: DemandingOptions, proving: Proving, tell: Tell) {
    this.#o = options;
    this.#proving = proving;
    this.#tell = tell;
    this.bonded = options.bonded;
  }

  /** Tells what is missing, and demands it when that is allowed. */
  async miss(one: Watched, missing: Missing, now: bigint): Promise<void> {
    const { address: gateway, calls, asked } = one;
    const { chain, bonds, random } = this.#o;
    const name = missing.what === "entry" ? `entry ${missing.seq}` : `shares ${missing.epoch}/${missing.deviceKind}`;
    this.#tell({ kind: "missing", gateway, missing }, `missing ${name} ${missing.why}`);
    if (bonds === 0n || asked.some((known) => isSameTarget(known, missing))) return;
    if (now < (await this.#since(gateway, missing)) + this.#o.grace) return;
    const least = await leastBond(chain, this.#o.faults, gateway);
    // The base fee may rise by an eighth until the demand is in a block.
    const bond = least + least / 4n;
    if (this.bonded + bond > bonds) {
      this.#tell({ kind: "bond-limit", gateway, missing, bond }, `bond-limit ${name}`);
      return;
    }
    const range = missing.what === "entry" && one.range?.seq === missing.seq ? one.range.range : undefined;
    const demand = demandFor(missing, bond, random, range);
    const call = demandCall(calls, demand);
    if ((await this.#proving.refused(call)) !== undefined) return;
    // Kept before it is sent: a demand that is made and forgotten costs its bond.
    asked.push(demand);
    this.bonded += bond;
    this.#o.save();
    if ((await this.#proving.send(call)) === undefined) this.#tell({ kind: "demanded", gateway, asked: demand });
  }

  /** Since when something could have been published, seconds since 1970. */
  async #since(gateway: Uint8Array, missing: Missing): Promise<bigint> {
    if (missing.what === "shares") return epochEnd(await this.#o.seals.times(), missing.epoch);
    const commitment: CommitmentEvidence = missing;
    return this.#o.seals.committedAt(gateway, commitment.seq, commitment.size, commitment.root);
  }

  /**
   * Looks what became of a demand. The bond comes back for each that is missed, whoever took the stake.
   * @returns whether the stake was taken for it.
   */
  async settle(one: Watched, asked: Asked, now: bigint): Promise<boolean> {
    const { address: gateway, calls } = one;
    const { state, deadline } = await demandState(this.#o.chain, this.#o.faults, gateway, asked);
    const forget = () => one.asked.splice(one.asked.indexOf(asked), 1);
    if (state === "none") {
      // It was not mined, or undone. The same demand again cannot be made twice.
      const call = demandCall(calls, asked);
      if ((await this.#proving.refused(call)) === undefined && (await this.#proving.send(call)) === undefined) {
        return false;
      }
      forget();
      this.bonded -= asked.bond;
      return false;
    }
    if (state === "open" && now <= deadline) return false;
    const sent = state === "open" && (await this.#proving.judge(one.address, [unanswered(calls, asked)])).sent;
    if (state === "open" && !sent) return false;
    forget();
    if (state === "answered") {
      this.#tell({ kind: "answered", gateway, asked });
      return this.#learn(one, asked);
    }
    this.bonded -= asked.bond;
    const { chain, faults, account } = this.#o;
    if ((await owedBonds(chain, faults, account)) > 0n) await this.#proving.send(collectBondsCall(faults, account));
    return sent;
  }

  /** Looks what an answer about another history shows of it. */
  async #learn(one: Watched, asked: Asked): Promise<boolean> {
    const id = toHex(demandId(one.address, asked));
    const transaction = one.answers.get(id);
    one.answers.delete(id);
    if (asked.what !== "entry" || transaction === undefined) return false;
    const shown = await shownIn(this.#o.chain, transaction);
    const found = shown && (await one.log.judgeAnswer(asked, shown));
    if (found === undefined) return false;
    if ("range" in found) {
      one.range = { seq: asked.seq, range: found.range };
      return false;
    }
    const { proven, sent } = await this.#proving.judge(one.address, [found.suspicion]);
    one.suspicions.push(...proven);
    return sent;
  }
}
