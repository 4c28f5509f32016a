import { describe, expect, it } from "vitest";
import { ProtocolError, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeJson, JsonNumber, type JsonText, jsonAt } from "../../../protocols/json/index.ts";
import { seededRandom } from "../../support/random.ts";

const plain = (value: JsonText): unknown => {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
  return value;
};
const decode = (text: string, limits = {}) => decodeJson(utf8(text), limits);

describe("JSON with its digits", () => {
  it.each([
    '{"ENERGY":{"Total":1834.207,"Power":[69,0],"Factor":-0.84e-1},"s":"a\\"\\u00e9\\n","t":true,"n":null}',
    ' [ 1 , [ ] , { } , "" , false ] ',
    "0",
    '"x"',
    '{"__proto__":{"a":1}}',
  ])("reads %s as JSON.parse does", (text) => {
    expect(plain(decode(text))).toEqual(JSON.parse(text));
  });

  it("keeps every number as it was written", () => {
    const value = decode('{"a":1834.20,"b":[10211482.482000000001,-0,1E3]}');
    const text = (path: string) => (jsonAt(value, path) as JsonNumber).text;
    expect([text("a"), text("b.0"), text("b.1"), text("b.2")]).toEqual([
      "1834.20",
      "10211482.482000000001",
      "-0",
      "1E3",
    ]);
    expect(jsonAt(value, "b.7")).toBeUndefined();
    expect(jsonAt(value, "a.x")).toBeUndefined();
    expect(jsonAt(value, "constructor")).toBeUndefined();
  });

  it.each([
    "",
    " ",
    "{",
    "[1,]",
    '{"a":1,}',
    "{a:1}",
    "01",
    "1.",
    ".5",
    "+1",
    "nul",
    "NaN",
    '"\u0001"',
    '"\\x"',
    '"\\u12g4"',
    "1 2",
    '{"a" 1}',
    "[1 2]",
    '{"a":1,"a":2}',
    "'x'",
    `"${"x".repeat(4)}`,
    "1".repeat(65),
  ])("refuses %j", (text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: "FS-JSON" }) as Error);
  });

  it("has limits of size, depth and number of values", () => {
    expect(() => decode(`${"[".repeat(17)}${"]".repeat(17)}`)).toThrow(ProtocolError);
    expect(plain(decode(`${"[".repeat(16)}${"]".repeat(16)}`))).toBeDefined();
    expect(() => decode("[".repeat(30_000))).toThrow(ProtocolError);
    expect(() => decode(`[${"1,".repeat(5000)}1]`)).toThrow(ProtocolError);
    expect(() => decode(`"${"x".repeat(40_000)}"`)).toThrow(ProtocolError);
    expect(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(ProtocolError);
  });

  it("agrees with JSON.parse on every flipped byte of a message, and throws nothing but ProtocolError", () => {
    const good = utf8('{"Time":"2026-11-22T14:03:20","ENERGY":{"Total":1834.207,"Power":69,"ok":true}}');
    for (let at = 0; at < good.length; at++) {
      for (const flip of [1, 0x20, 0x80]) {
        const bytes = good.slice();
        bytes[at]! ^= flip;
        let ours: unknown;
        try {
          ours = plain(decodeJson(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          continue;
        }
        expect(ours).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
      }
    }
  });

  it("throws nothing but ProtocolError for noise", () => {
    const random = seededRandom(7);
    const below = (limit: number) => Math.floor(random() * limit);
    const letters = utf8('{}[]",:\\u0123456789.eE+-truefalsn ');
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from({ length: 1 + below(40) }, () => letters[below(letters.length)]!);
      try {
        decodeJson(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }
  });
});
