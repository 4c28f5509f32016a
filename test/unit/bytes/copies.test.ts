import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { decodePackReadings, encodePackReadings } from "../../../gateway/batch/readings-bundle.ts";
import { decodeAttestation, nobleVerifier } from "../../../protocols/attestation/index.ts";
import { concatBytes, copyOf, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import { decodeCbor, encodeCbor } from "../../../protocols/cbor/index.ts";
import { verifyEd25519 } from "../../../protocols/ed25519/index.ts";
import { decodeRegisters } from "../../../protocols/modbus/index.ts";
import { decodeReading, encodeReading } from "../../../protocols/reading/index.ts";
import { makeProof } from "../../support/proof-fixture.ts";

/** A Buffer as sockets hand them out: part of a pool that will be used again. */
function pooled(bytes: Uint8Array): Buffer {
  const pool = Buffer.alloc(bytes.length + 16, 0xee);
  const part = pool.subarray(8, 8 + bytes.length);
  part.set(bytes);
  return part;
}

describe("what was decoded from a Buffer stays when the Buffer is used again", () => {
  const reading = encodeReading({
    time: 1_795_000_000_000,
    quality: 1,
    prev: new Uint8Array(32).fill(7),
    measurements: [{ name: "raw", value: Uint8Array.of(1, 2, 3) }],
  });

  it.each<[string, Uint8Array, (input: Uint8Array) => unknown]>([
    ["CBOR", encodeCbor([Uint8Array.of(1, 2), new Map([[1, Uint8Array.of(3)]])]), (input) => decodeCbor(input)],
    ["a reading", reading, (input) => decodeReading(input)],
    ["an attestation", makeProof().attestation, (input) => decodeAttestation(input)],
    ["readings of a pack", encodePackReadings([reading, reading]), (input) => decodePackReadings(input)],
  ])("%s", (_, bytes, decode) => {
    const buffer = pooled(bytes);
    const decoded = decode(buffer);
    const before = JSON.stringify(decoded, show);
    buffer.fill(0xff);
    expect(JSON.stringify(decoded, show)).toBe(before);
    expect(before).toBe(JSON.stringify(decode(bytes), show));
  });

  it("and decoding does not change the Buffer", () => {
    const buffer = pooled(fromHex("0102030405060708"));
    decodeRegisters({ type: "u32", byteOrder: "low-first" }, buffer.subarray(0, 4));
    expect(toHex(buffer)).toBe("0102030405060708");
  });

  it("copyOf gives a plain Uint8Array of its own", () => {
    const buffer = pooled(Uint8Array.of(1, 2, 3, 4));
    const copy = copyOf(buffer, 1, 3);
    buffer.fill(0);
    expect(copy).toEqual(Uint8Array.of(2, 3));
    expect(copy.constructor).toBe(Uint8Array);
  });
});

const show = (_: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  return typeof value === "bigint" ? String(value) : value;
};

const littleEndian = (bytes: Uint8Array) => BigInt(`0x${toHex(new Uint8Array(bytes).reverse())}`);
const little = (value: bigint) => fromHex(value.toString(16).padStart(64, "0")).reverse();

describe("one Ed25519 rule for attestations and notes", () => {
  const secret = new Uint8Array(32).fill(9);
  const key = ed25519.getPublicKey(secret);
  const message = Uint8Array.of(1, 2, 3);

  it("takes an honest signature", () => {
    const signature = ed25519.sign(message, secret);
    expect(verifyEd25519(key, message, signature)).toBe(true);
    expect(nobleVerifier.verify({ alg: "EdDSA", bytes: key }, message, signature)).toBe(true);
  });

  it("refuses a key of small order, under which one signature fits every message", () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    // R = identity, S = 0: S·B = R + k·A holds for whatever k.
    const signature = new Uint8Array(64);
    signature[0] = 1;
    expect(verifyEd25519(identity, message, signature)).toBe(false);
  });

  it("compares without the cofactor: a small-order part in R is refused, as OpenSSL does", () => {
    // Of order 2: (0, -1).
    const torsion = ed25519.Point.fromAffine({ x: 0n, y: ed25519.Point.Fp.neg(1n) });
    const { scalar } = ed25519.utils.getExtendedPublicKey(secret);
    const r = 5n;
    const R = ed25519.Point.BASE.multiply(r).add(torsion).toBytes();
    const order = ed25519.Point.Fn.ORDER;
    const k = littleEndian(sha512(concatBytes(R, key, message))) % order;
    const signature = new Uint8Array(64);
    signature.set(R);
    signature.set(little((r + k * scalar) % order), 32);
    expect(ed25519.verify(signature, message, key, { zip215: true })).toBe(true);
    expect(verifyEd25519(key, message, signature)).toBe(false);
    expect(nobleVerifier.verify({ alg: "EdDSA", bytes: key }, message, signature)).toBe(false);
  });

  it("refuses keys and signatures of other lengths without throwing", () => {
    const signature = ed25519.sign(message, secret);
    expect(verifyEd25519(key.subarray(1), message, signature)).toBe(false);
    expect(verifyEd25519(key, message, signature.subarray(1))).toBe(false);
    expect(verifyEd25519(new Uint8Array(0), message, new Uint8Array(0))).toBe(false);
  });
});
