import type { FirmataBoard } from "../../../firmware-bridge/firmata/index.ts";
import {
  EnvironmentError,
  type FieldsealError,
  fromHex,
  ProtocolError,
  TimeoutError,
  toHex,
} from "../../../protocols/bytes/index.ts";
import { PinMode } from "../../../protocols/firmata/index.ts";
import { checkRom, DS18B20 } from "../../../protocols/sensors/index.ts";
import type { Profile } from "../../profile.ts";
import type { FirmataSource } from "../../sections/firmata.ts";
import type { DeviceValue } from "../engine.ts";
import type { Waiter } from "../waiter.ts";
import { CHIPS, type I2cStep } from "./chips.ts";
import { addressOf, type BoardImage, pinOf } from "./image.ts";

export interface SessionOptions {
  board: FirmataBoard;
  profile: Profile;
  image: BoardImage;
  waiter: Waiter;
}

/** What one reading gave; `errors` say why something is missing. */
export interface SessionReading {
  values: Map<string, DeviceValue>;
  errors: FieldsealError[];
}

/** A board that has been set up as the profile says, and is read. Each of its sensors fails alone. */
export class FirmataSession {
  readonly #options: SessionOptions;
  /** Sensors, each once: several measurements come from one. */
  readonly #sources: readonly FirmataSource[];
  /** Chips that have been begun, by address; one-wire devices by pin. */
  readonly #begun = new Set<number>();
  readonly #roms = new Map<number, readonly Uint8Array[]>();

  constructor(options: SessionOptions) {
    this.#options = options;
    const byPlace = new Map<string, FirmataSource>();
    for (const { firmata } of options.profile.measurements) if (firmata) byPlace.set(placeOf(firmata), firmata);
    this.#sources = [...byPlace.values()];
  }

  /**
   * Sets pins and reports up; again after the board's own restart.
   * @throws EnvironmentError FS-FIRMATA-PIN when the firmware lacks what the profile needs.
   */
  begin(): void {
    const { board, profile, image } = this.#options;
    image.lose();
    this.#begun.clear();
    this.#roms.clear();
    for (const source of this.#sources) this.#check(source);
    if (this.#sources.some((source) => "chip" in source)) board.beginI2c();
    if (this.#sources.some((source) => "analog" in source)) board.sample(profile.firmata!.sampling);
    for (const source of this.#sources) {
      const pin = pinOf(source);
      if (pin !== undefined) board.watchDigital(pin, "pullup" in source && source.pullup === true);
      if ("analog" in source) board.watchAnalog(source.analog);
    }
  }

  #check(source: FirmataSource): void {
    const { board } = this.#options;
    const pin = pinOf(source);
    if (pin !== undefined) {
      const pullup = "pullup" in source && source.pullup === true;
      const what = pullup ? "input with pull-up" : "input";
      this.#need(board.supports(pin, pullup ? PinMode.pullup : PinMode.input), `${what} on pin ${pin}`);
    } else if ("analog" in source) {
      const there = board.analogPin(source.analog) !== undefined;
      this.#need(there, `analog channel A${source.analog}`);
    } else if ("chip" in source) this.#need(board.supportsSomewhere(PinMode.i2c), "I2C");
    else if ("oneWire" in source)
      this.#need(board.supports(source.oneWire, PinMode.oneWire), `1-wire on pin ${source.oneWire}`);
    else if ("dht" in source) this.#need(board.supports(source.dht, PinMode.dht), `a DHT on pin ${source.dht}`);
  }

  #need(there: boolean, what: string): void {
    if (there) return;
    const { board } = this.#options;
    throw new EnvironmentError("FS-FIRMATA-PIN", `"${board.firmware}" at ${board.name} cannot do ${what}`, {
      fix: "flash StandardFirmata 2.5 or later, or ConfigurableFirmata with that feature, or use another pin",
    });
  }

  /**
   * One reading of everything.
   * @throws EnvironmentError FS-PORT-LOST, FS-FIRMATA-RESET; the first sensor's error when none gave a value.
   */
  async read(): Promise<SessionReading> {
    const { image } = this.#options;
    await this.#alive();
    const failed: FieldsealError[] = [];
    for (const source of this.#sources) {
      try {
        if ("chip" in source) await this.#readChip(source);
        else if ("oneWire" in source) await this.#readOneWire(source);
        else if ("dht" in source) await this.#options.board.readDht(source.dht, source.model);
      } catch (error) {
        if (!(error instanceof TimeoutError || error instanceof ProtocolError)) throw error;
        failed.push(error);
      }
    }
    const { values, missing } = image.values();
    image.age();
    const errors = failed.length > 0 ? failed : missing;
    if (values.size === 0 && errors[0]) throw errors[0];
    return { values, errors };
  }

  /** Boards that report by themselves say nothing while nothing changes: this tells that from a board that is gone. */
  async #alive(): Promise<void> {
    const { board, image, waiter, profile } = this.#options;
    for (const source of this.#sources) {
      const pin = "analog" in source ? board.analogPin(source.analog) : pinOf(source);
      if (pin === undefined) continue;
      const mode = await board.pinMode(pin);
      const wanted =
        "analog" in source ? PinMode.analog : "pullup" in source && source.pullup ? PinMode.pullup : PinMode.input;
      if (mode !== wanted) {
        throw new EnvironmentError("FS-FIRMATA-RESET", `${board.name} has forgotten what pin ${pin} is`, {
          fix: "it is set up again by itself; check its power supply",
        });
      }
      break;
    }
    const sampled = this.#sources.every((source) => !("analog" in source) || image.analog.has(source.analog));
    if (!sampled) await waiter.wait(3 * profile.firmata!.sampling);
  }

