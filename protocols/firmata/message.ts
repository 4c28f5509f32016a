import { ProtocolError } from "../bytes/index.ts";
import { Command, OneWire, Sysex } from "./constants.ts";
import { fromPairs, unpack7 } from "./seven-bit.ts";

/** What a board says. */
export type FirmataMessage =
  /** Sample of an analog channel: 0 is A0. */
  | { kind: "analog"; channel: number; value: number }
  /** Levels of eight pins; bit 0 is pin `8 * port`. */
  | { kind: "digital"; port: number; levels: number }
  | { kind: "version"; major: number; minor: number }
  | { kind: "firmware"; name: string; major: number; minor: number }
  /** Modes by pin, each with its resolution in bits. */
  | { kind: "capabilities"; pins: readonly ReadonlyMap<number, number>[] }
  /** Analog channel by pin; 127 where there is none. */
  | { kind: "analog-mapping"; channels: readonly number[] }
  | { kind: "pin-state"; pin: number; mode: number; state: number }
  /** `register` is 0 where none was asked for. */
  | { kind: "i2c"; address: number; register: number; data: Uint8Array }
  | { kind: "one-wire-found"; pin: number; roms: readonly Uint8Array[] }
  | { kind: "one-wire-read"; pin: number; correlation: number; data: Uint8Array }
  /** Tenths of a degree Celsius and of a percent. */
  | { kind: "dht"; pin: number; temperature: number; humidity: number }
  | { kind: "text"; text: string }
  | { kind: "other"; command: number };

const fail = (what: string): ProtocolError => new ProtocolError("FS-FIRMATA-FRAME", what);

/**
 * @param bytes one message, as `FirmataDecoder` gives it.
 * @throws ProtocolError FS-FIRMATA-FRAME.
 */
export function parseFirmata(bytes: Uint8Array): FirmataMessage {
  const [first = 0, second = 0, third = 0] = bytes;
  if (first === Command.sysexStart) return parseSysex(bytes);
  if (bytes.length !== 3 || second > 0x7f || third > 0x7f) throw fail("a message must have two data bytes");
  if (first === Command.version) return { kind: "version", major: second, minor: third };
  const value = second | (third << 7);
  if (first >> 4 === Command.analog >> 4) return { kind: "analog", channel: first & 0x0f, value };
  if (first >> 4 !== Command.digital >> 4) throw fail(`0x${first.toString(16)} starts no message of a board`);
  if (value > 0xff) throw fail("a port has eight pins");
  return { kind: "digital", port: first & 0x0f, levels: value };
}

function parseSysex(bytes: Uint8Array): FirmataMessage {
  const end = bytes.length - 1;
  if (end < 2 || bytes[end] !== Command.sysexEnd) throw fail("a sysex message has no end");
  const data = bytes.subarray(2, end);
  if (data.some((byte) => byte > 0x7f)) throw fail("a data byte has its upper bit set");
  const command = bytes[1]!;
  switch (command) {
    case Sysex.firmware:
      return parseFirmware(data);
    case Sysex.capabilities:
      return parseCapabilities(data);
    case Sysex.analogMapping:
      return { kind: "analog-mapping", channels: [...data] };
    case Sysex.pinState:
      return parsePinState(data);
    case Sysex.i2cReply:
      return parseI2c(data);
    case Sysex.oneWire:
      return parseOneWire(data);
    case Sysex.dht:
      return parseDht(data);
    case Sysex.text:
      return { kind: "text", text: String.fromCharCode(...fromPairs(data)) };
    default:
      return { kind: "other", command };
  }
}

function parseFirmware(data: Uint8Array): FirmataMessage {
  if (data.length < 2) throw fail("the firmware has no version");
  const name = String.fromCharCode(...fromPairs(data.subarray(2)));
  return { kind: "firmware", name, major: data[0]!, minor: data[1]! };
}

// protocol.md "Capability Query": mode, resolution, …, 0x7F after each pin.
function parseCapabilities(data: Uint8Array): FirmataMessage {
  const pins: Map<number, number>[] = [];
  let modes = new Map<number, number>();
  for (let at = 0; at < data.length; ) {
    if (data[at] === 0x7f) {
      pins.push(modes);
      modes = new Map();
      at++;
      continue;
    }
    if (at + 1 === data.length || data[at + 1] === 0x7f) throw fail("a mode has no resolution");
    modes.set(data[at]!, data[at + 1]!);
    at += 2;
  }
  if (modes.size > 0) throw fail("the last pin has no end");
  if (pins.length > 128) throw fail("there are more than 128 pins");
  return { kind: "capabilities", pins };
}

function parsePinState(data: Uint8Array): FirmataMessage {
  if (data.length < 3 || data.length > 6) throw fail("a pin's state has three to six bytes");
  let state = 0;
  for (let i = 2; i < data.length; i++) state |= data[i]! << (7 * (i - 2));
  return { kind: "pin-state", pin: data[0]!, mode: data[1]!, state };
}

function parseI2c(data: Uint8Array): FirmataMessage {
  const [address, register, ...reply] = fromPairs(data);
  if (address === undefined || register === undefined) throw fail("an I2C reply has no register");
  return { kind: "i2c", address, register, data: Uint8Array.from(reply) };
}

function parseOneWire(data: Uint8Array): FirmataMessage {
  const [kind, pin] = data;
  if (pin === undefined) throw fail("a one-wire message names no pin");
  const payload = unpack7(data.subarray(2));
  if (kind === OneWire.searchReply) {
    const roms: Uint8Array[] = [];
    for (let at = 0; at + 8 <= payload.length; at += 8) roms.push(payload.slice(at, at + 8));
    return { kind: "one-wire-found", pin, roms };
  }
  if (kind !== OneWire.readReply) return { kind: "other", command: Sysex.oneWire };
  if (payload.length < 2) throw fail("a one-wire reply names no request");
  return { kind: "one-wire-read", pin, correlation: payload[0]! | (payload[1]! << 8), data: payload.slice(2) };
}

// dhtsensor.md "Report sensor data": fourteen bits each, the temperature with a sign.
function parseDht(data: Uint8Array): FirmataMessage {
  const [kind, pin = 0, t0 = 0, t1 = 0, h0 = 0, h1 = 0] = data;
  if (kind !== 0 || data.length !== 6) throw fail("a DHT report has six bytes");
  const raw = t0 | (t1 << 7);
  return { kind: "dht", pin, temperature: raw >= 0x2000 ? raw - 0x4000 : raw, humidity: h0 | (h1 << 7) };
}
