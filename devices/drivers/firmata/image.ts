import { FieldsealError, ProtocolError } from "../../../protocols/bytes/index.ts";
import type { FirmataMessage } from "../../../protocols/firmata/index.ts";
import { ds18b20Temperature } from "../../../protocols/sensors/index.ts";
import { exactNumber } from "../../numbers.ts";
import type { MeasurementProfile, Profile } from "../../profile.ts";
import type { FirmataSource } from "../../sections/firmata.ts";
import type { DeviceValue } from "../engine.ts";
import { CHIPS, USUAL_SHUNT } from "./chips.ts";
import { PulseCounter } from "./pulse-counter.ts";

/** Default of `debounce`, in ms: contacts bounce for less, S0 pauses last three times as long. */
const DEBOUNCE = 10;

/** All that a board has said about its pins and sensors. */
export class BoardImage {
  readonly #profile: Profile;
  /** Latest sample by channel; taken out when it has been read. */
  readonly analog = new Map<number, number>();
  readonly levels = new Map<number, boolean>();
  /** By measurement name. */
  readonly counters = new Map<string, PulseCounter>();
  /** Registers by I2C address. */
  readonly #registers = new Map<number, Map<number, Uint8Array>>();
  /** Scratchpads by pin and address. */
  readonly #scratchpads = new Map<string, Uint8Array>();
  readonly #dht = new Map<number, { temperature: number; humidity: number }>();
  /** What a counter shows before the first pulse, in the measurement's unit, by its name. */
  readonly #starts: ReadonlyMap<string, number>;

  constructor(profile: Profile, starts: ReadonlyMap<string, number> = new Map()) {
    this.#profile = profile;
    this.#starts = starts;
    for (const { name, firmata } of profile.measurements) {
      if (!firmata || !("pulses" in firmata)) continue;
      this.counters.set(name, new PulseCounter({ debounce: firmata.debounce ?? DEBOUNCE }));
    }
  }

  /** @param at monotonic ms. */
  take(message: FirmataMessage, at: number): void {
    if (message.kind === "analog") this.analog.set(message.channel, message.value);
    if (message.kind === "digital") this.#takeLevels(message.port, message.levels, at);
    if (message.kind === "i2c") this.#takeRegister(message.address, message.register, message.data);
    if (message.kind === "dht") this.#dht.set(message.pin, message);
  }

  takeScratchpad(pin: number, rom: string | undefined, data: Uint8Array): void {
    this.#scratchpads.set(`${pin} ${rom ?? ""}`, data);
  }

