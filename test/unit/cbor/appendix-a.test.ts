import { expect, it } from "vitest";
import { fromHex, ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, encodeCbor, Tagged } from "../../../protocols/cbor/index.ts";
import { describeVectors, readVector } from "../../support/vectors.ts";

interface Case {
  hex: string;
  roundtrip: boolean;
  decoded?: unknown;
  diagnostic?: string;
}

/** JSON.parse would round integers beyond 2^53: they become bigints here. */
function readCases(): Case[] {
  const text = readVector("cbor/appendix_a.json").toString("utf8");
  const quoted = text.replace(/("decoded":\s*)(-?\d{17,})(?=\s*[,}])/g, '$1"bigint:$2"');
  return JSON.parse(quoted, (_, value) =>
    typeof value === "string" && value.startsWith("bigint:") ? BigInt(value.slice(7)) : value,
  ) as Case[];
}

/** Refused cases and the rule each breaks. Every case that is not listed must be read. */
const refused: Record<string, string> = {
  // tags other than 4: bignums, date and time, base16 hint, encoded CBOR, URI
  c249010000000000000000: "FS-CBOR-TAG",
  c349010000000000000000: "FS-CBOR-TAG",
  c074323031332d30332d32315432303a30343a30305a: "FS-CBOR-TAG",
  c11a514b67b0: "FS-CBOR-TAG",
  c1fb41d452d9ec200000: "FS-CBOR-TAG",
  d74401020304: "FS-CBOR-TAG",
  d818456449455446: "FS-CBOR-TAG",
  d82076687474703a2f2f7777772e6578616d706c652e636f6d: "FS-CBOR-TAG",
  // whole numbers of up to 53 bits are integers, never floats
  f90000: "FS-CBOR-FLOAT",
  f93c00: "FS-CBOR-FLOAT",
  f97bff: "FS-CBOR-FLOAT",
  f9c400: "FS-CBOR-FLOAT",
  fa47c35000: "FS-CBOR-FLOAT",
  // infinities and NaN in more than two bytes
  fa7f800000: "FS-CBOR-FLOAT",
  fa7fc00000: "FS-CBOR-FLOAT",
  faff800000: "FS-CBOR-FLOAT",
  fb7ff0000000000000: "FS-CBOR-FLOAT",
  fb7ff8000000000000: "FS-CBOR-FLOAT",
  fbfff0000000000000: "FS-CBOR-FLOAT",
  // undefined and unassigned simple values
  f7: "FS-CBOR-SIMPLE",
  f0: "FS-CBOR-SIMPLE",
  f818: "FS-CBOR-SIMPLE",
  f8ff: "FS-CBOR-SIMPLE",
  // indefinite lengths
  "5f42010243030405ff": "FS-CBOR-INDEFINITE",
  "7f657374726561646d696e67ff": "FS-CBOR-INDEFINITE",
  "9fff": "FS-CBOR-INDEFINITE",
  "9f018202039f0405ffff": "FS-CBOR-INDEFINITE",
  "9f01820203820405ff": "FS-CBOR-INDEFINITE",
  "83018202039f0405ff": "FS-CBOR-INDEFINITE",
  "83019f0203ff820405": "FS-CBOR-INDEFINITE",
  "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff": "FS-CBOR-INDEFINITE",
  bf61610161629f0203ffff: "FS-CBOR-INDEFINITE",
  "826161bf61626163ff": "FS-CBOR-INDEFINITE",
  bf6346756ef563416d7421ff: "FS-CBOR-INDEFINITE",
};

/** The rule by which the list above was made, from the bytes of a case alone: first offence in reading order. */
function verdict(hex: string): string | undefined {
  const head = hex.slice(0, 2);
  const major = Number.parseInt(head, 16) >> 5;
  if (major === 6) return head === "c4" ? undefined : "FS-CBOR-TAG";
  if (/^(f0|f7|f8)/.test(head)) return "FS-CBOR-SIMPLE";
  if (/^f[9ab]/.test(head)) {
    const bytes = Buffer.from(hex.slice(2), "hex");
    const half: Record<string, number> = { f90000: 0, f93c00: 1, f97bff: 65504, f9c400: -4 };
    if (head === "f9") return hex in half ? "FS-CBOR-FLOAT" : undefined;
    const value = head === "fa" ? bytes.readFloatBE() : bytes.readDoubleBE();
    return !Number.isFinite(value) || Number.isSafeInteger(value) ? "FS-CBOR-FLOAT" : undefined;
  }
  // The remaining cases are arrays, maps and strings; a start of indefinite length is 5f, 7f, 9f or bf.
  return /^([579b]f|83019f|83018202039f|826161bf)/.test(hex) ? "FS-CBOR-INDEFINITE" : undefined;
}

function plain(value: CborValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  expect(value).not.toBeInstanceOf(Tagged);
  return value;
}

describeVectors("cbor", "RFC 7049 / 8949 appendix A", () => {
  const cases = readCases();

  it("has 82 cases, of which the rule and the list refuse the same", () => {
    expect(cases).toHaveLength(82);
    const byRule = cases.filter(({ hex }) => verdict(hex)).map(({ hex }) => [hex, verdict(hex)]);
    expect(Object.fromEntries(byRule)).toEqual(refused);
  });

  it.each(cases)("$hex", ({ hex, decoded, diagnostic, roundtrip }) => {
    const bytes = fromHex(hex);
    if (refused[hex]) {
      expect(() => decodeCbor(bytes)).toThrow(expect.objectContaining({ code: refused[hex] }));
      expect(() => decodeCbor(bytes)).toThrow(ProtocolError);
      return;
    }
    expect(roundtrip).toBe(true);
    const value = decodeCbor(bytes);
    if (diagnostic === undefined) expect(plain(value)).toEqual(decoded);
    else expect(diagnostics[diagnostic]).toEqual(value);
    expect(toHex(encodeCbor(value))).toBe(hex);
  });
});

/** Readable cases that JSON has no form for, in the vectors given in diagnostic notation. */
const diagnostics: Record<string, CborValue> = {
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
  "h''": new Uint8Array(),
  "h'01020304'": Uint8Array.of(1, 2, 3, 4),
  "{1: 2, 3: 4}": new Map([
    [1, 2],
    [3, 4],
  ]),
};
