import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, ProtocolError, toHex, UsageError } from "../../../protocols/bytes/index.ts";
import { decodeCbor, encodeCbor, scanCbor } from "../../../protocols/cbor/index.ts";
import {
  Decimal,
  decodeReading,
  encodeReading,
  MAX_READING_BYTES,
  type Measurement,
  parseSenmlCbor,
  parseSenmlJson,
  Quality,
  type Reading,
  readingToSenml,
  resolve,
  toSenmlCbor,
  toSenmlJson,
} from "../../../protocols/reading/index.ts";
import { reading as anyReading } from "../../support/arbitrary-reading.ts";

const power: Measurement = { name: "power", unit: "W", value: 1834 };

function one(measurement: Partial<Measurement>, rest: Partial<Reading> = {}): Reading {
  return { time: 1_700_000_000_000, quality: 0, measurements: [{ name: "m", ...measurement } as Measurement], ...rest };
}

// Written by hand from RFC 8428 §6 and RFC 8949:
// 82                                     two records
//   a4 00 65 706f776572                  n "power"
//      01 61 57                          u "W"
//      02 c4 82 20 19 47a6               v 4([-1, 18342]): 1834.2
//      22 c4 82 22 1b 0000018bcfe5687b   bt 4([-3, 1700000000123])
//   a2 00 61 71 02 10                    n "q", v 16: clock unsynced
const HEX = "82a40065706f7765720161570 2c482201947a622c482221b0000018bcfe5687ba20061710210".replaceAll(" ", "");
const READING: Reading = {
  time: 1_700_000_000_123,
  quality: Quality.ClockUnsynced,
  measurements: [{ name: "power", unit: "W", value: new Decimal(18_342n, -1) }],
};

