import type { Clock } from "../../firmware-bridge/port/index.ts";
import { ProtocolError } from "../../protocols/bytes/index.ts";
import type { Measurement } from "../../protocols/reading/index.ts";
import { decimal } from "../numbers.ts";
import { type Profile, READINGS, WORK_BASE } from "../profile.ts";
import { assess, initialQuality, type QualityState } from "../quality.ts";
import type { DeviceReading, LastKnown } from "./driver.ts";
import type { DeviceValue } from "./engine.ts";

export interface ReadingMakerOptions {
  device: string;
  profile: Profile;
  clock: Clock;
  /** Expected distance of two readings, in ms. */
  every: number;
  last?: LastKnown | undefined;
}

/** Turns one device's values into readings, with what has to be remembered from one to the next. */
export class ReadingMaker {
  readonly #options: ReadingMakerOptions;
  #state: QualityState;

  constructor(options: ReadingMakerOptions) {
    this.#options = options;
    const { last, clock } = options;
    this.#state = initialQuality(last && { ...last, at: clock.monotonic() - Math.max(0, clock.now() - last.time) });
  }

  /**
   * @param values by measurement name; names the profile does not have are left out.
   * @throws ProtocolError FS-DEVICE-EMPTY when there is nothing among them that the profile knows; FS-DEVICE-WORK when the work register is not among them: such a reading would prove nothing. A board
   * that may leave it out (hourly registers) must have sent it once.
   */
  make(values: ReadonlyMap<string, DeviceValue>, malformed: boolean): DeviceReading {
    const { device, profile, clock, every } = this.#options;
    if (profile.work !== READINGS && !values.has(profile.work)) {
      const optional = profile.measurements.some(({ name, optional }) => name === profile.work && optional);
      if (!optional || this.#state.work === undefined) {
        throw new ProtocolError("FS-DEVICE-WORK", `${profile.model} did not give its work register (${profile.work})`, {
          fix: optional
            ? "wait: this board sends it only now and then, many once an hour"
            : `check that the board is a ${profile.model}`,
        });
      }
    }
    if (!profile.measurements.some(({ name }) => values.has(name))) {
      throw new ProtocolError("FS-DEVICE-EMPTY", `${profile.model} gave none of its measurements`, {
        fix: `check that the board is a ${profile.model}`,
      });
    }
    const raw = { at: clock.monotonic(), values, malformed };
    const { quality, work, base, state } = assess(profile, this.#state, raw, every);
    this.#state = state;
    const measurements: Measurement[] = [];
    for (const { name, unit } of profile.measurements) {
      const value = values.get(name);
      if (value !== undefined) measurements.push(unit === "" ? { name, value } : { name, unit, value });
      // Who checks the work register needs no history: it is this and the counter's whole part.
      if (name === profile.work && base !== 0n) measurements.push({ name: WORK_BASE, unit, value: decimal(base, 0) });
    }
    return { device, reading: { time: clock.now(), measurements, quality }, work };
  }
}