  async #readChip(source: Extract<FirmataSource, { chip: string }>): Promise<void> {
    const { image } = this.#options;
    const chip = CHIPS[source.chip];
    const address = addressOf(source)!;
    image.forget(address, readsOf(chip.measure));
    if (!this.#begun.has(address)) await this.#steps(address, chip.begin);
    this.#begun.add(address);
    try {
      await this.#steps(address, chip.measure);
    } catch (error) {
      // It may have been without power: it is begun anew.
      this.#begun.delete(address);
      image.forget(address, readsOf(chip.begin));
      throw error;
    }
  }

  async #steps(address: number, steps: readonly I2cStep[]): Promise<void> {
    const { board, waiter } = this.#options;
    for (const step of steps) {
      if ("write" in step) board.writeI2c(address, step.write);
      else if ("wait" in step) await waiter.wait(step.wait);
      // Everything the board says goes into the image.
      else await board.readI2c(address, step.at, step.read);
    }
  }

  async #readOneWire({ oneWire: pin, rom: wanted }: Extract<FirmataSource, { oneWire: number }>): Promise<void> {
    const { board, waiter, image } = this.#options;
    const rom = wanted === undefined ? await this.#onlyOne(pin) : fromHex(wanted);
    board.writeOneWire(pin, rom, [DS18B20.convert]);
    await waiter.wait(DS18B20.convertMs);
    const data = await board.readOneWire(pin, rom, [DS18B20.readScratchpad], DS18B20.scratchpadBytes);
    image.takeScratchpad(pin, wanted, data);
  }

  async #onlyOne(pin: number): Promise<Uint8Array> {
    const { board } = this.#options;
    if (!this.#roms.has(pin)) {
      const found = await board.searchOneWire(pin);
      for (const rom of found) checkRom(rom);
      const sensors = found.filter(([family]) => family === DS18B20.family);
      if (sensors.length > 0) this.#roms.set(pin, sensors);
    }
    const sensors = this.#roms.get(pin) ?? [];
    if (sensors.length === 1) return sensors[0]!;
    const many = sensors.map((rom) => toHex(rom)).join(", ");
    throw new ProtocolError("FS-SENSOR-ONE-WIRE", `${sensors.length} DS18B20 on pin ${pin} of ${board.name}`, {
      fix: many === "" ? "check its wiring and the 4.7 kΩ resistor" : `give rom: one of ${many.slice(0, 200)}`,
    });
  }
}

/** What makes a sensor another one. */
function placeOf(source: FirmataSource): string {
  if ("chip" in source) return `i2c ${addressOf(source)}`;
  if ("oneWire" in source) return `one-wire ${source.oneWire} ${source.rom ?? ""}`;
  if ("dht" in source) return `dht ${source.dht}`;
  return "analog" in source ? `analog ${source.analog}` : `digital ${pinOf(source)}`;
}

const readsOf = (steps: readonly I2cStep[]): number[] =>
  steps.flatMap((step) => ("read" in step ? [step.at ?? 0] : []));
