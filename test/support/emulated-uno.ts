import {
  AVRADC,
  AVRIOPort,
  AVRTimer,
  AVRTWI,
  adcConfig,
  avrInstruction,
  CPU,
  PinState,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
} from "avr8js";
import type { ChipTwin } from "../../devices/simulate/firmata-chips.ts";
import { type ManualClock, type MemoryDevice, memoryPort, type Port } from "../../firmware-bridge/port/index.ts";
import { EmulatedI2c } from "./emulated-i2c.ts";
import { EmulatedUsart } from "./emulated-usart.ts";

const HERTZ = 16_000_000;
const CYCLES_PER_MS = HERTZ / 1000;
const SRAM_BYTES = 2048;
const [SEI, RETI] = [0x9478, 0x9518];

/** Pin 0 is PD0, pin 8 is PB0. */
const PORTS = [
  { config: portDConfig, first: 0, pins: 8 },
  { config: portBConfig, first: 8, pins: 6 },
  { config: portCConfig, first: 14, pins: 6 },
];

export interface EmulatedUnoOptions {
  /** Words of the flash. */
  program: Uint16Array;
  /** Sensors on the I2C bus, by address. */
  chips?: ReadonlyMap<number, ChipTwin>;
}

/**
 * An Arduino Uno, instruction by instruction, with a sketch as it was built for the real one. Its serial line is a port; opening
 * that resets the board, as the real one's does. Time passes for it in `run` only.
 */
export class EmulatedUno {
  readonly port: Port;
  /** The plug: `lose` pulls it. */
  readonly device: MemoryDevice;
  readonly #options: EmulatedUnoOptions;
  /** By analog channel. */
  readonly #volts = new Map<number, number>();
  /** By pin; a pin that is connected to nothing is absent. */
  readonly #levels = new Map<number, boolean>();
  #cpu!: CPU;
  #usart!: EmulatedUsart;
  #adc!: AVRADC;
  #gpio: { first: number; pins: number; port: AVRIOPort }[] = [];
  /** Cycles since it was built; a reset does not set them back. */
  #due = 0;

  constructor(options: EmulatedUnoOptions) {
    this.#options = options;
    const { host, device } = memoryPort("/dev/emulated-uno");
    const open = host.open.bind(host);
    host.open = async () => {
      await open();
      this.reset();
    };
    device.onBytes = (bytes) => this.#usart.receive(bytes);
    this.port = host;
    this.device = device;
    this.reset();
  }

  /** Rate of the serial line as the sketch has set it. */
  get baudRate(): number {
    return this.#usart.baudRate;
  }

  setVolts(channel: number, volts: number): void {
    this.#volts.set(channel, volts);
    this.#adc.channelValues[channel] = volts;
  }

  /** @param level undefined: connected to nothing, where a pull-up makes it high. */
  setPin(pin: number, level: boolean | undefined): void {
    if (level === undefined) this.#levels.delete(pin);
    else this.#levels.set(pin, level);
    this.#settle();
  }

  /** Power on. */
  reset(): void {
    const cpu = new CPU(this.#options.program, SRAM_BYTES);
    cpu.cycles = this.#due;
    for (const timer of [timer0Config, timer1Config, timer2Config]) new AVRTimer(cpu, timer);
    this.#gpio = PORTS.map(({ config, first, pins }) => ({ first, pins, port: new AVRIOPort(cpu, config) }));
    for (const { port } of this.#gpio) port.addListener(() => this.#settle());
    this.#usart = new EmulatedUsart(cpu, HERTZ);
    this.#adc = new AVRADC(cpu, adcConfig);
    for (const [channel, volts] of this.#volts) this.#adc.channelValues[channel] = volts;
    const twi = new AVRTWI(cpu, twiConfig, HERTZ);
    twi.eventHandler = new EmulatedI2c(twi, this.#options.chips ?? new Map());
    this.#cpu = cpu;
    this.#settle();
  }

  /** Lets `ms` of its time pass. */
  run(ms: number): void {
    const cpu = this.#cpu;
    this.#due += ms * CYCLES_PER_MS;
    while (cpu.cycles < this.#due) {
      const opcode = cpu.progMem[cpu.pc];
      avrInstruction(cpu);
      // Data sheet §7.7: the instruction after these runs before any interrupt.
      if (opcode === SEI || opcode === RETI) avrInstruction(cpu);
      cpu.tick();
    }
    const sent = this.#usart.fetch();
    if (sent.length > 0) this.device.send(sent);
  }

  /** What is outside of each pin: a level, or its own pull-up, or nothing. */
  #settle(): void {
    for (const { first, pins, port } of this.#gpio) {
      for (let i = 0; i < pins; i++) {
        const open = port.pinState(i) === PinState.InputPullUp;
        port.setPin(i, this.#levels.get(first + i) ?? open);
      }
    }
  }
}

/** Lets `ms` pass for a board and for those who talk to it, one by one. */
export async function passTogether(uno: EmulatedUno, clock: ManualClock, ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    uno.run(1);
    await clock.advance(1);
  }
}

/** Runs a board beside code that has no clock but the system's; resolves when `until` has. */
export async function runBeside<T>(uno: EmulatedUno, until: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  until.then(end, end);
  while (!ended) {
    uno.run(4);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return await until;
}
