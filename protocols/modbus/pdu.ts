import { ByteReader, ByteWriter, copyOf, ProtocolError } from "../bytes/index.ts";

/**
 * Modbus protocol data units: function code and data, without address or checksum
 * (MODBUS Application Protocol V1.1b3 §6). Addresses are the zero-based ones on the wire.
 */

/** Largest PDU (§4.1): an RS-485 frame of 256 bytes less one for the unit and two for the CRC. */
export const MAX_PDU = 253;

export type ModbusRequest =
  | { fn: 1 | 2 | 3 | 4; address: number; count: number }
  | { fn: 5; address: number; on: boolean }
  | { fn: 6; address: number; value: number }
  | { fn: 15; address: number; bits: readonly boolean[] }
  /** `registers`: two bytes each, high byte first, as on the wire. */
  | { fn: 16; address: number; registers: Uint8Array }
  | { fn: 22; address: number; and: number; or: number }
  | { fn: 23; address: number; count: number; writeAddress: number; registers: Uint8Array };

export type ModbusResponse =
  /** `packed`: eight bits a byte, the first in the lowest bit; the last byte is padded with zeros. */
  | { fn: 1 | 2; packed: Uint8Array }
  | { fn: 3 | 4 | 23; registers: Uint8Array }
  | { fn: 5; address: number; on: boolean }
  | { fn: 6; address: number; value: number }
  | { fn: 15 | 16; address: number; count: number }
  | { fn: 22; address: number; and: number; or: number };

/** A refusal: `fn` is the function that was asked for (without the 0x80 of the wire). */
export interface ModbusException {
  fn: number;
  exception: number;
}

export type ModbusAnswer = ModbusResponse | ModbusException;

export function isException(answer: ModbusAnswer): answer is ModbusException {
  return "exception" in answer;
}

const CODE = "FS-MODBUS-PDU";
/** Quantity limits of §6.1 to §6.17: what fits a PDU with that function's header. */
const MAX_READ_BITS = 2000;
const MAX_READ_REGISTERS = 125;
const MAX_WRITE_BITS = 1968;
const MAX_WRITE_REGISTERS = 123;
const MAX_READ_WRITE_REGISTERS = 121;

function bad(why: string, context: Record<string, unknown> = {}): ProtocolError {
  return new ProtocolError(CODE, `Modbus PDU: ${why}`, { context });
}

function quantity(count: number, max: number): number {
  if (!Number.isInteger(count) || count < 1 || count > max) throw bad(`quantity ${count} is not 1…${max}`, { count });
  return count;
}

function word(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw bad(`${what} ${value} is not a 16-bit number`);
  return value;
}

function wholeRegisters(bytes: Uint8Array, max: number): number {
  if (bytes.length % 2 !== 0) throw bad(`${bytes.length} bytes are not whole registers`);
  return quantity(bytes.length / 2, max);
}

/** Bits in the order of their addresses, lowest bit of the first byte first (§6.1). */
export function packBits(bits: readonly boolean[]): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((on, i) => {
    if (on) packed[i >> 3]! |= 1 << (i & 7);
  });
  return packed;
}

/** The first `count` bits of a packed answer. */
export function unpackBits(packed: Uint8Array, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => ((packed[i >> 3] ?? 0) & (1 << (i & 7))) !== 0);
}

/** @throws ProtocolError FS-MODBUS-PDU for a quantity, address or value outside the specification. */
export function encodeRequest(request: ModbusRequest): Uint8Array {
  const out = new ByteWriter(12).u8(request.fn).u16(word(request.address, "address"));
  switch (request.fn) {
    case 1:
    case 2:
      return out.u16(quantity(request.count, MAX_READ_BITS)).finish();
    case 3:
    case 4:
      return out.u16(quantity(request.count, MAX_READ_REGISTERS)).finish();
    case 5:
      return out.u16(request.on ? 0xff00 : 0).finish();
    case 6:
      return out.u16(word(request.value, "value")).finish();
    case 15: {
      const packed = packBits(request.bits);
      return out.u16(quantity(request.bits.length, MAX_WRITE_BITS)).u8(packed.length).bytes(packed).finish();
    }
    case 16: {
      const count = wholeRegisters(request.registers, MAX_WRITE_REGISTERS);
      return out.u16(count).u8(request.registers.length).bytes(request.registers).finish();
    }
    case 22:
      return out.u16(word(request.and, "mask")).u16(word(request.or, "mask")).finish();
    case 23: {
      const count = wholeRegisters(request.registers, MAX_READ_WRITE_REGISTERS);
      return out
        .u16(quantity(request.count, MAX_READ_REGISTERS))
        .u16(word(request.writeAddress, "address"))
        .u16(count)
        .u8(request.registers.length)
        .bytes(request.registers)
        .finish();
    }
  }
}

/** @throws ProtocolError FS-MODBUS-FUNCTION for a function this server side does not speak, FS-MODBUS-PDU for a malformed one. */
export function decodeRequest(pdu: Uint8Array): ModbusRequest {
  const input = new ByteReader(pdu, CODE);
  const request = readRequest(input);
  input.end();
  return request;
}

