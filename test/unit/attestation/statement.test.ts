import { describe, expect, it } from "vitest";
import {
  decodeAttestation,
  decodeStatement,
  encodeAttestation,
  encodeSign1,
  encodeStatement,
  type Statement,
} from "../../../protocols/attestation/index.ts";
import { ProtocolError, toHex, UsageError } from "../../../protocols/bytes/index.ts";

const base: Statement = {
  kind: 0,
  clock: 1,
  boot: 7,
  first: 100n,
  count: 64,
  from: 1_795_000_000_000,
  to: 1_795_000_063_000,
  work: 123_456_789n,
  anchorBlock: 21_000_000n,
  anchorHash: new Uint8Array(16).fill(0xaa),
  scope: new Uint8Array(16).fill(0xbb),
  device: new Uint8Array(32).fill(0xcc),
  root: new Uint8Array(32).fill(0xdd),
};

function codeOf(work: () => unknown, kind: typeof ProtocolError | typeof UsageError = ProtocolError): string {
  try {
    work();
  } catch (error) {
    if (error instanceof kind) return error.code;
    throw error;
  }
  return "accepted";
}

/** The base statement's bytes with `hex` at `at`. */
function patched(at: number, hex: string): Uint8Array {
  const bytes = encodeStatement(base);
  bytes.set(Buffer.from(hex, "hex"), at);
  return bytes;
}

