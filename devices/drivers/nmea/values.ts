import { type NmeaEvent, type NmeaFix, NmeaFixes } from "../../../protocols/nmea/index.ts";
import { exactNumber } from "../../numbers.ts";
import type { Profile } from "../../profile.ts";
import type { DeviceValue } from "../engine.ts";
import type { PushedValues } from "../push-driver.ts";

/** Digits behind the point that a receiver's sentences can carry: a hundred-millionth of a degree is a millimetre. */
const DIGITS: Readonly<Partial<Record<keyof NmeaFix, number>>> = { latitude: 9, longitude: 9, speed: 4 };

/** A fix in the profile's names. */
export function fixValues(profile: Profile, fix: NmeaFix): PushedValues {
  const values = new Map<string, DeviceValue>();
  let malformed = false;
  for (const { name, fix: field, optional } of profile.measurements) {
    const value = field && fix[field];
    if (value === undefined) malformed ||= !optional;
    else {
      const digits = 10 ** (DIGITS[field!] ?? 4);
      values.set(name, exactNumber(Math.round(value * digits) / digits));
    }
  }
  return { values, malformed };
}

export interface EpochFix {
  fix: NmeaFix;
  /** Told only when the next epoch had begun: its time lies a second or more in the past. */
  late: boolean;
}

/**
 * Tells when a receiver has said all of an epoch: with the sentence that was the last of the epoch before. So a fix is read when it is
 * whole, and as soon as it is; where a receiver changes its order, with the next epoch.
 */
export class Epochs {
  readonly #fixes = new NmeaFixes();
  /** Addresses of the first and the newest sentence of this epoch, and of the last one of the epoch before. */
  #first: string | undefined;
  #newest: string | undefined;
  #last: string | undefined;
  #time: number | undefined;
  #told = false;

  /** The fix that this sentence completes. */
  push(event: NmeaEvent): EpochFix | undefined {
    if (event.kind !== "sentence") return undefined;
    const { talker, type } = event.sentence;
    const address = `${talker}${type}`;
    const before = { ...this.#fixes.fix };
    const fix = this.#fixes.push(event.sentence);
    if (!fix) return undefined;
    // A receiver that knows no date yet repeats its sentences in the same order.
    const begun = fix.time === undefined ? address === this.#first : fix.time !== this.#time;
    let whole: EpochFix | undefined;
    if (begun) {
      if (this.#newest !== undefined && !this.#told) whole = { fix: before, late: true };
      this.#last = this.#newest;
      this.#time = fix.time;
      this.#told = false;
    }
    if (begun || this.#first === undefined) this.#first = address;
    this.#newest = address;
    if (address !== this.#last || this.#told) return whole;
    this.#told = true;
    return { fix: { ...this.#fixes.fix }, late: false };
  }
}
