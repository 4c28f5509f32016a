import { describe, expect, it } from "vitest";
import { crc32c } from "../../../protocols/bytes/index.ts";

/** RFC 3720 §12.1, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("CRC-32C by eights", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 151 + 7) & 0xff);

  it("gives the vectors of RFC 3720 B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  it("agrees with the definition for every start and end, in one go and continued", () => {
    for (let start = 0; start <= 17; start++) {
      for (let end = start; end <= bytes.length; end++) {
        const expected = bitwise(bytes.subarray(start, end));
        expect(crc32c(bytes, start, end)).toBe(expected);
        const middle = start + ((end - start) >> 1);
        expect(crc32c(bytes, middle, end, crc32c(bytes, start, middle))).toBe(expected);
      }
    }
  });
});