describe("statement layout", () => {
  it("puts each field where the table says", () => {
    const hex = toHex(encodeStatement(base));
    const at = (offset: number, size: number) => hex.slice(2 * offset, 2 * (offset + size));
    expect(at(0, 4)).toBe("01000100");
    expect(at(4, 4)).toBe("00000007");
    expect(at(8, 8)).toBe("0000000000000064");
    expect(at(16, 2)).toBe("0040");
    expect(at(18, 6)).toBe("000000000000");
    expect(at(24, 8)).toBe(base.from.toString(16).padStart(16, "0"));
    expect(at(32, 8)).toBe(base.to.toString(16).padStart(16, "0"));
    expect(at(40, 8)).toBe("00000000075bcd15");
    expect(at(48, 8)).toBe("0000000001406f40");
    expect(at(56, 16)).toBe("aa".repeat(16));
    expect(at(72, 16)).toBe("bb".repeat(16));
    expect(at(88, 8)).toBe("00".repeat(8));
    expect(at(96, 32)).toBe("cc".repeat(32));
    expect(at(128, 32)).toBe("dd".repeat(32));
    expect(hex.length).toBe(320);
  });

  it("writes the largest values", () => {
    const largest: Statement = {
      ...base,
      boot: 0xffff_ffff,
      first: (1n << 64n) - 1025n,
      count: 1024,
      from: Number.MAX_SAFE_INTEGER,
      to: Number.MAX_SAFE_INTEGER,
      work: (1n << 64n) - 1n,
      anchorBlock: (1n << 64n) - 1n,
    };
    expect(decodeStatement(encodeStatement(largest))).toEqual(largest);
  });

  it.each([
    ["another version", 0, "02", "FS-STATEMENT-VERSION"],
    ["version 0", 0, "00", "FS-STATEMENT-VERSION"],
    ["an unknown kind", 1, "05", "FS-STATEMENT-KIND"],
    ["an unknown clock state", 2, "03", "FS-STATEMENT-CLOCK"],
    ["a flag", 3, "01", "FS-STATEMENT-RESERVED"],
    ["count 0", 16, "0000", "FS-STATEMENT-COUNT"],
    ["count 1025", 16, "0401", "FS-STATEMENT-COUNT"],
    ["the first reserved field", 18, "01", "FS-STATEMENT-RESERVED"],
    ["the last byte of the first reserved field", 23, "80", "FS-STATEMENT-RESERVED"],
    ["the second reserved field", 88, "01", "FS-STATEMENT-RESERVED"],
    ["the last byte of the second reserved field", 95, "01", "FS-STATEMENT-RESERVED"],
    ["a first time after the last", 24, "000001a2ed000000", "FS-STATEMENT-TIME"],
    ["a time of 2^53", 32, "0020000000000000", "FS-STATEMENT-TIME"],
    ["a time of 2^64-1", 32, "ffffffffffffffff", "FS-STATEMENT-TIME"],
    ["a sequence number that the pack carries over the end", 8, "ffffffffffffffc0", "FS-STATEMENT-SEQUENCE"],
    ["several bodies", 1, "01", "FS-STATEMENT-COUNT"],
  ])("refuses %s", (_name, at, hex, code) => {
    expect(codeOf(() => decodeStatement(patched(at, hex)))).toBe(code);
    expect(codeOf(() => decodeAttestation(encodeSign1("ES256", patched(at, hex), new Uint8Array(64))))).toBe(code);
  });

  it("accepts the last sequence number that leaves a next one", () => {
    expect(decodeStatement(patched(8, "ffffffffffffffbf")).first).toBe((1n << 64n) - 65n);
  });

  it("refuses other lengths", () => {
    expect(codeOf(() => decodeStatement(new Uint8Array(159)))).toBe("FS-STATEMENT-LENGTH");
    expect(codeOf(() => decodeStatement(new Uint8Array(161)))).toBe("FS-STATEMENT-LENGTH");
    expect(codeOf(() => decodeAttestation(encodeSign1("ES256", new Uint8Array(159), new Uint8Array(64))))).toBe(
      "FS-STATEMENT-LENGTH",
    );
    expect(codeOf(() => encodeAttestation("ES256", new Uint8Array(159), new Uint8Array(64)), UsageError)).toBe(
      "FS-STATEMENT-LENGTH",
    );
  });

  it.each<[string, Partial<Statement>, string]>([
    ["kind 5", { kind: 5 }, "FS-STATEMENT-KIND"],
    ["a fractional kind", { kind: 0.5 }, "FS-STATEMENT-KIND"],
    ["clock -1", { clock: -1 }, "FS-STATEMENT-CLOCK"],
    ["count 0", { count: 0 }, "FS-STATEMENT-COUNT"],
    ["count NaN", { count: Number.NaN }, "FS-STATEMENT-COUNT"],
    ["two enrolments", { kind: 1, count: 2 }, "FS-STATEMENT-COUNT"],
    ["times out of order", { from: base.to + 1 }, "FS-STATEMENT-TIME"],
    ["a time before 1970", { from: -1 }, "FS-STATEMENT-TIME"],
    ["a fractional time", { from: 0.5 }, "FS-STATEMENT-TIME"],
    ["a boot counter of 2^32", { boot: 2 ** 32 }, "FS-STATEMENT-FIELD"],
    ["a negative work register", { work: -1n }, "FS-STATEMENT-FIELD"],
    ["work of 2^64", { work: 1n << 64n }, "FS-STATEMENT-FIELD"],
    ["an anchor block of 2^64", { anchorBlock: 1n << 64n }, "FS-STATEMENT-FIELD"],
    ["a sequence of 2^64 - 1", { first: (1n << 64n) - 1n }, "FS-STATEMENT-SEQUENCE"],
    ["a short scope", { scope: new Uint8Array(15) }, "FS-STATEMENT-FIELD"],
    ["a whole block hash", { anchorHash: new Uint8Array(32) }, "FS-STATEMENT-FIELD"],
    ["a short device id", { device: new Uint8Array(31) }, "FS-STATEMENT-FIELD"],
    ["a long root", { root: new Uint8Array(33) }, "FS-STATEMENT-FIELD"],
  ])("never writes %s", (_name, change, code) => {
    expect(codeOf(() => encodeStatement({ ...base, ...change }), UsageError)).toBe(code);
  });
});
