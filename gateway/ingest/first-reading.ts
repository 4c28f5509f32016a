import type { DeviceReading } from "../../devices/index.ts";
import { CancelledError, EnvironmentError, FieldsealError, InternalError } from "../../protocols/bytes/index.ts";
import { Quality } from "../../protocols/reading/index.ts";

export interface FirstReadingOptions {
  /** Signs the enrolment with this value of the work register, and makes it durable. */
  enrol(work: bigint): Promise<void>;
  submit(reading: DeviceReading): void;
  onTrouble(error: FieldsealError, what: string): void;
}

/** Readings that wait for the enrolment; more are refused and told. */
const MOST_HELD = 256;
/** A device whose first readings are all marked is enrolled nevertheless, after this many. */
const ENOUGH = 16;

/**
 * Enrols a new device with what its work register says when it is read for the first time: what a meter has counted before it joined is
 * never paid, and must not look like growth either. Readings wait until the enrolment has its place in the log.
 */
export class FirstReading {
  readonly #o: FirstReadingOptions;
  #held: DeviceReading[] = [];
  #enrolled = false;
  #underway = false;
  #stopped = false;

  constructor(options: FirstReadingOptions) {
    this.#o = options;
  }

  take(reading: DeviceReading): void {
    if (this.#stopped) return;
    if (this.#enrolled) {
      this.#o.submit(reading);
      return;
    }
    if (this.#held.length >= MOST_HELD) {
      const full = new EnvironmentError("FS-ENROL-WAITING", "the device is not enrolled yet", {
        fix: "the signer or the journal does not take its enrolment: fieldseal status",
      });
      this.#o.onTrouble(full, "a reading was not taken");
      return;
    }
    this.#held.push(reading);
    if (this.#underway) return;
    // A register out of bounds says nothing about where the device begins.
    const sound = (reading.reading.quality & Quality.OutOfBounds) === 0;
    if (sound || this.#held.length >= ENOUGH) void this.#enrol(reading.work);
  }

  async #enrol(work: bigint): Promise<void> {
    this.#underway = true;
    try {
      await this.#o.enrol(work);
      if (this.#stopped) return;
      this.#enrolled = true;
      const held = this.#held;
      this.#held = [];
      for (const reading of held) this.#o.submit(reading);
    } catch (error) {
      if (this.#stopped || error instanceof CancelledError) return;
      const known =
        error instanceof FieldsealError
          ? error
          : new InternalError("FS-ENROL-BUG", "the device could not be enrolled", { cause: error });
      this.#o.onTrouble(known, "its enrolment is tried again with the next reading");
    } finally {
      this.#underway = false;
    }
  }

  stop(): void {
    this.#stopped = true;
  }
}
