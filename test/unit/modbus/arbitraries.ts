import fc from "fast-check";
import { type ModbusAnswer, type ModbusRequest, packBits } from "../../../protocols/modbus/index.ts";

const address = fc.nat(0xffff);
const word = fc.nat(0xffff);
const registers = (max: number) =>
  fc.integer({ min: 1, max }).chain((count) => fc.uint8Array({ minLength: 2 * count, maxLength: 2 * count }));

export const anyRequest: fc.Arbitrary<ModbusRequest> = fc.oneof(
  fc.record({ fn: fc.constantFrom<(1 | 2)[]>(1, 2), address, count: fc.integer({ min: 1, max: 2000 }) }),
  fc.record({ fn: fc.constantFrom<(3 | 4)[]>(3, 4), address, count: fc.integer({ min: 1, max: 125 }) }),
  fc.record({ fn: fc.constant<5>(5), address, on: fc.boolean() }),
  fc.record({ fn: fc.constant<6>(6), address, value: word }),
  fc.record({ fn: fc.constant<15>(15), address, bits: fc.array(fc.boolean(), { minLength: 1, maxLength: 1968 }) }),
  fc.record({ fn: fc.constant<16>(16), address, registers: registers(123) }),
  fc.record({ fn: fc.constant<22>(22), address, and: word, or: word }),
  fc.record({
    fn: fc.constant<23>(23),
    address,
    count: fc.integer({ min: 1, max: 125 }),
    writeAddress: address,
    registers: registers(121),
  }),
);

/** A sound answer to a request, with made-up data. */
export function answerTo(request: ModbusRequest): ModbusAnswer {
  switch (request.fn) {
    case 1:
    case 2:
      return { fn: request.fn, packed: packBits(Array.from({ length: request.count }, (_, i) => i % 3 === 0)) };
    case 3:
    case 4:
    case 23:
      return { fn: request.fn, registers: Uint8Array.from({ length: 2 * request.count }, (_, i) => i & 0xff) };
    case 15:
      return { fn: 15, address: request.address, count: request.bits.length };
    case 16:
      return { fn: 16, address: request.address, count: request.registers.length / 2 };
    default:
      return request;
  }
}

export const anyAnswer: fc.Arbitrary<ModbusAnswer> = fc.oneof(
  anyRequest.map(answerTo),
  fc.record({ fn: fc.constantFrom(1, 3, 4, 6, 16), exception: fc.integer({ min: 1, max: 11 }) }),
);
