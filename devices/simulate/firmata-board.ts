import type { Timer } from "../../firmware-bridge/port/index.ts";
import { Command, fromPairs, OneWire, PinMode, Sysex, unpack7 } from "../../protocols/firmata/index.ts";
import { addressOf, pinOf } from "../drivers/firmata/image.ts";
import type { FirmataSource } from "../sections/firmata.ts";
import type { SimulatedBoard } from "./board.ts";
import { CHIP_TWINS, type ChipTwin, ROM, scratchpad } from "./firmata-chips.ts";
import {
  analogFrame,
  capabilityFrame,
  dhtFrame,
  digitalFrame,
  FIRST_ANALOG,
  firmwareFrame,
  i2cFrame,
  mappingFrame,
  oneWireFrame,
  PINS,
  pinStateFrame,
  romsFrame,
  versionFrame,
} from "./firmata-frames.ts";
import { FirmataHostDecoder } from "./firmata-host.ts";
import type { Peer, PeerContext, PeerKind } from "./peer.ts";

/** How often the board looks at its pins, in ms; a pulse lasts one look, and so does its pause. */
const LOOK_MS = 40;

/** As StandardFirmata. */
const MOST_CONTINUOUS = 8;

/** What the house's meter does not know. */
const AIR: Readonly<Record<string, number>> = {
  temperature: 21.56,
  humidity: 46.2,
  pressure: 100_653,
  illuminance: 312.5,
  soil_moisture: 37,
  voltage: 12.08,
  current: 0.85,
};

class FirmataTwin implements Peer {
  readonly #context: PeerContext;
  readonly #board: SimulatedBoard;
  readonly #decoder = new FirmataHostDecoder();
  readonly #chips = new Map<number, ChipTwin>();
  readonly #modes = new Map<number, number>();
  readonly #analog = new Set<number>();
  readonly #ports = new Set<number>();
  readonly #sent = new Map<number, number>();
  /** Pulses that the pins have shown, by measurement. */
  readonly #shown = new Map<string, number>();
  readonly #low = new Set<number>();
  /** What is read again with each sample (i2c.md, "read continuously"), by address and register. */
  readonly #continuous = new Map<string, () => void>();
  #sampling = 19;
  #sampledAt = 0;
  #timer: Timer;

