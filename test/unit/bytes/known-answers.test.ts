import { describe, expect, it } from "vitest";
import {
  crc16Arc,
  crc16Ccitt,
  crc16Modbus,
  crc16X25,
  crc32c,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  ProtocolError,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from "../../../protocols/bytes/index.ts";

describe("check sums", () => {
  const check = utf8("123456789");

  // The "check" values of the catalogue of parametrised CRC algorithms: CRC-16/MODBUS, CRC-16/ARC, CRC-16/IBM-3740, CRC-16/IBM-SDLC,
  // CRC-32/ISCSI.
  it("have their check values", () => {
    expect(crc16Modbus(check)).toBe(0x4b37);
    expect(crc16Arc(check)).toBe(0xbb3d);
    expect(crc16Ccitt(check)).toBe(0x29b1);
    expect(crc16X25(check)).toBe(0x906e);
    expect(crc32c(check)).toBe(0xe3069283);
  });

  it("of nothing are their initial values", () => {
    const nothing = new Uint8Array();
    expect([crc16Modbus(nothing), crc16Arc(nothing), crc16Ccitt(nothing), crc32c(nothing)]).toEqual([
      0xffff, 0, 0xffff, 0,
    ]);
  });

  // RFC 3720 appendix B.4.
  it("CRC-32C is that of the iSCSI examples", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  // Modbus over Serial Line V1.02 appendix B: 02 07 gives 41 12, low byte first.
  it("CRC-16/MODBUS is that of the standard's example", () => {
    expect(crc16Modbus(fromHex("0207"))).toBe(0x1241);
  });

  it("take a part of the bytes, and CRC-32C goes on", () => {
    const padded = utf8("xx123456789yy");
    expect(crc16Modbus(padded, 2, 11)).toBe(0x4b37);
    expect(crc16Arc(padded, 2, 11)).toBe(0xbb3d);
    expect(crc16Ccitt(padded, 2, 11)).toBe(0x29b1);
    expect(crc32c(padded, 2, 11)).toBe(0xe3069283);
    for (let cut = 0; cut <= check.length; cut++) {
      expect(crc32c(check, cut, check.length, crc32c(check, 0, cut))).toBe(0xe3069283);
    }
  });
});

describe("base64", () => {
  // RFC 4648 §10.
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("of %j is %j", (text, encoded) => {
    expect(toBase64(utf8(text))).toBe(encoded);
    expect(fromUtf8(fromBase64(encoded))).toBe(text);
    const bare = encoded.replaceAll("=", "");
    expect(toBase64Url(utf8(text))).toBe(bare);
    expect(fromUtf8(fromBase64Url(bare))).toBe(text);
  });

  it("has two alphabets", () => {
    const bytes = fromHex("fbeffeff");
    expect(toBase64(bytes)).toBe("++/+/w==");
    expect(toBase64Url(bytes)).toBe("--_-_w");
    expect(() => fromBase64Url("++/+/w")).toThrow(ProtocolError);
    expect(() => fromBase64("--_-_w==")).toThrow(ProtocolError);
  });

  it.each(["Z", "Zg", "Zg=", "Zg===", "=Zg=", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm8=Zm8=", "Zgé=", "===="])(
    "%j is refused",
    (text) => {
      expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: "FS-BASE64" }));
    },
  );

  it.each(["Z", "Zg==", "Zh", "Zm9v=", "Z\u0100", "AAAAA"])("unpadded %j is refused", (text) => {
    expect(() => fromBase64Url(text)).toThrow(expect.objectContaining({ code: "FS-BASE64" }));
  });
});

describe("hex", () => {
  // RFC 4648 §10, base16.
  it.each([
    ["", ""],
    ["f", "66"],
    ["foobar", "666f6f626172"],
  ])("of %j is %j", (text, encoded) => {
    expect(toHex(utf8(text))).toBe(encoded);
    expect(fromUtf8(fromHex(encoded))).toBe(text);
  });

  it("takes either case and writes lower case", () => {
    expect(toHex(fromHex("aBcDeF09"))).toBe("abcdef09");
  });

  it.each([
    ["0", undefined],
    ["0g", 1],
    ["@0", 0],
    ["0x", 1],
    [" 0", 0],
    ["1００", undefined],
    ["`a", 0],
    ["G0", 0],
  ])("%j is refused", (text, at) => {
    expect(() => fromHex(text)).toThrow(ProtocolError);
    if (at !== undefined)
      expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: "FS-HEX", context: { at } }));
  });
});

describe("UTF-8", () => {
  it("is strict, and a byte order mark is text", () => {
    expect(fromUtf8(fromHex("efbbbf61"))).toBe("\ufeffa");
    for (const bad of ["ff", "c0af", "eda080", "f4908080", "e6b0"]) expect(fromUtf8(fromHex(bad))).toBeUndefined();
  });
});
