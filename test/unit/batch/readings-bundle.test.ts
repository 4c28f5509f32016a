import { describe, expect, it } from "vitest";
import {
  decodePackReadings,
  encodePackReadings,
  readingsPath,
  splitReadingsBundle,
  withoutPack,
} from "../../../gateway/batch/readings-bundle.ts";
import { concatBytes, fromHex, ProtocolError, toHex, UsageError, utf8 } from "../../../protocols/bytes/index.ts";

describe("bundles of readings", () => {
  // 00 00 00 09  82 43 61 62 63 43 64 65 66   00 00 00 01  80   00 00 00 00
  // |            |                            |            |    |
  // length       ["abc", "def"]               length       []   deleted
  const bundle = fromHex("00000009824361626343646566000000018000000000");

  it("hold packs behind their lengths; a deleted one is empty", () => {
    const packs = [[utf8("abc"), utf8("def")], [], undefined];
    expect(toHex(concatBytes(...packs.map(encodePackReadings)))).toBe(toHex(bundle));
    expect(splitReadingsBundle(bundle).map(decodePackReadings)).toEqual(packs);
  });

  it("lose one pack and keep the others", () => {
    expect(splitReadingsBundle(withoutPack(bundle, 0)).map(decodePackReadings)).toEqual([undefined, [], undefined]);
    expect(splitReadingsBundle(withoutPack(bundle, 1)).map(decodePackReadings)).toEqual([
      [utf8("abc"), utf8("def")],
      undefined,
      undefined,
    ]);
  });

  it("are numbered like entry bundles", () => {
    expect(readingsPath(1234)).toBe("readings/x001/234");
    expect(readingsPath(0, 7)).toBe("readings/000.p/7");
  });

  it.each([
    ["cut in a length", bundle.subarray(0, -1)],
    ["cut in a pack", bundle.subarray(0, 8)],
    ["with a length beyond any pack", fromHex("ffffffff00")],
    ["of 257 packs", new Uint8Array(4 * 257)],
  ])("%s are refused", (_, bytes) => {
    expect(() => splitReadingsBundle(bytes)).toThrow(ProtocolError);
  });

  it.each(["0000000101", "000000028101", "00000003816161", "00000002a0a0", "000000029f00"])(
    "whose pack is %s are refused",
    (hex) => {
      expect(() => splitReadingsBundle(fromHex(hex)).map(decodePackReadings)).toThrow(ProtocolError);
    },
  );

  it("do not hold packs beyond 16 MiB", () => {
    expect(() => encodePackReadings([new Uint8Array(1 << 24)])).toThrow(UsageError);
  });
});