describe("canonical reading", () => {
  it("is the bytes of the worked example", () => {
    expect(toHex(encodeReading(READING))).toBe(HEX);
    expect(decodeReading(fromHex(HEX))).toEqual(READING);
  });

  it("holds times before 1970, zero, whole and fractional seconds", () => {
    for (const time of [0, -1, -1000, -1500, 1, 999, 1000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(decodeReading(encodeReading({ ...READING, time })).time).toBe(time);
    }
    expect(decodeReading(encodeReading({ ...READING, time: -0 })).time).toBe(0);
  });

  it("holds every kind of value", () => {
    const values: Measurement["value"][] = [
      0,
      -0,
      1,
      -1,
      23,
      24,
      255,
      256,
      65_535,
      65_536,
      4_294_967_295,
      4_294_967_296,
      -4_294_967_297,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      0.5,
      1 / 3,
      Math.fround(230.1),
      5e-324,
      Number.MAX_VALUE,
      2 ** 60,
      new Decimal(2n ** 64n - 1n, 0),
      new Decimal(-(2n ** 64n), 0),
      new Decimal(2n ** 53n, 0),
      new Decimal(-(2n ** 53n), 0),
      new Decimal(0n, -2),
      new Decimal(-5n, -308),
      new Decimal(2n ** 64n - 1n, 308),
      "",
      "Zähler 水 𐅑",
      "x".repeat(300),
      true,
      false,
      new Uint8Array(),
      new Uint8Array(300),
    ];
    for (const value of values) {
      const decoded = decodeReading(encodeReading(one({ value: value! })));
      expect(decoded.measurements[0]!.value).toEqual(value);
    }
  });

  it("writes a decimal fraction without fraction as the integer that it is", () => {
    expect(decodeReading(encodeReading(one({ value: new Decimal(5n, 0) }))).measurements[0]!.value).toBe(5);
  });

  it("is what it was for any reading, and strict CBOR, and the pack that general SenML reads and writes", () => {
    fc.assert(
      fc.property(anyReading, (reading) => {
        const bytes = encodeReading(reading);
        scanCbor(bytes);
        expect(encodeCbor(decodeCbor(bytes))).toEqual(bytes);
        expect(decodeReading(bytes)).toEqual(reading);
        expect(toSenmlCbor(readingToSenml(reading))).toEqual(bytes);
        expect(parseSenmlCbor(bytes)).toEqual(readingToSenml(reading));
      }),
      { numRuns: 500 },
    );
  });

  it("is exported with a base name", () => {
    const [record] = resolve(parseSenmlJson(toSenmlJson(readingToSenml(READING, "urn:dev:ow:1:"))), { now: 0 });
    expect(record).toEqual({ name: "urn:dev:ow:1:power", unit: "W", value: 1834.2, time: 1_700_000_000.123 });
  });

  it("takes the most that is allowed, and not one more", () => {
    const many = Array.from({ length: 256 }, (_, i) => ({ name: `m${i}`, value: i }));
    const full = { time: 0, quality: 63, prev: new Uint8Array(32), measurements: many };
    expect(decodeReading(encodeReading(full))).toEqual(full);
    expect(() => encodeReading({ ...full, measurements: [...many, power] })).toThrow("257 measurements");
    const fixed = encodeReading(one({ value: new Uint8Array(1000) })).length - 1000;
    const largest = encodeReading(one({ value: new Uint8Array(MAX_READING_BYTES - fixed) }));
    expect(largest).toHaveLength(MAX_READING_BYTES);
    decodeReading(largest);
    for (const over of [1, 200, 10_000]) {
      const value = new Uint8Array(MAX_READING_BYTES - fixed + over);
      expect(() => encodeReading(one({ value }))).toThrow(expect.objectContaining({ code: "FS-READING-SIZE" }));
    }
    expect(() => encodeReading(one({ value: "水".repeat(2800) }))).toThrow(
      expect.objectContaining({ code: "FS-READING-SIZE" }),
    );
    expect(() => decodeReading(new Uint8Array(MAX_READING_BYTES + 1))).toThrow(
      expect.objectContaining({ code: "FS-READING-SIZE" }),
    );
  });

  it.each<[string, Reading]>([
    ["TIME", { ...READING, time: 1.5 }],
    ["TIME", { ...READING, time: Number.NaN }],
    ["TIME", { ...READING, time: 2 ** 53 }],
    ["COUNT", { ...READING, measurements: [] }],
    ["QUALITY", { ...READING, quality: 64 }],
    ["QUALITY", { ...READING, quality: -1 }],
    ["QUALITY", { ...READING, quality: 0.5 }],
    ["PREV", { ...READING, prev: new Uint8Array(31) }],
    ["NAME", { ...READING, measurements: [power, power] }],
    ["NAME", { ...READING, measurements: Array.from({ length: 9 }, () => power) }],
    ["NAME", one({ name: "q", value: 1 })],
    ["NAME", one({ name: "prev", value: 1 })],
    ["NAME", one({ name: "", value: 1 })],
    ["NAME", one({ name: "_a", value: 1 })],
    ["NAME", one({ name: "a b", value: 1 })],
    ["NAME", one({ name: "ä", value: 1 })],
    ["NAME", one({ name: "a".repeat(65), value: 1 })],
    ["UNIT", one({ unit: "", value: 1 })],
    ["UNIT", one({ unit: "°C", value: 1 })],
    ["UNIT", one({ unit: "W".repeat(33), value: 1 })],
    ["VALUE", one({})],
    ["VALUE", one({ value: Number.NaN })],
    ["VALUE", one({ value: Number.POSITIVE_INFINITY })],
    ["VALUE", one({ sum: Number.NEGATIVE_INFINITY })],
    ["VALUE", one({ value: "\ud800" })],
    ["VALUE", one({ value: null as never })],
    ["VALUE", one({ value: {} as never })],
    ["VALUE", one({ sum: "1" as never })],
  ])("refuses to write FS-READING-%s (%#)", (code, reading) => {
    expect(() => encodeReading(reading)).toThrow(UsageError);
    expect(() => encodeReading(reading)).toThrow(expect.objectContaining({ code: `FS-READING-${code}` }));
  });

  it.each([
    ["FORM", "", "nothing"],
    ["FORM", "a0", "a map"],
    ["FORM", "9fa3006161020122001aff", "an indefinite array"],
    ["FORM", "9801a30061610201220 0", "a long array head"],
    ["FORM", "81bf0061610201ff", "an indefinite map"],
    ["COUNT", "80", "no record"],
    ["COUNT", "81a3006171020122 00", "a quality alone"],
    ["TIME", "81a2006161 0201", "no base time"],
    ["TIME", "81a30061610201 22f93800", "a base time of 0.5"],
    ["TIME", "81a30061610201 22c48222 1903e8", "a whole second in milliseconds"],
    ["TIME", "81a30061610201 22c48221 1903e9", "a base time in hundredths"],
    ["TIME", "81a30061610201 221b7fffffffffffffff", "a base time beyond 2^53"],
    ["FORM", "82a3006161020122 00a3006162020122 00", "a second base time"],
    ["FORM", "81a3020100616122 00", "labels out of order"],
    ["VALUE", "81a4006161006162020122 00", "two names"],
    ["FORM", "81a400616102010300220 0", "two values"],
    ["FORM", "81a4006161020106002200", "a time of its own"],
    ["FORM", "81a40061610201 20 0a 2200", "a base version"],
    ["FORM", "81a3006161021801 2200", "a long integer"],
    ["FORM", "81a300616102f93c002200", "an integer as float"],
    ["FORM", "81a300616102fa3fc000002200", "a long float"],
    ["VALUE", "81a300616102f97e002200", "NaN"],
    ["VALUE", "81a300616102f97c002200", "infinity"],
    ["FORM", "81a300616102c2410 12200", "a bignum"],
    ["VALUE", "81a300616102c4820005 2200", "a decimal fraction with exponent 0"],
    ["VALUE", "81a300616102c482190135 05 2200", "a decimal fraction with exponent 309"],
    ["FORM", "81a300616102c48320050 52200", "a decimal fraction of three"],
    ["FORM", "81a300616102f62200", "null"],
    ["VALUE", "81a3006161 0361ff 2200", "text that is not UTF-8"],
    ["FORM", "81a300616104f62200", "a boolean null"],
    ["NAME", "81a30060020122 00", "an empty name"],
    ["NAME", "81a300615f020122 00", "a name that begins with _"],
    ["NAME", "82a3006161020122 00a20061610202", "a name twice"],
    ["NAME", "83a3006161020122 00a20061710202a20061620202", "a quality before the end"],
    ["NAME", "82a3006161020122 00a2006470726576 02 02", "a prev that is not first"],
    ["QUALITY", "82a3006161020122 00a20061710200", "a quality of 0"],
    ["QUALITY", "82a3006161020122 00a2006171021840", "an unknown quality"],
    ["QUALITY", "82a3006161020122 00a3006171016157 0201", "a quality with a unit"],
    ["PREV", "82a300647072657608 410022 00a20061610201", "a prev of one byte"],
    ["VALUE", "81a2006161 2200", "no value"],
    ["FORM", "81a3006161020122 0000", "a byte after the end"],
    ["FORM", "82a3006161020122 00", "one record less"],
    ["FORM", "9affffffff", "four billion records"],
  ])("refuses to read FS-READING-%s: %s (%s)", (code, hex) => {
    const bytes = fromHex(hex.replaceAll(" ", ""));
    expect(() => decodeReading(bytes)).toThrow(ProtocolError);
    expect(() => decodeReading(bytes)).toThrow(expect.objectContaining({ code: `FS-READING-${code}` }));
  });

  it("keeps nothing of a refused reading for the next one", () => {
    expect(() => encodeReading(one({ value: Number.NaN }))).toThrow(UsageError);
    expect(() => decodeReading(fromHex("81a2006161"))).toThrow(ProtocolError);
    expect(toHex(encodeReading(READING))).toBe(HEX);
    expect(decodeReading(fromHex(HEX))).toEqual(READING);
  });

  it("does not mix names whose bytes have the same hash", () => {
    // 31·a + b is the same for "Aa" and "BB".
    const reading = one(
      {},
      {
        measurements: [
          { name: "Aa", value: 1 },
          { name: "BB", value: 2 },
        ],
      },
    );
    expect(decodeReading(encodeReading(reading))).toEqual(reading);
  });
});