  constructor(context: PeerContext) {
    this.#context = context;
    this.#board = context.boards[0]!;
    for (const { firmata } of this.#board.profile.measurements) {
      if (!firmata || !("chip" in firmata)) continue;
      this.#chips.set(
        addressOf(firmata)!,
        CHIP_TWINS[firmata.chip]((quantity) => AIR[quantity] ?? 0),
      );
    }
    this.#restart();
    this.#timer = context.clock.after(LOOK_MS, () => this.#look());
  }

  end(): void {
    this.#timer.cancel();
  }

  receive(bytes: Uint8Array): void {
    for (const message of this.#decoder.push(bytes)) this.#obey(message);
  }

  #send(frame: Uint8Array): void {
    const { faults } = this.#board;
    if (faults.has("silent")) return;
    if (faults.has("bad-crc")) frame[frame.length >> 1]! ^= 0x08;
    this.#context.send(faults.has("garbage") ? frame.slice(frame.length >> 1) : frame);
  }

  #restart(): void {
    this.#modes.clear();
    for (let pin = 0; pin < PINS; pin++) this.#modes.set(pin, pin >= FIRST_ANALOG ? PinMode.analog : PinMode.output);
    this.#analog.clear();
    this.#ports.clear();
    this.#continuous.clear();
    this.#sampling = 19;
  }

  #obey(message: Uint8Array): void {
    const [command = 0, first = 0, second = 0] = message;
    if (command === Command.version) this.#send(versionFrame());
    else if (command === Command.reset) this.#restart();
    else if (command === Command.pinMode) this.#modes.set(first, second);
    else if (command >> 4 === Command.reportAnalog >> 4) toggle(this.#analog, command & 0x0f, first);
    else if (command >> 4 === Command.reportDigital >> 4) {
      toggle(this.#ports, command & 0x0f, first);
      this.#sent.delete(command & 0x0f);
      this.#report();
    } else if (command === Command.sysexStart) this.#obeySysex(message[1]!, message.subarray(2, -1));
  }

  #obeySysex(command: number, data: Uint8Array): void {
    const [first = 0, second = 0] = data;
    if (command === Sysex.firmware) this.#send(firmwareFrame());
    else if (command === Sysex.capabilityQuery) this.#send(capabilityFrame());
    else if (command === Sysex.analogMappingQuery) this.#send(mappingFrame());
    else if (command === Sysex.pinStateQuery)
      this.#send(pinStateFrame(first, this.#modes.get(first) ?? PinMode.output));
    else if (command === Sysex.samplingInterval) this.#sampling = first | (second << 7);
    else if (command === Sysex.i2cRequest) this.#i2c(first, (second >> 3) & 3, fromPairs(data.subarray(2)));
    else if (command === Sysex.oneWire) this.#oneWire(first, second, unpack7(data.subarray(2)));
    else if (command === Sysex.dht)
      this.#send(dhtFrame(second, Math.round(AIR["temperature"]! * 10), AIR["humidity"]! * 10));
  }

  #i2c(address: number, mode: number, bytes: Uint8Array): void {
    const chip = this.#chips.get(address);
    if (mode === 0) {
      chip?.write(bytes);
      return;
    }
    const register = bytes.length > 1 ? bytes[0] : undefined;
    const key = `${address} ${register}`;
    this.#continuous.delete(key);
    if (mode === 3) return;
    const read = () => {
      const data = chip?.read(register, bytes[bytes.length - 1] ?? 0) ?? new Uint8Array(0);
      this.#send(i2cFrame(address, register ?? 0, data));
    };
    read();
    if (mode === 2 && this.#continuous.size < MOST_CONTINUOUS) this.#continuous.set(key, read);
  }

  #oneWire(command: number, pin: number, data: Uint8Array): void {
    if (command === OneWire.search) this.#send(romsFrame(pin, [ROM]));
    if (command >= 0x40 || (command & OneWire.read) === 0) return;
    // Address, count, number of the request.
    const at = (command & OneWire.select) === 0 ? 0 : 8;
    const count = data[at]! | (data[at + 1]! << 8);
    const bytes = scratchpad(AIR["temperature"]!).subarray(0, count);
    this.#send(oneWireFrame(pin, data[at + 2]! | (data[at + 3]! << 8), bytes));
  }

  #look(): void {
    const { clock } = this.#context;
    this.#timer = clock.after(LOOK_MS, () => this.#look());
    this.#pulse();
    this.#report();
    if (clock.monotonic() - this.#sampledAt < this.#sampling) return;
    this.#sampledAt = clock.monotonic();
    for (const channel of this.#analog) this.#send(analogFrame(channel, this.#raw(channel)));
    for (const read of this.#continuous.values()) read();
  }

  /** One step of each pulse output: down while there are pulses to show, and up again. */
  #pulse(): void {
    const reported = this.#board.reported();
    for (const { name, firmata } of this.#board.profile.measurements) {
      if (!firmata || !("pulses" in firmata)) continue;
      const total = Math.floor((reported.get(name) ?? 0) * firmata.impulses);
      const shown = this.#shown.get(name) ?? total;
      this.#shown.set(name, shown);
      if (this.#low.delete(firmata.pulses) || shown >= total) continue;
      this.#low.add(firmata.pulses);
      this.#shown.set(name, shown + 1);
    }
  }

  /** Ports that are reported and have changed. */
  #report(): void {
    for (const port of this.#ports) {
      let levels = 0;
      for (const { firmata } of this.#board.profile.measurements) {
        const pin = firmata && pinOf(firmata);
        if (firmata && pin !== undefined && pin >> 3 === port && this.#high(firmata, pin)) levels |= 1 << (pin & 7);
      }
      if (this.#sent.get(port) === levels) continue;
      this.#sent.set(port, levels);
      this.#send(digitalFrame(port, levels));
    }
  }

  #high(source: FirmataSource, pin: number): boolean {
    if ("pulses" in source) return this.#low.has(pin) !== (source.pullup === true);
    // A door that stands open for the first ten seconds of each minute.
    return this.#context.clock.monotonic() % 60_000 < 10_000;
  }

  /** Raw value of a channel: the line between the profile's first and last point. */
  #raw(channel: number): number {
    for (const { name, firmata } of this.#board.profile.measurements) {
      if (!firmata || !("analog" in firmata) || firmata.analog !== channel) continue;
      const [x0, y0] = firmata.points[0]!;
      const [x1, y1] = firmata.points[firmata.points.length - 1]!;
      const wanted = AIR[name] ?? y0;
      return Math.round(x0 + ((x1 - x0) * (wanted - y0)) / (y1 - y0));
    }
    return 0;
  }
}

function toggle(set: Set<number>, item: number, on: number): void {
  if (on === 0) set.delete(item);
  else set.add(item);
}

/** A board with Firmata and the sensors of its profile. */
export const firmataPeer: PeerKind = {
  shared: false,
  baudRate: ({ firmata }) => firmata!.baudRate,
  attach: (context) => new FirmataTwin(context),
};
