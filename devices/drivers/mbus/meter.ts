import { FieldsealError, ProtocolError } from "../../../protocols/bytes/index.ts";
import {
  isMbusAnswer,
  MBUS_POINT_TO_POINT,
  MBUS_SELECTED,
  type MbusFrame,
  type MbusRecord,
  mbusRequest,
  mbusReset,
  mbusSelect,
} from "../../../protocols/mbus/index.ts";
import type { Profile } from "../../profile.ts";
import type { DeviceReading, DriverCounters, DriverOptions } from "../driver.ts";
import { noCounters, Presence } from "../presence.ts";
import type { ReadingMaker } from "../reading-maker.ts";
import type { MbusLine } from "./line.ts";
import { answerData, recordValues } from "./values.ts";

/** A meter by its primary address (0 to 250) or by the eight digits printed on it. */
export type MbusAddress = { primary: number } | { secondary: string };

export interface MbusMeterOptions {
  driver: Pick<DriverOptions, "name" | "clock" | "onReading" | "onState">;
  profile: Profile;
  address: MbusAddress;
  every: number;
  timeout: number;
  maker: ReadingMaker;
}

/** EN 13757-3 §6.3.1 knows no limit of telegrams; the longest answers seen have four. */
const MAX_TELEGRAMS = 16;
/** Attempts for each request (EN 13757-2 §5.7.3.2: two retries). */
const ATTEMPTS = 3;
/** Failed polls in a row before a meter counts as offline. */
const PATIENCE = 2;

const isAck = (frame: MbusFrame) => frame.kind === "ack";

/** One meter on a bus: when it is due, what is asked, what became of it. */
export class MbusMeter {
  readonly counters: DriverCounters = noCounters();
  readonly #options: MbusMeterOptions;
  /** Bit of the next new request; known to the slave only after a reset. */
  #frameCount = true;
  #greeted = false;
  readonly #presence: Presence;
  #failures = 0;
  /** Monotonic ms of the next poll. */
  due: number;
  /** Taken off the bus: nothing is reported any more. */
  retired = false;

  constructor(options: MbusMeterOptions) {
    this.#options = options;
    this.#presence = new Presence(options.driver);
    this.due = options.driver.clock.monotonic();
  }

  /** Reads the meter once. Never throws for what a meter or line may do. */
  async poll(line: MbusLine): Promise<void> {
    const { driver, profile, maker, every } = this.#options;
    const scheduled = this.due;
    let reading: DeviceReading;
    try {
      const records = await this.#read(line);
      if (this.retired) return;
      const { values, malformed } = recordValues(profile, records);
      reading = maker.make(values, malformed);
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      if (this.retired) return;
      this.#greeted = false;
      const silent = error.code === "FS-MBUS-TIMEOUT";
      if (++this.#failures >= PATIENCE || this.#presence.online === undefined || !silent) this.#presence.down(error);
      this.due = driver.clock.monotonic() + every;
      return;
    }
    const passed = Math.floor((driver.clock.monotonic() - scheduled) / every);
    if (this.#presence.online) this.counters.missed += passed;
    this.due = scheduled + (passed + 1) * every;
    this.#failures = 0;
    this.#presence.up();
    this.counters.readings++;
    driver.onReading(reading);
  }

  /** The line is gone: the meter is not to blame and is asked again as soon as the line is back. */
  lineLost(error: FieldsealError): void {
    if (this.retired) return;
    this.#greeted = false;
    this.#presence.down(error);
    this.due = this.#options.driver.clock.monotonic();
  }

  async #read(line: MbusLine): Promise<MbusRecord[]> {
    const { address } = this.#options;
    const at = "primary" in address ? address.primary : MBUS_SELECTED;
    if ("secondary" in address) await this.#select(line, address.secondary);
    else if (!this.#greeted) await this.#ask(line, mbusReset(at), isAck);
    if (!this.#greeted || "secondary" in address) this.#frameCount = true;
    this.#greeted = true;
    const records: MbusRecord[] = [];
    for (let telegrams = 1; ; telegrams++) {
      const fits = (frame: MbusFrame) =>
        isMbusAnswer(frame) && (at >= MBUS_SELECTED || frame.address === at || at === MBUS_POINT_TO_POINT);
      const data = answerData(await this.#ask(line, mbusRequest(at, this.#frameCount), fits));
      this.#frameCount = !this.#frameCount;
      if ("secondary" in address && !matches(address.secondary, data.id)) {
        throw new ProtocolError("FS-MBUS-ADDRESS", `meter ${data.id} answered in place of ${address.secondary}`);
      }
      records.push(...data.records);
      if (!data.more) return records;
      if (telegrams === MAX_TELEGRAMS) {
        throw new ProtocolError("FS-MBUS-ANSWER", `a meter's answer has more than ${MAX_TELEGRAMS} telegrams`);
      }
    }
  }

  /** Takes an earlier selection back, and selects. Nobody confirms the first: nobody may be selected. */
  async #select(line: MbusLine, id: string): Promise<void> {
    try {
      await line.exchange(mbusReset(MBUS_SELECTED), isAck, SELECTED_TIMEOUT);
    } catch (error) {
      if (!(error instanceof FieldsealError) || error.code !== "FS-MBUS-TIMEOUT") throw error;
    }
    await this.#ask(line, mbusSelect(id), isAck);
  }

  async #ask(line: MbusLine, request: MbusFrame, wanted: (frame: MbusFrame) => boolean): Promise<MbusFrame> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await line.exchange(request, wanted, this.#options.timeout);
      } catch (error) {
        if (!(error instanceof FieldsealError) || error.code !== "FS-MBUS-TIMEOUT") throw error;
        this.counters.timeouts++;
        // A meter that is away is asked once: the others on the line are waiting.
        if (attempt >= ATTEMPTS || this.#presence.online !== true || this.#failures > 0 || this.retired) throw error;
      }
    }
  }
}

/** A selected slave acknowledges within 330 bit times plus 50 ms; at 2400 baud that is 188 ms. */
const SELECTED_TIMEOUT = 300;

function matches(wanted: string, found: string): boolean {
  return [...wanted.toUpperCase()].every((digit, i) => digit === "F" || digit === found[i]);
}
