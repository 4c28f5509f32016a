import { EnvironmentError, type FieldsealError, ProtocolError, TimeoutError } from "../../protocols/bytes/index.ts";
import {
  dhtRead,
  type FirmataMessage,
  i2cConfig,
  i2cRead,
  i2cWrite,
  oneWireConfig,
  oneWireRead,
  oneWireSearch,
  oneWireWrite,
  PinMode,
} from "../../protocols/firmata/index.ts";
import type { Clock, Port } from "../port/index.ts";
import { handshake } from "./handshake.ts";
import { type FirmataIo, type FirmataLoader, loadFirmata } from "./library.ts";
import { FirmataTransport } from "./transport.ts";

export interface FirmataBoardOptions {
  port: Port;
  clock: Clock;
  /** How long the board may take for one answer, in ms. */
  timeout: number;
  /** How long it may take to start, in ms. Default 10 s. */
  startTimeout?: number;
  /** Default: the installed package. */
  load?: FirmataLoader | undefined;
}

interface Pending {
  matches(message: FirmataMessage): boolean;
  resolve(message: FirmataMessage): void;
}

type MessageOf<K extends FirmataMessage["kind"]> = Extract<FirmataMessage, { kind: K }>;

/** Replies that the library would keep state for, or print about; they are taken here. */
const OURS: ReadonlySet<FirmataMessage["kind"]> = new Set(["i2c", "one-wire-found", "one-wire-read", "dht", "text"]);

/**
 * A Firmata board on a port: firmata-io for the handshake, pins and reports, with every wait on our clock. One request at a
 * time. Bytes are not protected by the protocol: what a sensor can check, its codec checks.
 */
export class FirmataBoard {
  readonly #options: FirmataBoardOptions;
  #io: FirmataIo | undefined;
  #transport: FirmataTransport | undefined;
  #pending: Pending | undefined;
  #fail: ((error: FieldsealError) => void) | undefined;
  #lost: Promise<never> | undefined;
  #discarded = 0;
  #correlation = 0;
  #ready = false;
  /** Modes of each pin: the library keeps only those it knows. */
  #modes: readonly ReadonlyMap<number, number>[] = [];
  /** Hears everything the board says, in order, once it is open. */
  onMessage: ((message: FirmataMessage) => void) | undefined;
  /** Called when the board has started again by itself: its pins are what they are after power-on. */
  onReset: (() => void) | undefined;
  /** Called once after each successful `open()`, when the port is lost. */
  onLost: ((error: FieldsealError) => void) | undefined;

  constructor(options: FirmataBoardOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.port.name;
  }

  /** Name of the firmware (its sketch), as the board tells it. */
  get firmware(): string {
    return this.#io?.firmware.name ?? "";
  }

  /** Bytes that belonged to no good message, since the beginning. */
  get discardedBytes(): number {
    return this.#discarded + (this.#transport?.discardedBytes ?? 0);
  }

  /** @throws EnvironmentError FS-PORT-…, FS-FIRMATA-MISSING, FS-FIRMATA-OTHER, FS-FIRMATA-VERSION; TimeoutError FS-FIRMATA-SILENT. */
  async open(): Promise<void> {
    const { port, clock, startTimeout = 10_000, load } = this.#options;
    const lost = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    // Whoever waits for something races against it; nobody may be waiting.
    lost.catch(() => undefined);
    this.#lost = lost;
    this.#ready = false;
    const Firmata = await Promise.race([loadFirmata(load), lost]);
    const transport = new FirmataTransport({
      port,
      onMessage: (message) => this.#hear(message),
      withhold: ({ kind }) => OURS.has(kind),
    });
    this.#discarded = this.discardedBytes;
    this.#transport = transport;
    transport.onWriteError = () => this.#lose("writing to it failed");
    port.onBytes = (bytes) => transport.receive(bytes);
    port.onClose = (reason) => this.#lose(reason.kind === "lost" ? reason.why : "closed");
    // Its first bytes may come before `open()` has returned.
    const io = new Firmata(transport, {});
    clearTimeout(io.reportVersionTimeoutId);
    this.#io = io;
    await port.open();
    await handshake({ io, transport, clock, name: port.name, timeout: startTimeout, lost });
    this.#ready = true;
  }

  async close(): Promise<void> {
    this.#ready = false;
    this.#fail?.(lostError(this.name, "closed"));
    await this.#options.port.close();
    this.#io?.removeAllListeners();
    this.#transport?.removeAllListeners();
  }

  #lose(why: string): void {
    const error = lostError(this.name, why);
    this.#fail?.(error);
    if (this.#ready) this.onLost?.(error);
    this.#ready = false;
  }

