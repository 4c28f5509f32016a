import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ByteReader,
  ByteWriter,
  CancelledError,
  compareBytes,
  concatBytes,
  EnvironmentError,
  equalBytes,
  FieldsealError,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  InternalError,
  ProtocolError,
  TimeoutError,
  toBase64,
  toBase64Url,
  toHex,
  UsageError,
  utf8,
} from "../../../protocols/bytes/index.ts";

const bytes = fc.uint8Array({ maxLength: 80 });

describe("bytes", () => {
  it("compare as Node's Buffer compares them", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(compareBytes(a, concatBytes(a, b))).toBe(-b.length + 0);
        expect(equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });

  it("are written as Node's Buffer writes them, and read back", () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const buffer = Buffer.from(value);
        expect(toHex(value)).toBe(buffer.toString("hex"));
        expect(toBase64(value)).toBe(buffer.toString("base64"));
        expect(toBase64Url(value)).toBe(buffer.toString("base64url"));
        expect(fromHex(toHex(value))).toEqual(value);
        expect(fromBase64(toBase64(value))).toEqual(value);
        expect(fromBase64Url(toBase64Url(value))).toEqual(value);
      }),
    );
  });

  it("of text are text again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
        expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text, "utf8")));
      }),
    );
  });

  it("join in order", () => {
    expect(concatBytes()).toEqual(new Uint8Array());
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  });
});

type Step =
  | { kind: "u8" | "u16" | "u32" | "f64"; value: number }
  | { kind: "u64"; value: bigint }
  | { kind: "bytes"; value: Uint8Array };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("u8" as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant("u16" as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant("u32" as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant("f64" as const), value: fc.double() }),
  fc.record({ kind: fc.constant("u64" as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  fc.record({ kind: fc.constant("bytes" as const), value: bytes }),
);

function write(writer: ByteWriter, { kind, value }: Step): void {
  if (kind === "u64") writer.u64(value);
  else if (kind === "bytes") writer.bytes(value);
  else writer[kind](value);
}

function read(reader: ByteReader, { kind, value }: Step): Step["value"] {
  return kind === "bytes" ? reader.take(value.length) : reader[kind]();
}

describe("reader and writer", () => {
  it("give back what was written, however the writer had to grow", () => {
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 300 }), (steps, capacity) => {
        const writer = new ByteWriter(capacity);
        for (let round = 0; round < 2; round++) {
          writer.reset();
          for (const item of steps) write(writer, item);
          const reader = new ByteReader(writer.finish());
          for (const item of steps) expect(read(reader, item)).toEqual(item.value);
          expect(reader.offset).toBe(writer.length);
          reader.end();
        }
      }),
    );
  });

  it("are big-endian", () => {
    const writer = new ByteWriter(1).u8(1).u16(0x203).u32(0x4050607).u64(0x8090a0b0c0d0e0fn).f32(1.5).f64(-2);
    expect(toHex(writer.view())).toBe("0102030405060708090a0b0c0d0e0f3fc00000c000000000000000");
    const reader = new ByteReader(writer.finish());
    expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.f32(), reader.f64()]).toEqual([
      1,
      0x203,
      0x4050607,
      0x8090a0b0c0d0e0fn,
      1.5,
      -2,
    ]);
  });

  it("write numbers of up to 53 bits as 64", () => {
    for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(new ByteReader(new ByteWriter().u64(value).finish()).u64()).toBe(BigInt(value));
    }
  });

  it("write text whose length was counted, short and long, ASCII and not", () => {
    for (const text of ["", "a", "x".repeat(32), "x".repeat(33), "ü", "水".repeat(40)]) {
      const length = utf8(text).length;
      const writer = new ByteWriter(1).u8(0).text(text, length).u8(0xff);
      expect(writer.finish()).toEqual(Uint8Array.of(0, ...utf8(text), 0xff));
    }
  });

  it("view is a view and finish a copy", () => {
    const writer = new ByteWriter(4).u8(1);
    const view = writer.view();
    const copy = writer.finish();
    writer.reset().u8(2);
    expect([view[0], copy[0], writer.length]).toEqual([2, 1, 1]);
  });

  it("take gives a view of the input, also of input inside a larger buffer", () => {
    const outer = Uint8Array.of(9, 1, 2, 3, 9);
    const reader = new ByteReader(outer.subarray(1, 4));
    expect(reader.u16()).toBe(0x102);
    const rest = reader.take(1);
    outer[3] = 7;
    expect(rest[0]).toBe(7);
    expect(reader.remaining).toBe(0);
  });

  it("name the place and the format of what is short or left over", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3), "FS-TEST");
    reader.u16();
    for (const attempt of [
      () => reader.u16(),
      () => reader.u32(),
      () => reader.u64(),
      () => reader.f32(),
      () => reader.f64(),
      () => reader.take(2),
    ]) {
      expect(attempt).toThrow(ProtocolError);
      expect(attempt).toThrow(
        expect.objectContaining({ code: "FS-TEST", context: expect.objectContaining({ at: 2, left: 1 }) }),
      );
    }
    expect(() => reader.take(-1)).toThrow(ProtocolError);
    expect(() => reader.end()).toThrow("1 bytes left over at offset 2");
    expect(reader.u8()).toBe(3);
    reader.end();
  });
});

describe("errors", () => {
  it.each([
    [ProtocolError, "peer"],
    [UsageError, "caller"],
    [InternalError, "bug"],
    [EnvironmentError, "environment"],
    [CancelledError, "cancelled"],
    [TimeoutError, "timeout"],
  ] as const)("%o blames %s", (kind, blame) => {
    const cause = new Error("below");
    const error = new kind("FS-TEST-CODE", "what happened", { context: { at: 1 }, fix: "Do it.", cause });
    expect(error).toBeInstanceOf(FieldsealError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: kind.name,
      code: "FS-TEST-CODE",
      message: "what happened",
      context: { at: 1 },
      fix: "Do it.",
      blame,
    });
    expect(error.cause).toBe(cause);
  });

  it("have no cause and an empty context unless they are given", () => {
    const error = new UsageError("FS-TEST-CODE", "what happened");
    expect(error.context).toEqual({});
    expect(error.fix).toBeUndefined();
    expect("cause" in error).toBe(false);
  });
});
