import type { Clock } from "../../firmware-bridge/port/index.ts";
import { ProtocolError } from "../../protocols/bytes/index.ts";
import type { Measurement } from "../../protocols/reading/index.ts";
import { type Profile, READINGS } from "../profile.ts";
import { assess, initialQuality, type QualityState } from "../quality.ts";
import type { DeviceReading } from "./driver.ts";
import type { DeviceValue } from "./engine.ts";

export interface ReadingMakerOptions {
  device: string;
  profile: Profile;
  clock: Clock;
  /** Expected distance of two readings, in ms. */
  every: number;
  last?: { work: bigint; time: number } | undefined;
}

/** Turns one device's values into readings, with what has to be remembered from one to the next. */
export class ReadingMaker {
  readonly #options: ReadingMakerOptions;
  #state: QualityState;

  constructor(options: ReadingMakerOptions) {
    this.#options = options;
    const { last, clock } = options;
    this.#state = initialQuality(
      last && { work: last.work, at: clock.monotonic() - Math.max(0, clock.now() - last.time) },
    );
  }

  /**
   * @param values by measurement name; names the profile does not have are left out.
   * @throws ProtocolError FS-DEVICE-WORK when the work register is not among them: such a reading would prove nothing.
   */
  make(values: ReadonlyMap<string, DeviceValue>, malformed: boolean): DeviceReading {
    const { device, profile, clock, every } = this.#options;
    if (profile.work !== READINGS && !values.has(profile.work)) {
      throw new ProtocolError("FS-DEVICE-WORK", `${profile.model} did not give its work register (${profile.work})`, {
        fix: `check that the board is a ${profile.model}`,
      });
    }
    const { quality, work, state } = assess(profile, this.#state, { at: clock.monotonic(), values, malformed }, every);
    this.#state = state;
    const measurements: Measurement[] = [];
    for (const { name, unit } of profile.measurements) {
      const value = values.get(name);
      if (value !== undefined) measurements.push(unit === "" ? { name, value } : { name, unit, value });
    }
    return { device, reading: { time: clock.now(), measurements, quality }, work };
  }
}