  #hear(message: FirmataMessage): void {
    if (message.kind === "capabilities") this.#modes = message.pins;
    if (!this.#ready) return;
    // It says its version when it starts, and when it is asked, which nobody does any more.
    if (message.kind === "version") this.onReset?.();
    this.onMessage?.(message);
    if (this.#pending?.matches(message)) this.#pending.resolve(message);
  }

  #board(): FirmataIo {
    if (!this.#io || !this.#ready) throw lostError(this.name, "it is not open");
    return this.#io;
  }

  /** Whether the firmware can do that with the pin. */
  supports(pin: number, mode: number): boolean {
    return this.#modes[pin]?.has(mode) ?? false;
  }

  /** Whether the firmware can do that with any pin. */
  supportsSomewhere(mode: number): boolean {
    return this.#modes.some((modes) => modes.has(mode));
  }

  /** Pin of an analog channel; undefined where there is none. */
  analogPin(channel: number): number | undefined {
    return this.#io?.analogPins[channel];
  }

  /** Reports of a digital pin from now on; the first comes at once. */
  watchDigital(pin: number, pullup: boolean): void {
    const io = this.#board();
    io.pinMode(pin, pullup ? PinMode.pullup : PinMode.input);
    io.reportDigitalPin(pin, 1);
  }

  /** Samples of an analog channel from now on. */
  watchAnalog(channel: number): void {
    const io = this.#board();
    io.pinMode(channel, PinMode.analog);
    io.reportAnalogPin(channel, 1);
  }

  /** How often analog channels are sampled, in ms. */
  sample(interval: number): void {
    this.#board().setSamplingInterval(interval);
  }

  /** Turns the I2C bus on. */
  beginI2c(): void {
    this.#board().sysexCommand(i2cConfig());
  }

  writeI2c(address: number, bytes: readonly number[]): void {
    this.#board().sysexCommand(i2cWrite(address, bytes));
  }

  /** @throws TimeoutError FS-FIRMATA-TIMEOUT; ProtocolError FS-FIRMATA-I2C when it answers with fewer bytes (nothing is there). */
  async readI2c(address: number, register: number | undefined, count: number): Promise<Uint8Array> {
    const what = `I2C device 0x${address.toString(16)}`;
    const wanted = register ?? 0;
    const isReply = (m: FirmataMessage) => m.kind === "i2c" && m.address === address && m.register === wanted;
    const { data } = await this.#ask<"i2c">(i2cRead(address, register, count), what, isReply);
    if (data.length === count) return data;
    throw new ProtocolError("FS-FIRMATA-I2C", `${what} at ${this.name} gave ${data.length} of ${count} bytes`, {
      fix: "check its wiring (SDA, SCL, power) and its address",
    });
  }

  /** Addresses of the devices on a one-wire pin. @throws TimeoutError FS-FIRMATA-TIMEOUT. */
  async searchOneWire(pin: number): Promise<readonly Uint8Array[]> {
    this.#board().sysexCommand(oneWireConfig(pin));
    const isReply = (m: FirmataMessage) => m.kind === "one-wire-found" && m.pin === pin;
    return (await this.#ask<"one-wire-found">(oneWireSearch(pin), `one-wire pin ${pin}`, isReply)).roms;
  }

  writeOneWire(pin: number, rom: Uint8Array, bytes: readonly number[]): void {
    this.#board().sysexCommand(oneWireWrite(pin, rom, bytes));
  }

  /** @throws TimeoutError FS-FIRMATA-TIMEOUT. */
  async readOneWire(pin: number, rom: Uint8Array, bytes: readonly number[], count: number): Promise<Uint8Array> {
    this.#correlation = (this.#correlation + 1) & 0xffff;
    const correlation = this.#correlation;
    const isReply = (m: FirmataMessage) => m.kind === "one-wire-read" && m.pin === pin && m.correlation === correlation;
    const request = oneWireRead(pin, rom, bytes, count, correlation);
    return (await this.#ask<"one-wire-read">(request, `one-wire pin ${pin}`, isReply)).data;
  }

  /** @throws TimeoutError FS-FIRMATA-TIMEOUT. */
  readDht(pin: number, model: 11 | 22): Promise<MessageOf<"dht">> {
    return this.#ask<"dht">(dhtRead(pin, model), `DHT${model} on pin ${pin}`, (m) => m.kind === "dht" && m.pin === pin);
  }

  /** Mode of a pin as the board has it. @throws TimeoutError FS-FIRMATA-TIMEOUT. */
  async pinMode(pin: number): Promise<number> {
    const isReply = (m: FirmataMessage) => m.kind === "pin-state" && m.pin === pin;
    const send = () => this.#board().queryPinState(pin, () => undefined);
    return (await this.#ask<"pin-state">(send, `pin ${pin}`, isReply)).mode;
  }

  async #ask<K extends FirmataMessage["kind"]>(
    request: readonly number[] | (() => void),
    what: string,
    matches: Pending["matches"],
  ): Promise<MessageOf<K>> {
    const { clock, timeout } = this.#options;
    const io = this.#board();
    let timer: { cancel(): void } | undefined;
    const answered = new Promise<FirmataMessage>((resolve, reject) => {
      this.#pending = { matches, resolve };
      const message = `${what} at ${this.name} did not answer within ${timeout} ms`;
      timer = clock.after(timeout, () =>
        reject(
          new TimeoutError("FS-FIRMATA-TIMEOUT", message, { fix: "check the wiring, and that the firmware has it" }),
        ),
      );
    });
    try {
      if (typeof request === "function") request();
      else io.sysexCommand(request);
      return (await Promise.race([answered, this.#lost!])) as MessageOf<K>;
    } finally {
      timer?.cancel();
      this.#pending = undefined;
    }
  }
}

function lostError(name: string, why: string): EnvironmentError {
  return new EnvironmentError("FS-PORT-LOST", `${name} was lost: ${why}`, { fix: "it is opened again by itself" });
}
