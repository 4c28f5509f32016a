import { Command, OneWire, PinMode, pack7, Sysex, toPairs } from "../../protocols/firmata/index.ts";

/** What a simulated Firmata board sends; the layout of an Uno: pins 0 to 19, of which 14 to 19 are A0 to A5. */

export const PINS = 20;
export const FIRST_ANALOG = 14;
export const FIRMWARE = "SimulatedFirmata.ino";

const sysex = (...bytes: number[]): Uint8Array => Uint8Array.of(Command.sysexStart, ...bytes, Command.sysexEnd);

export const versionFrame = (): Uint8Array => Uint8Array.of(Command.version, 2, 7);

export function firmwareFrame(): Uint8Array {
  const name = [...FIRMWARE].map((c) => c.charCodeAt(0));
  return sysex(Sysex.firmware, 2, 7, ...toPairs(name));
}

export function capabilityFrame(): Uint8Array {
  const out: number[] = [];
  for (let pin = 0; pin < PINS; pin++) {
    // 0 and 1 are the serial line.
    if (pin > 1) out.push(PinMode.input, 1, PinMode.pullup, 1, PinMode.output, 1, PinMode.oneWire, 1, PinMode.dht, 64);
    if (pin >= FIRST_ANALOG) out.push(PinMode.analog, 10);
    if (pin >= PINS - 2) out.push(PinMode.i2c, 1);
    out.push(0x7f);
  }
  return sysex(Sysex.capabilities, ...out);
}

export const mappingFrame = (): Uint8Array =>
  sysex(
    Sysex.analogMapping,
    ...Array.from({ length: PINS }, (_, pin) => (pin < FIRST_ANALOG ? 0x7f : pin - FIRST_ANALOG)),
  );

export const pinStateFrame = (pin: number, mode: number): Uint8Array => sysex(Sysex.pinState, pin, mode, 0);

export const analogFrame = (channel: number, value: number): Uint8Array =>
  Uint8Array.of(Command.analog | channel, value & 0x7f, value >> 7);

export const digitalFrame = (port: number, levels: number): Uint8Array =>
  Uint8Array.of(Command.digital | port, levels & 0x7f, levels >> 7);

export const i2cFrame = (address: number, register: number, data: Uint8Array): Uint8Array =>
  sysex(Sysex.i2cReply, ...toPairs([address, register, ...data]));

export const romsFrame = (pin: number, roms: readonly Uint8Array[]): Uint8Array =>
  sysex(Sysex.oneWire, OneWire.searchReply, pin, ...pack7(roms.flatMap((rom) => [...rom])));

export const oneWireFrame = (pin: number, correlation: number, data: Uint8Array): Uint8Array =>
  sysex(Sysex.oneWire, OneWire.readReply, pin, ...pack7([correlation & 0xff, correlation >> 8, ...data]));

export const dhtFrame = (pin: number, temperature: number, humidity: number): Uint8Array =>
  sysex(Sysex.dht, 0, pin, temperature & 0x7f, (temperature >> 7) & 0x7f, humidity & 0x7f, (humidity >> 7) & 0x7f);
