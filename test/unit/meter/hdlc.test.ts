import fc from "fast-check";
import { expect, it } from "vitest";
import { ByteWriter, concatBytes, fromHex, utf8 } from "../../../protocols/bytes/index.ts";
import {
  type DlmsData,
  decodeDlmsData,
  decodeDlmsNotification,
  decodeDlmsTime,
  decodeHdlc,
  encodeDlmsNotification,
  encodeDlmsTime,
  encodeHdlc,
  HdlcDecoder,
  type HdlcFrame,
  MAX_HDLC,
  writeDlmsData,
} from "../../../protocols/meter/index.ts";
import { HAN_FRAMES } from "./han-frames.ts";

/** CRC-16/X-25 bit by bit (RFC 1662 appendix C.1), low byte first; shares nothing with the table under test. */
function checkBytes(bytes: Uint8Array): Uint8Array {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0x8408 : crc >> 1;
  }
  return Uint8Array.of(~crc & 0xff, (~crc >> 8) & 0xff);
}

/** A frame from its header and information in hex, without any of our encoders. */
function byHand(header: string, information: string): Uint8Array {
  const head = fromHex(header);
  const body = concatBytes(head, checkBytes(head), fromHex(information));
  return concatBytes(Uint8Array.of(0x7e), body, checkBytes(body), Uint8Array.of(0x7e));
}

it("agrees with a short frame laid out by hand", () => {
  // The check value every CRC catalogue gives for X-25.
  expect(checkBytes(utf8("123456789"))).toEqual(fromHex("6e90"));
  // Type 3, 11 bytes; to 1; from 2 * 128 + 2; unnumbered information with poll.
  const bytes = byHand("a00b03040513", "2a");
  expect(bytes).toEqual(fromHex("7ea00b03040513af2a2a94487e"));
  const frame = { destination: 1, source: 258, control: 0x13, segmented: false, information: Uint8Array.of(42) };
  expect(decodeHdlc(bytes.subarray(1, -1))).toEqual(frame);
  expect(encodeHdlc(frame)).toEqual(bytes);
});

it("agrees with a list laid out by hand", () => {
  const information = [
    "e6e700", // LLC
    "0f40000001", // notification 0x40000001
    "090c07e80101010c0000ff800000", // with type byte: Monday 2024-01-01 12:00:00, hundredths and deviation open, status 0
    "020106000004d2", // one double-long-unsigned, 1234
  ].join("");
  const bytes = byHand("a02703040510", information);
  expect(bytes).toEqual(fromHex(`7ea02703040510950f${information}17857e`));
  const frame = decodeHdlc(bytes.subarray(1, -1));
  const notification = {
    invokeId: 0x40000001,
    time: { local: Date.UTC(2024, 0, 1, 12), status: 0 },
    data: { type: "structure", value: [{ type: "double-long-unsigned", value: 1234n }] },
  } as const;
  expect(decodeDlmsNotification(frame.information)).toEqual(notification);
  // We write no type byte, and hundredths as 0.
  const ours = information.replace("090c", "0c").replace("ff8000", "008000");
  expect(encodeDlmsNotification(notification)).toEqual(fromHex(ours));
});

it("writes a frame it has read byte for byte", () => {
  for (const bytes of Object.values(HAN_FRAMES)) {
    expect(encodeHdlc(decodeHdlc(bytes.subarray(1, -1)))).toEqual(bytes);
  }
});

it("reads the header's fields", () => {
  const frame = decodeHdlc(HAN_FRAMES.aidon1.subarray(1, -1));
  expect(frame).toMatchObject({ destination: 0x20, source: 4 * 128 + 0x41, control: 0x13, segmented: false });
  expect(frame.information).toHaveLength(0x2a - 10);
});

const arbitraryFrame: fc.Arbitrary<HdlcFrame> = fc.record({
  destination: fc.nat(2 ** 28 - 1),
  source: fc.nat(2 ** 28 - 1),
  control: fc.nat(255),
  segmented: fc.boolean(),
  information: fc.uint8Array({ maxLength: 200 }),
});

it("property: any frames, in any chunks, with fill and noise between them, come out as they went in", () => {
  const noise = fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.filter((byte) => byte !== 0x7e));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(arbitraryFrame, noise), { maxLength: 5 }),
      fc.integer({ min: 1, max: 50 }),
      (list, size) => {
        const stream = concatBytes(...list.flatMap(([frame, between]) => [encodeHdlc(frame), between]));
        const decoder = new HdlcDecoder();
        const events = [];
        for (let at = 0; at < stream.length; at += size) events.push(...decoder.push(stream.subarray(at, at + size)));
        const frames = events.flatMap((event) => (event.kind === "frame" ? [event.frame] : []));
        expect(frames).toEqual(list.map(([frame]) => frame));
      },
    ),
  );
});

it("after any flipped byte of one frame the next is read", () => {
  const bad = HAN_FRAMES.kaifa;
  const good = HAN_FRAMES.aidon1;
  for (let at = 0; at < bad.length; at++) {
    for (const mask of [1, 0x80, 0xff]) {
      const stream = concatBytes(bad, good);
      stream[at]! ^= mask;
      const frames = new HdlcDecoder().push(stream).filter((event) => event.kind === "frame");
      expect(frames.at(-1)?.bytes, `byte ${at} xor ${mask}`).toEqual(good.subarray(0, -1));
      expect(frames.length).toBe(at === bad.length - 1 ? 2 : 1);
    }
  }
});

