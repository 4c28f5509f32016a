import type { AVRTWI, TWIEventHandler } from "avr8js";
import type { ChipTwin } from "../../devices/simulate/firmata-chips.ts";

/** More than any of these sensors is asked for at once (the core's buffer holds 32). */
const MOST_BYTES = 32;

/**
 * Sensors on the I2C bus of an emulated AVR (UM10204 §3.1): the first byte written is the register that the next read begins at.
 * What nobody answers is not acknowledged.
 */
export class EmulatedI2c implements TWIEventHandler {
  readonly #twi: AVRTWI;
  readonly #chips: ReadonlyMap<number, ChipTwin>;
  #chip: ChipTwin | undefined;
  #register = 0;
  #written: number[] = [];
  #toRead: number[] = [];

  constructor(twi: AVRTWI, chips: ReadonlyMap<number, ChipTwin>) {
    this.#twi = twi;
    this.#chips = chips;
  }

  start(): void {
    this.#flush();
    this.#twi.completeStart();
  }

  stop(): void {
    this.#flush();
    this.#twi.completeStop();
  }

  connectToSlave(address: number, write: boolean): void {
    this.#chip = this.#chips.get(address);
    if (this.#chip && !write) this.#toRead = [...this.#chip.read(this.#register, MOST_BYTES)];
    this.#twi.completeConnect(this.#chip !== undefined);
  }

  writeByte(value: number): void {
    this.#written.push(value);
    this.#twi.completeWrite(true);
  }

  readByte(): void {
    this.#twi.completeRead(this.#toRead.shift() ?? 0xff);
  }

  #flush(): void {
    const [register] = this.#written;
    if (register !== undefined) {
      this.#register = register;
      this.#chip?.write(Uint8Array.from(this.#written));
    }
    this.#written = [];
  }
}
