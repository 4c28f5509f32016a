import type { CPU } from "avr8js";

/** ATmega328P data sheet, register summary: USART0. */
const [UCSRA, UCSRB, UBRRL, UBRRH, UDR] = [0xc0, 0xc1, 0xc4, 0xc5, 0xc6];
/** UCSR0A: receive complete, transmit complete, data register empty, double speed. */
const [RXC, TXC, UDRE, U2X] = [0x80, 0x40, 0x20, 0x02];
/** UCSR0B: their interrupts, and the receiver. */
const [RXCIE, UDRIE, RXEN] = [0x80, 0x20, 0x10];

/** Levels, not edges (§19.7.3, §19.6.3): they ask again as long as their cause lasts. */
const RX = { address: 0x24, enableRegister: UCSRB, enableMask: 0, flagRegister: UCSRA, flagMask: 0, constant: true };
const EMPTY = { ...RX, address: 0x26 };

/**
 * The serial line of an emulated ATmega328P, in place of the one of avr8js, whose flags a write to UCSR0A clears, so that the
 * Arduino core waits for ever. A byte for the board waits until the one before it was taken: nothing overruns.
 */
export class EmulatedUsart {
  readonly #cpu: CPU;
  readonly #hertz: number;
  readonly #waiting: number[] = [];
  #received: number | undefined;
  #arriving = false;
  /** In the shift register and behind it. */
  #sending: number | undefined;
  #next: number | undefined;
  #sent = false;
  /** What the board has sent and nobody has fetched. */
  #out: number[] = [];

  constructor(cpu: CPU, hertz: number) {
    this.#cpu = cpu;
    this.#hertz = hertz;
    cpu.readHooks[UCSRA] = () =>
      (cpu.data[UCSRA]! & U2X) |
      (this.#received === undefined ? 0 : RXC) |
      (this.#sent ? TXC : 0) |
      (this.#next === undefined ? UDRE : 0);
    cpu.writeHooks[UCSRA] = (value) => {
      cpu.data[UCSRA] = value & U2X;
      if (value & TXC) this.#sent = false;
      return true;
    };
    cpu.writeHooks[UCSRB] = (value) => {
      cpu.data[UCSRB] = value;
      this.#levels();
      this.#arrive();
      return true;
    };
    cpu.readHooks[UDR] = () => {
      const byte = this.#received ?? 0;
      this.#received = undefined;
      this.#levels();
      this.#arrive();
      return byte;
    };
    cpu.writeHooks[UDR] = (value) => {
      this.#next = value;
      if (this.#sending === undefined) this.#shift();
      this.#levels();
      return true;
    };
  }

  /** Bits per second that the sketch has set (§19.3.1). */
  get baudRate(): number {
    return (10 * this.#hertz) / this.#cyclesPerByte;
  }

  /** Bytes to the board. */
  receive(bytes: Uint8Array): void {
    this.#waiting.push(...bytes);
    this.#arrive();
  }

  /** Bytes of the board since the last call. */
  fetch(): Uint8Array {
    const bytes = Uint8Array.from(this.#out);
    this.#out = [];
    return bytes;
  }

  get #cyclesPerByte(): number {
    const { data } = this.#cpu;
    return 10 * (data[UCSRA]! & U2X ? 8 : 16) * ((((data[UBRRH]! & 0x0f) << 8) | data[UBRRL]!) + 1);
  }

  #arrive(): void {
    const listens = (this.#cpu.data[UCSRB]! & RXEN) !== 0;
    if (!listens || this.#arriving || this.#received !== undefined || this.#waiting.length === 0) return;
    this.#arriving = true;
    this.#cpu.addClockEvent(() => {
      this.#arriving = false;
      this.#received = this.#waiting.shift();
      this.#levels();
    }, this.#cyclesPerByte);
  }

  #shift(): void {
    this.#sending = this.#next;
    this.#next = undefined;
    if (this.#sending === undefined) {
      this.#sent = true;
      return;
    }
    this.#cpu.addClockEvent(() => {
      this.#out.push(this.#sending!);
      this.#shift();
      this.#levels();
    }, this.#cyclesPerByte);
  }

  #levels(): void {
    const enabled = this.#cpu.data[UCSRB]!;
    if (enabled & RXCIE && this.#received !== undefined) this.#cpu.queueInterrupt(RX);
    else this.#cpu.clearInterrupt(RX, false);
    if (enabled & UDRIE && this.#next === undefined) this.#cpu.queueInterrupt(EMPTY);
    else this.#cpu.clearInterrupt(EMPTY, false);
  }
}