it("a lost end costs one frame", () => {
  const bad = HAN_FRAMES.kamstrup.subarray(0, 100);
  const good = HAN_FRAMES.kamstrup;
  const frames = new HdlcDecoder().push(concatBytes(bad, good, good)).filter((event) => event.kind === "frame");
  expect(frames).toHaveLength(2);
});

it.each([
  ["FS-HDLC-HEADER", "another format", "b00801020110378d"],
  ["FS-HDLC-LENGTH", "bytes missing", "a00801020110378d00"],
  ["FS-HDLC-CHECK", "a wrong check", "a00801020110378c"],
])("refuses with %s: %s", (code, _, hex) => {
  expect(() => decodeHdlc(fromHex(hex))).toThrow(expect.objectContaining({ code }) as Error);
});

it("refuses to write what no frame can hold", () => {
  const frame = {
    destination: 1,
    source: 1,
    control: 0x13,
    segmented: false,
    information: new Uint8Array(MAX_HDLC - 9),
  };
  expect(encodeHdlc(frame)).toHaveLength(MAX_HDLC + 2);
  expect(() => encodeHdlc({ ...frame, information: new Uint8Array(MAX_HDLC - 8) })).toThrow(
    expect.objectContaining({ code: "FS-HDLC-LENGTH" }) as Error,
  );
  expect(() => encodeHdlc({ ...frame, source: 2 ** 28 })).toThrow(
    expect.objectContaining({ code: "FS-HDLC-HEADER" }) as Error,
  );
});

const octets = fc.uint8Array({ maxLength: 300 });
const integer = (type: DlmsData["type"], min: bigint, max: bigint) =>
  fc.bigInt({ min, max }).map((value) => ({ type, value }) as DlmsData);
const { data: arbitraryData } = fc.letrec<{ data: DlmsData }>((tie) => ({
  data: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.constant<DlmsData>({ type: "null-data" }),
    fc.boolean().map((value): DlmsData => ({ type: "boolean", value })),
    integer("double-long", -(2n ** 31n), 2n ** 31n - 1n),
    integer("double-long-unsigned", 0n, 2n ** 32n - 1n),
    integer("integer", -128n, 127n),
    integer("long", -32768n, 32767n),
    integer("unsigned", 0n, 255n),
    integer("long-unsigned", 0n, 65535n),
    integer("long64", -(2n ** 63n), 2n ** 63n - 1n),
    integer("long64-unsigned", 0n, 2n ** 64n - 1n),
    integer("enum", 0n, 255n),
    octets.map((value): DlmsData => ({ type: "octet-string", value })),
    octets.map((value): DlmsData => ({ type: "bit-string", bits: value.length * 8, value })),
    fc.string({ unit: "grapheme" }).map((value): DlmsData => ({ type: "utf8-string", value })),
    fc.double({ noNaN: true }).map((value): DlmsData => ({ type: "float64", value })),
    fc.array(tie("data"), { maxLength: 4 }).map((value): DlmsData => ({ type: "structure", value })),
    fc.array(tie("data"), { maxLength: 4 }).map((value): DlmsData => ({ type: "array", value })),
  ),
}));

it("property: DLMS data is read as it was written", () => {
  fc.assert(
    fc.property(arbitraryData, (data) => {
      const writer = new ByteWriter();
      writeDlmsData(writer, data);
      expect(decodeDlmsData(writer.finish())).toEqual(data);
    }),
  );
});

it.each([
  ["unknown type", "1300"],
  ["a count beyond the bytes", "02ff00"],
  ["bytes left over", "0000"],
  ["too deep", `${"0201".repeat(9)}00`],
  ["a length of three bytes", "0983000001ff"],
  ["text that is not UTF-8", "0a02c328"],
])("refuses DLMS data: %s", (_, hex) => {
  expect(() => decodeDlmsData(fromHex(hex))).toThrow(expect.objectContaining({ code: "FS-DLMS-DATA" }) as Error);
});

it("property: times are read as they were written", () => {
  const time = fc.record(
    {
      local: fc.integer({ min: 0, max: 4_000_000_000_00 }).map((n) => n * 10),
      deviation: fc.integer({ min: -720, max: 720 }),
      status: fc.nat(254),
    },
    { requiredKeys: ["local"] },
  );
  fc.assert(
    fc.property(time, (value) => {
      expect(decodeDlmsTime(encodeDlmsTime(value))).toEqual(value);
    }),
  );
});

it("tells a clock that is not set from digits that are no date", () => {
  expect(decodeDlmsTime(fromHex("ffffffffffffffffff8000ff"))).toBeUndefined();
  expect(decodeDlmsTime(fromHex("07e5091603ffffffff8000ff"))).toBeUndefined();
  for (const hex of ["07e5021e03112300008000ff", "07e5091603182300008000ff", "07e50916", "07e5091603112300007fff00"]) {
    expect(() => decodeDlmsTime(fromHex(hex)), hex).toThrow(expect.objectContaining({ code: "FS-DLMS-TIME" }) as Error);
  }
});