function readRequest(input: ByteReader): ModbusRequest {
  const fn = input.u8();
  switch (fn) {
    case 1:
    case 2:
      return { fn, address: input.u16(), count: quantity(input.u16(), MAX_READ_BITS) };
    case 3:
    case 4:
      return { fn, address: input.u16(), count: quantity(input.u16(), MAX_READ_REGISTERS) };
    case 5:
      return { fn, address: input.u16(), on: coil(input.u16()) };
    case 6:
      return { fn, address: input.u16(), value: input.u16() };
    case 15: {
      const address = input.u16();
      const count = quantity(input.u16(), MAX_WRITE_BITS);
      const length = byteCount(input.u8(), Math.ceil(count / 8));
      return { fn, address, bits: unpackBits(input.take(length), count) };
    }
    case 16: {
      const address = input.u16();
      const count = quantity(input.u16(), MAX_WRITE_REGISTERS);
      return { fn, address, registers: copyOf(input.take(byteCount(input.u8(), 2 * count))) };
    }
    case 22:
      return { fn, address: input.u16(), and: input.u16(), or: input.u16() };
    case 23: {
      const address = input.u16();
      const count = quantity(input.u16(), MAX_READ_REGISTERS);
      const writeAddress = input.u16();
      const written = quantity(input.u16(), MAX_READ_WRITE_REGISTERS);
      const registers = copyOf(input.take(byteCount(input.u8(), 2 * written)));
      return { fn, address, count, writeAddress, registers };
    }
    default:
      throw new ProtocolError("FS-MODBUS-FUNCTION", `Modbus function ${fn} is not one of 1–6, 15, 16, 22, 23`, {
        context: { fn },
      });
  }
}

function coil(value: number): boolean {
  if (value !== 0 && value !== 0xff00) throw bad(`coil value 0x${value.toString(16)} is neither 0x0000 nor 0xff00`);
  return value === 0xff00;
}

function byteCount(stated: number, expected: number): number {
  if (stated !== expected) throw bad(`byte count ${stated} where the quantity needs ${expected}`, { stated, expected });
  return stated;
}

/** @throws ProtocolError FS-MODBUS-PDU for more data than a PDU holds. */
export function encodeAnswer(answer: ModbusAnswer): Uint8Array {
  const out = new ByteWriter(12);
  if (isException(answer))
    return out
      .u8(answer.fn | 0x80)
      .u8(answer.exception)
      .finish();
  out.u8(answer.fn);
  switch (answer.fn) {
    case 1:
    case 2:
      quantity(answer.packed.length, MAX_READ_BITS / 8);
      return out.u8(answer.packed.length).bytes(answer.packed).finish();
    case 3:
    case 4:
    case 23:
      wholeRegisters(answer.registers, MAX_READ_REGISTERS);
      return out.u8(answer.registers.length).bytes(answer.registers).finish();
    case 5:
      return out
        .u16(word(answer.address, "address"))
        .u16(answer.on ? 0xff00 : 0)
        .finish();
    case 6:
      return out.u16(word(answer.address, "address")).u16(word(answer.value, "value")).finish();
    case 15:
    case 16:
      return out.u16(word(answer.address, "address")).u16(word(answer.count, "quantity")).finish();
    case 22:
      return out.u16(word(answer.address, "address")).u16(answer.and).u16(answer.or).finish();
  }
}

/** @throws ProtocolError FS-MODBUS-FUNCTION, FS-MODBUS-PDU. Whether it fits a request is for `answers()` to say. */
export function decodeAnswer(pdu: Uint8Array): ModbusAnswer {
  const input = new ByteReader(pdu, CODE);
  const answer = readAnswer(input);
  input.end();
  return answer;
}

function readAnswer(input: ByteReader): ModbusAnswer {
  const fn = input.u8();
  if (fn & 0x80) {
    const exception = input.u8();
    if (exception === 0) throw bad("exception code 0");
    return { fn: fn & 0x7f, exception };
  }
  switch (fn) {
    case 1:
    case 2:
      return { fn, packed: copyOf(input.take(quantity(input.u8(), MAX_READ_BITS / 8))) };
    case 3:
    case 4:
    case 23: {
      const registers = copyOf(input.take(input.u8()));
      wholeRegisters(registers, MAX_READ_REGISTERS);
      return { fn, registers };
    }
    case 5:
      return { fn, address: input.u16(), on: coil(input.u16()) };
    case 6:
      return { fn, address: input.u16(), value: input.u16() };
    case 15:
    case 16:
      return { fn, address: input.u16(), count: input.u16() };
    case 22:
      return { fn, address: input.u16(), and: input.u16(), or: input.u16() };
    default:
      throw new ProtocolError("FS-MODBUS-FUNCTION", `Modbus function ${fn} is not one of 1–6, 15, 16, 22, 23`, {
        context: { fn },
      });
  }
}
