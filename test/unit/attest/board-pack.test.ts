import { describe, expect, it } from "vitest";
import { encodeBoardPack, nobleBackend, nodeBackend, verifyBoardPack } from "../../../gateway/attest/index.ts";
import { type Attestation, packRoot } from "../../../protocols/attestation/index.ts";
import { ProtocolError } from "../../../protocols/bytes/index.ts";
import { encodeCbor } from "../../../protocols/cbor/index.ts";
import { encodeReading } from "../../../protocols/reading/index.ts";
import { TestBoard } from "../../support/statements.ts";

const board = new TestBoard();
const times = [1_000_000, 1_000_500, 1_001_000];
const readings = times.map((time) =>
  encodeReading({ time, measurements: [{ name: "power", unit: "W", value: time / 1000 }], quality: 0 }),
);

const statement = (bytes: readonly Uint8Array[] = readings, from = times[0]!, to = times[2]!) =>
  board.attest({ count: bytes.length, from, to, root: packRoot(bytes) });

function refusal(sign1: Attestation, bytes: readonly Uint8Array[] = readings, known = board): string {
  try {
    verify(encodeBoardPack(sign1.bytes, bytes), known);
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "none";
}

const verify = (payload: Uint8Array, known = board, verifier = nodeBackend()) =>
  verifyBoardPack(payload, {
    verifier,
    keyOf: (device) => (Buffer.from(known.id).equals(Buffer.from(device)) ? known.key.publicKey : undefined),
  });

describe("pack of a board", () => {
  it("is taken as it was signed", () => {
    const signed = statement();
    for (const backend of [nodeBackend(), nobleBackend]) {
      const pack = verify(encodeBoardPack(signed.bytes, readings), board, backend);
      expect(pack.attestation).toEqual(signed);
      expect(pack.readings.map(({ bytes }) => bytes)).toEqual(readings);
      expect(pack.readings.map(({ reading }) => reading.time)).toEqual(times);
    }
  });

  it("is refused with any bit of it changed", () => {
    const payload = encodeBoardPack(statement().bytes, readings);
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const bad = payload.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => verify(bad), `bit ${bit}`).toThrow(ProtocolError);
    }
  });

  it("is refused when it is not the device's own", () => {
    expect(refusal(statement(), readings, new TestBoard(2))).toBe("FS-PACK-DEVICE");
    const forged = new TestBoard(2).attest({ ...statement().statement });
    expect(refusal(forged)).toBe("FS-PACK-SIGNATURE");
  });

  it("is refused when readings are missing, added, exchanged or reordered", () => {
    const signed = statement();
    expect(refusal(signed, readings.slice(1))).toBe("FS-PACK-COUNT");
    expect(refusal(signed, [...readings, readings[0]!])).toBe("FS-PACK-COUNT");
    expect(refusal(signed, [readings[1]!, readings[0]!, readings[2]!])).toBe("FS-PACK-ROOT");
    expect(refusal(signed, [])).toBe("FS-PACK-COUNT");
  });

  it("is refused when its times are not those of its readings", () => {
    expect(refusal(statement(readings, 999_999))).toBe("FS-PACK-TIME");
    expect(refusal(statement(readings, times[0], 1_001_001))).toBe("FS-PACK-TIME");
    const disordered = [readings[0]!, readings[2]!, readings[1]!];
    expect(refusal(statement(disordered, times[0], times[1]), disordered)).toBe("FS-PACK-TIME");
  });

  it("is refused when a signed reading is none", () => {
    const junk = [readings[0]!, Uint8Array.of(0xff), readings[2]!];
    expect(refusal(statement(junk), junk)).toMatch(/^FS-(READING|CBOR)/);
  });

  it("is refused when it speaks of something else than readings", () => {
    expect(refusal(board.attest({ kind: 1, root: packRoot(readings.slice(0, 1)) }), readings.slice(0, 1))).toBe(
      "FS-PACK-KIND",
    );
  });

  it("is refused in any other shape, and when too large, before anything is decoded", () => {
    for (const value of [
      [],
      [statement().bytes],
      [statement().bytes, readings, 1],
      [1, []],
      [statement().bytes, [1]],
    ]) {
      expect(() => verify(encodeCbor(value))).toThrow(expect.objectContaining({ code: "FS-PACK-SHAPE" }));
    }
    expect(() => verify(new Uint8Array(512 * 1024 + 1))).toThrow(ProtocolError);
  });
});
