import fc from "fast-check";
import { expect, it } from "vitest";
import { concatBytes, fromHex } from "../../../protocols/bytes/index.ts";
import {
  decodeMbusData,
  decodeMbusFrame,
  encodeMbusFrame,
  MbusDecoder,
  type MbusFrame,
  type MbusRecord,
  mbusManufacturer,
} from "../../../protocols/mbus/index.ts";
import { Decimal } from "../../../protocols/reading/index.ts";

const HEAD = "78563412244001075500";
const records = (hex: string): readonly MbusRecord[] => decodeMbusData(0x72, fromHex(`${HEAD}0000${hex}`)).records;
const first = (hex: string): MbusRecord => records(hex)[0]!;

const arbitraryFrame: fc.Arbitrary<MbusFrame> = fc.oneof(
  fc.constant<MbusFrame>({ kind: "ack" }),
  fc.record({ kind: fc.constant("short" as const), control: fc.nat(255), address: fc.nat(255) }),
  fc.record({
    kind: fc.constant("long" as const),
    control: fc.nat(255),
    address: fc.nat(255),
    ci: fc.nat(255),
    data: fc.uint8Array({ maxLength: 252 }),
  }),
);

it("property: frames in any chunks come out as they went in", () => {
  fc.assert(
    fc.property(fc.array(arbitraryFrame, { maxLength: 8 }), fc.integer({ min: 1, max: 100 }), (frames, size) => {
      const stream = concatBytes(...frames.map(encodeMbusFrame));
      const decoder = new MbusDecoder();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...decoder.push(stream.subarray(at, at + size)));
      expect(events.map((event) => event.kind === "frame" && event.frame)).toEqual(frames);
    }),
  );
});

// EN 13757-3 annex E (also the M-Bus documentation 6.4.3): a water meter with volume, maximum flow and an energy register.
const EXAMPLE = fromHex(
  "681f1f6808027278563412244001075500000003131531 00DA023B13018B60043718021816".replace(/\s/g, ""),
);

it("after any flipped byte the next frame is read, once the line has been silent", () => {
  for (let at = 0; at < EXAMPLE.length; at++) {
    for (const mask of [1, 0x80, 0xff]) {
      const stream = concatBytes(EXAMPLE, EXAMPLE);
      stream[at]! ^= mask;
      const decoder = new MbusDecoder();
      const events = [...decoder.push(stream), ...decoder.flush()];
      expect(events.at(-1), `byte ${at} xor ${mask}`).toMatchObject({ kind: "frame", bytes: EXAMPLE });
      expect(events.filter((event) => event.kind === "frame" && event.frame.kind === "long")).toHaveLength(1);
      expect(events.reduce((sum, event) => sum + event.bytes.length, 0)).toBe(stream.length);
    }
  }
});

it("takes E5 for an acknowledgement only where one is due", () => {
  const decoder = new MbusDecoder();
  expect(decoder.push(fromHex("00e5"))).toMatchObject([{ kind: "discarded", why: "noise" }]);
  expect(decoder.push(fromHex("e5"))).toMatchObject([{ kind: "discarded", why: "noise" }]);
  expect(decoder.flush()).toEqual([]);
  expect(decoder.push(fromHex("e5"))).toMatchObject([{ kind: "frame", frame: { kind: "ack" } }]);
});

it("reads the standard's example", () => {
  const frame = decodeMbusFrame(EXAMPLE);
  if (frame.kind !== "long") throw new Error("not long");
  expect(decodeMbusData(frame.ci, frame.data)).toMatchObject({
    id: "12345678",
    manufacturer: "PAD",
    records: [
      { quantity: "volume", unit: "m3", value: Decimal.parse("12.565"), storage: 0 },
      { function: "maximum", quantity: "volumeFlow", unit: "m3/h", value: Decimal.parse("0.113"), storage: 5 },
      { quantity: "energy", unit: "Wh", value: new Decimal(21837n, 1), tariff: 2, subunit: 1 },
    ],
  });
});

it("manufacturer letters are five bits each", () => {
  expect(mbusManufacturer(0x2c2d)).toBe("KAM");
});

it("property: BCD with sign", () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_999_999, max: 99_999_999 }), (number) => {
      const digits = number < 0 ? `f${String(-number).padStart(7, "0")}` : String(number).padStart(8, "0");
      const bytes = digits.match(/../g)!.reverse().join("");
      expect(first(`0c03${bytes}`).value).toEqual(new Decimal(BigInt(number), 0));
    }),
  );
});

it("digits that are none are no value", () => {
  expect(first("0c03aabbccdd")).not.toHaveProperty("value");
  expect(first("0003")).not.toHaveProperty("value");
});

it.each([
  ["integer of 8 bytes", "0703ffffffffffffffff", new Decimal(-1n, 0)],
  ["float", "05 2b 0000c03f", 1.5],
  ["float scaled", "05 28 0000c03f", 0.0015],
  ["text", "0d 79 03 434241", "ABC"],
  ["negative BCD of variable length", "0d 03 d2 3412", new Decimal(-1234n, 0)],
  ["binary of variable length", "0d 03 e2 0001", new Decimal(256n, 0)],
  ["bits are not signed", "01 fd17 ff", new Decimal(255n, 0)],
  ["times ten by a VIFE", "01 83 77 05", new Decimal(5n, 1)],
  ["times 1000 by a VIFE", "01 83 7d 05", new Decimal(5n, 3)],
  ["the maker's VIFE is not one of ours", "01 83 ff 77 05", new Decimal(5n, 0)],
  ["type I", "06 6d 1e2dcc9f2100", { year: 2020, month: 1, day: 31, hour: 12, minute: 45, second: 30 }],
] as [string, string, MbusRecord["value"]][])("value: %s", (_, hex, value) => {
  expect(first(hex.replace(/\s/g, "")).value).toEqual(value);
});

it.each([
  ["FS-MBUS-DATA", "cut inside a value", "0403"],
  ["FS-MBUS-DATA", "eleven DIFE", `84${"80".repeat(11)}0300`],
  ["FS-MBUS-DATA", "reserved DIF", "3f"],
  ["FS-MBUS-DATA", "reserved LVAR", "0d03cf"],
])("refuses with %s: %s", (code, _, hex) => {
  expect(() => records(hex)).toThrow(expect.objectContaining({ code }) as Error);
});

it("refuses other CI fields and encrypted data, and says what to do", () => {
  expect(() => decodeMbusData(0x7a, new Uint8Array(4))).toThrow(
    expect.objectContaining({ code: "FS-MBUS-CI" }) as Error,
  );
  expect(() => decodeMbusData(0x72, fromHex(`${HEAD}2005aabbccdd`))).toThrow(
    expect.objectContaining({ code: "FS-MBUS-ENCRYPTED", fix: expect.any(String) as string }) as Error,
  );
  expect(decodeMbusData(0x72, fromHex(`${HEAD}00052f2f010305`)).records).toHaveLength(1);
});

it.each([
  ["FS-MBUS-FRAME", "680303680802727c17"],
  ["FS-MBUS-CHECK", "680303680802727d16"],
  ["FS-MBUS-FRAME", "6803046808027200"],
])("refuses with %s: %s", (code, hex) => {
  expect(() => decodeMbusFrame(fromHex(hex))).toThrow(expect.objectContaining({ code }) as Error);
});

it("refuses to write more than a frame holds", () => {
  const frame = { kind: "long", control: 8, address: 1, ci: 0x72, data: new Uint8Array(253) } as const;
  expect(() => encodeMbusFrame(frame)).toThrow(expect.objectContaining({ code: "FS-MBUS-FRAME" }) as Error);
});
