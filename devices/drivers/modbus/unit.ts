import { FieldsealError, ProtocolError } from "../../../protocols/bytes/index.ts";
import { ModbusExceptionCode } from "../../../protocols/modbus/index.ts";
import type { RegisterTable } from "../../sections/modbus.ts";
import { backoff } from "../backoff.ts";
import type { DeviceReading, DriverCounters, DriverOptions } from "../driver.ts";
import type { DeviceValue } from "../engine.ts";
import { noCounters, Presence } from "../presence.ts";
import type { ReadingMaker } from "../reading-maker.ts";
import { readRequest, registersOf } from "./image.ts";
import type { ModbusLine } from "./line.ts";

/** A unit's registers, two bytes each (bits: see `registersOf`); `refused` where it lacks some of them. */
export type AskRegisters = (table: RegisterTable, at: number, count: number) => Promise<Uint8Array | "refused">;

/** By measurement name, and whether one that ought to be there is not. */
export interface UnitValues {
  values: Map<string, DeviceValue>;
  malformed: boolean;
}

/** Which registers are read, and what they mean. */
export interface UnitReader {
  read(ask: AskRegisters): Promise<UnitValues>;
  /** The unit was away: what was learnt of it may be out of date. */
  forget(): void;
}

export interface ModbusUnitOptions {
  driver: Pick<DriverOptions, "name" | "clock" | "onReading" | "onState">;
  unit: number;
  every: number;
  timeout: number;
  reader: UnitReader;
  maker: ReadingMaker;
}

/** How long a unit that does not answer is waited for, in ms: a dead unit must not hold up the others. */
const PROBE_TIMEOUT = 250;
/** Every so many probes has the unit's full time, for one that is only slow. */
const FULL_PROBE = 4;
const MOST_BACKOFF = 60_000;
/** Attempts in a row that fail before a unit counts as offline. */
const PATIENCE = 2;

/** One device on a bus: when it is due, what is read, what became of it. */
export class ModbusUnit {
  readonly counters: DriverCounters = noCounters();
  readonly #options: ModbusUnitOptions;
  readonly #presence: Presence;
  #failures = 0;
  #waits = backoff(1000, MOST_BACKOFF);
  /** Monotonic ms of the next poll. */
  due: number;
  /** Taken off the bus: nothing is reported any more. */
  retired = false;

  constructor(options: ModbusUnitOptions) {
    this.#options = options;
    this.#presence = new Presence(options.driver);
    this.due = options.driver.clock.monotonic();
  }

  /** Reads the device once. Never throws for what a device or line may do. */
  async poll(line: ModbusLine): Promise<void> {
    const { clock } = this.#options.driver;
    const scheduled = this.due;
    let reading: DeviceReading;
    try {
      const { values, malformed } = await this.#read(line);
      if (this.retired) return;
      reading = this.#options.maker.make(values, malformed);
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      if (!this.retired) this.#failed(error, clock.monotonic());
      return;
    }
    this.#succeeded(scheduled);
    this.counters.readings++;
    this.#options.driver.onReading(reading);
  }

  /** The line is gone: the unit is not to blame and is asked again as soon as the line is back. */
  lineLost(error: FieldsealError): void {
    if (this.retired) return;
    this.#options.reader.forget();
    this.#presence.down(error);
    this.due = this.#options.driver.clock.monotonic();
  }

  async #read(line: ModbusLine): Promise<UnitValues> {
    return this.#options.reader.read((table, at, count) => this.#ask(line, table, at, count));
  }

  /** A board that lacks a register refuses the whole read: `refused` asks for smaller ones. */
  async #ask(line: ModbusLine, table: RegisterTable, at: number, count: number): Promise<Uint8Array | "refused"> {
    const { unit } = this.#options;
    const request = readRequest(table, at, count);
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await line.exchange(unit, request, this.#timeout());
        const registers = registersOf(answer, count);
        if (!registers) throw new ProtocolError("FS-MODBUS-ANSWER", `unit ${unit} sent no registers`);
        return registers;
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        if (error.code === "FS-MODBUS-TIMEOUT") this.counters.timeouts++;
        if (error.code === "FS-MODBUS-EXCEPTION") {
          this.counters.refusals++;
          const { exception } = error.context;
          const lacking =
            exception === ModbusExceptionCode.illegalDataAddress || exception === ModbusExceptionCode.illegalDataValue;
          if (lacking) return "refused";
        }
        // One repetition, for a unit that is known to be there.
        if (error.code !== "FS-MODBUS-TIMEOUT" || attempt > 1 || this.#presence.online !== true || this.#failures > 0)
          throw error;
      }
    }
  }

  #timeout(): number {
    const { timeout } = this.#options;
    if (this.#presence.online !== false || this.#failures % FULL_PROBE === 0) return timeout;
    return Math.min(timeout, PROBE_TIMEOUT);
  }

  #succeeded(scheduled: number): void {
    const { driver, every } = this.#options;
    this.#failures = 0;
    this.#waits = backoff(1000, MOST_BACKOFF);
    // The grid stays where it is; polls that it was too late for are counted, not made up.
    const passed = Math.floor((driver.clock.monotonic() - scheduled) / every);
    if (this.#presence.online) this.counters.missed += passed;
    this.due = scheduled + (passed + 1) * every;
    this.#presence.up();
  }

  #failed(error: FieldsealError, now: number): void {
    this.#failures++;
    // A unit that refuses or lacks its work register answers: it is asked at its own pace.
    const silent = error.code === "FS-MODBUS-TIMEOUT";
    if (this.#failures >= PATIENCE || this.#presence.online === undefined || !silent) this.#presence.down(error);
    this.due = now + (silent ? Math.max(this.#waits.next().value, 1000) : Math.max(this.#options.every, 1000));
    if (this.#failures >= PATIENCE) this.#options.reader.forget();
  }
}