  #takeLevels(port: number, levels: number, at: number): void {
    for (const { name, firmata } of this.#profile.measurements) {
      const pin = firmata && pinOf(firmata);
      if (!firmata || pin === undefined || pin >> 3 !== port) continue;
      const level = ((levels >> (pin & 7)) & 1) === 1;
      if ("pulses" in firmata) this.counters.get(name)!.take(level !== (firmata.pullup === true), at);
      else this.levels.set(pin, level);
    }
  }

  #takeRegister(address: number, register: number, data: Uint8Array): void {
    // Only what the profile asks for: an address has no more registers than its chip.
    const wanted = this.#profile.measurements.some(({ firmata }) => firmata && addressOf(firmata) === address);
    if (!wanted) return;
    const registers = this.#registers.get(address) ?? new Map<number, Uint8Array>();
    this.#registers.set(address, registers.set(register, data));
  }

  /** What was said for the last reading says nothing about the next one. Counters, levels and calibrations stay. */
  age(): void {
    this.analog.clear();
    this.#scratchpads.clear();
    this.#dht.clear();
  }

  /** A measurement's registers are not of this reading. */
  forget(address: number, registers: readonly number[]): void {
    for (const register of registers) this.#registers.get(address)?.delete(register);
  }

  /** The board was gone, or has started again. */
  lose(): void {
    this.age();
    this.levels.clear();
    this.#registers.clear();
    for (const counter of this.counters.values()) counter.lose();
  }

  /** Values by measurement name, and why others are missing. */
  values(): { values: Map<string, DeviceValue>; missing: FieldsealError[] } {
    const values = new Map<string, DeviceValue>();
    const missing: FieldsealError[] = [];
    for (const measurement of this.#profile.measurements) {
      try {
        const value = this.#value(measurement);
        if (value !== undefined) values.set(measurement.name, value);
        else if (!measurement.optional) missing.push(absent(measurement.name));
      } catch (error) {
        if (!(error instanceof FieldsealError)) throw error;
        missing.push(error);
      }
    }
    return { values, missing };
  }

  #value({ name, firmata, scale = 0 }: MeasurementProfile): DeviceValue | undefined {
    if (!firmata) return undefined;
    if ("pulses" in firmata) {
      const counted = (this.counters.get(name)!.pulses * 10 ** scale) / firmata.impulses;
      return exactNumber((this.#starts.get(name) ?? 0) + Math.floor(counted * 1e6 + 1e-3) / 1e6);
    }
    if ("analog" in firmata) {
      const raw = this.analog.get(firmata.analog);
      return raw === undefined ? undefined : interpolate(firmata.points, raw, firmata.decimals);
    }
    if ("digital" in firmata) {
      const level = this.levels.get(firmata.digital);
      return level === undefined ? undefined : level !== (firmata.invert === true);
    }
    if ("oneWire" in firmata) {
      const scratchpad = this.#scratchpads.get(`${firmata.oneWire} ${firmata.rom ?? ""}`);
      return scratchpad && exactNumber(ds18b20Temperature(scratchpad) / 16);
    }
    if ("dht" in firmata) return this.#dhtValue(firmata);
    const registers = this.#registers.get(addressOf(firmata)!);
    if (!registers) return undefined;
    return CHIPS[firmata.chip]
      .values((at) => registers.get(at) ?? fail(firmata.chip), firmata.shunt ?? USUAL_SHUNT)
      .get(firmata.quantity);
  }

  #dhtValue({ dht, quantity }: Extract<FirmataSource, { dht: number }>): DeviceValue | undefined {
    const reported = this.#dht.get(dht);
    if (!reported) return undefined;
    // The firmware's library makes not-a-number of a sensor that does not answer, and 0 of that; air is never so dry.
    if (reported.humidity === 0) {
      throw new ProtocolError("FS-SENSOR-DATA", `the DHT on pin ${dht} does not answer the board`, {
        fix: "check its wiring and its pull-up resistor",
      });
    }
    return exactNumber(reported[quantity] / 10);
  }
}

const absent = (name: string): ProtocolError => new ProtocolError("FS-SENSOR-DATA", `${name} was not told`);

function fail(chip: string): never {
  throw new ProtocolError("FS-SENSOR-DATA", `a ${chip} that does not tell all of its registers`);
}

/** Digital pin of a level or of pulses. */
export function pinOf(source: FirmataSource): number | undefined {
  if ("digital" in source) return source.digital;
  return "pulses" in source ? source.pulses : undefined;
}

/** I2C address of a chip. */
export function addressOf(source: FirmataSource): number | undefined {
  return "chip" in source ? (source.address ?? CHIPS[source.chip].address) : undefined;
}

function interpolate(points: readonly (readonly [number, number])[], raw: number, decimals: number): DeviceValue {
  const above = points.findIndex(([at]) => at >= raw);
  const [x1, y1] = points[above < 0 ? points.length - 1 : above]!;
  const [x0, y0] = points[Math.max(0, above < 0 ? points.length - 1 : above - 1)]!;
  const value = x1 === x0 || raw > x1 ? y1 : y0 + ((y1 - y0) * (raw - x0)) / (x1 - x0);
  return exactNumber(Math.round(value * 10 ** decimals) / 10 ** decimals);
}
