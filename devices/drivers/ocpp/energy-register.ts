import type { Decimal } from "../../../protocols/reading/index.ts";

/** Registers are kept as whole thousandths of a Wh: finer than any meter, and exact to add. */
export type MilliWattHours = bigint;

export function milliWattHours({ mantissa, exponent }: Decimal): MilliWattHours {
  const power = exponent + 3;
  // Beyond these no register can be meant; the first bound keeps the power small.
  if (power > 30) return mantissa === 0n ? 0n : MOST;
  if (power < -60) return 0n;
  return power >= 0 ? mantissa * 10n ** BigInt(power) : mantissa / 10n ** BigInt(-power);
}

const MOST = 10n ** 30n;
/** Values in a row that agree with each other before a register that contradicts the last is taken as a new one. */
const AGREEING = 3;
/** StopTransaction of 1.6 cuts the register off to whole Wh, below what was sampled before and perhaps rounded up. */
const CUT_OFF = 2000n;
/** Registers are sampled some time after they were counted. */
const SLACK = 60_000;

export interface SavedRegister {
  value: string;
  at: number;
  heard: number;
}

/** What a new value of the register did: counted, told nothing new, began anew without counting, or is not believed. */
export type RegisterStep = "counted" | "nothing" | "rebased" | "doubtful";

export interface RegisterValue {
  value: MilliWattHours;
  /** By the station's clock, ms since 1970. */
  at: number;
  /** By ours. */
  heard: number;
  /** The first value of a session: a meter may have been exchanged, or count each session from zero. */
  begins: boolean;
}

/**
 * Energy counted by one connector's register. Only increases count, each once: what a station replays from its queue lies below
 * the register already and adds nothing; a lone value that fell or jumped is not believed.
 */
export class EnergyRegister {
  readonly #maxPower: number;
  #last: { value: MilliWattHours; at: number; heard: number } | undefined;
  #doubt: { value: MilliWattHours; at: number; heard: number; times: number } | undefined;
  counted: MilliWattHours = 0n;
  rebased = 0;

  /** @param maxPower in W. */
  constructor(maxPower: number, saved?: SavedRegister) {
    this.#maxPower = maxPower;
    if (saved) this.#last = { value: BigInt(saved.value), at: saved.at, heard: saved.heard };
  }

  get value(): MilliWattHours | undefined {
    return this.#last?.value;
  }

  save(): SavedRegister | undefined {
    const last = this.#last;
    return last && { value: String(last.value), at: last.at, heard: last.heard };
  }

  /** Moves the register. The increase, if any, is added to `counted`. */
  take(next: RegisterValue): RegisterStep {
    const last = this.#last;
    if (next.value < 0n || next.value >= MOST) return "doubtful";
    if (!last) {
      this.#set(next);
      return "rebased";
    }
    if (next.value < last.value) {
      if (next.at < last.at || last.value - next.value < CUT_OFF) return "nothing";
      return next.begins ? this.#rebase(next) : this.#doubtful(next);
    }
    if (next.value - last.value > this.#allowance(last, next)) {
      return next.begins ? this.#rebase(next) : this.#doubtful(next);
    }
    const grown = next.value - last.value;
    this.counted += grown;
    this.#set(next);
    return grown > 0n ? "counted" : "nothing";
  }

  /** Whatever clock says more time has passed: queued values come together but were taken apart. */
  #allowance(from: { at: number; heard: number }, to: { at: number; heard: number }): MilliWattHours {
    const ms = Math.max(0, to.at - from.at, to.heard - from.heard) + SLACK;
    return BigInt(Math.ceil((this.#maxPower * ms) / 3600));
  }

  #set({ value, at, heard }: RegisterValue): void {
    // A station whose clock stepped back must not make all that follows look replayed for ever.
    this.#last = { value, at, heard };
    this.#doubt = undefined;
  }

  #rebase(next: RegisterValue): RegisterStep {
    this.rebased++;
    this.#set(next);
    return "rebased";
  }

  #doubtful(next: RegisterValue): RegisterStep {
    const doubt = this.#doubt;
    const agrees =
      doubt !== undefined && next.value >= doubt.value && next.value - doubt.value <= this.#allowance(doubt, next);
    const times = agrees ? doubt.times + 1 : 1;
    if (times >= AGREEING) return this.#rebase(next);
    this.#doubt = { value: next.value, at: next.at, heard: next.heard, times };
    return "doubtful";
  }
}
