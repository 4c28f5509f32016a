import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { nobleBackend, nodeBackend } from "../../../gateway/attest/backends/index.ts";
import {
  decodeAttestation,
  deviceId,
  encodeAttestation,
  encodeStatement,
  nobleVerifier,
  type PublicKey,
  packPath,
  packRoot,
  type Statement,
  scopeOf,
  statementId,
  toBeSigned,
  verifyAttestation,
  verifyPackPath,
} from "../../../protocols/attestation/index.ts";
import { concatBytes, sha256, toHex, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import { keys } from "./arbitraries.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/** Signature whose k·A differs from S·B - R by a point of small order only: good with the cofactor, bad without. */
function torsionSigned(message: Uint8Array): { key: PublicKey; signature: Uint8Array; cofactored: boolean } {
  const a = 12345678901234567890n;
  const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const key = Point.BASE.multiply(a).add(torsion).toBytes();
  for (let r = 1n; ; r++) {
    const R = Point.BASE.multiply(r).toBytes();
    const k = littleEndian(sha512(concatBytes(R, key, message))) % L;
    if (k % 8n === 0n) continue;
    const s = (r + k * a) % L;
    const tail = Uint8Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 0xffn));
    const signature = concatBytes(R, tail);
    const cofactored = ed25519.verify(signature, message, key, { zip215: true });
    return { key: { alg: "EdDSA", bytes: key }, signature, cofactored };
  }
}

describe.each([
  ["the portable verifier", nobleVerifier],
  ["node:crypto", nodeBackend()],
  ["noble", nobleBackend],
])("%s", (_name, verifier) => {
  const message = utf8("one verdict");

  it("checks Ed25519 without the cofactor, like OpenSSL", () => {
    const { key, signature, cofactored } = torsionSigned(message);
    expect(cofactored).toBe(true);
    expect(verifier.verify(key, message, signature)).toBe(false);
  });

  it("refuses a small-order key, under which any message has a signature", () => {
    const key: PublicKey = { alg: "EdDSA", bytes: Point.ZERO.toBytes() };
    const signature = concatBytes(Point.BASE.toBytes(), Uint8Array.of(1), new Uint8Array(31));
    expect(ed25519.verify(signature, message, key.bytes, { zip215: true })).toBe(true);
    expect(verifier.verify(key, message, signature)).toBe(false);
  });

  it("refuses S + L", () => {
    const key = keys.find(({ alg }) => alg === "EdDSA")!;
    const signature = key.sign(message);
    const s = littleEndian(signature.subarray(32)) + L;
    const malleated = signature.slice();
    for (let i = 0; i < 32; i++) malleated[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(verifier.verify(key.publicKey, message, signature)).toBe(true);
    expect(verifier.verify(key.publicKey, message, malleated)).toBe(false);
  });

  it("answers false for keys and signatures that are none", () => {
    for (const { publicKey, alg } of keys) {
      const other = keys.find((key) => key.alg !== alg)!;
      for (const length of [0, 1, 63, 65, 128]) {
        expect(verifier.verify(publicKey, message, new Uint8Array(length))).toBe(false);
      }
      for (const fill of [0, 1, 0xff]) {
        expect(verifier.verify(publicKey, message, new Uint8Array(64).fill(fill))).toBe(false);
        const noKey: PublicKey = { alg, bytes: new Uint8Array(alg === "EdDSA" ? 32 : 64).fill(fill) };
        expect(verifier.verify(noKey, message, other.sign(message))).toBe(false);
      }
      for (const length of [0, 31, 33, 63, 65]) {
        expect(verifier.verify({ alg, bytes: new Uint8Array(length) }, message, other.sign(message))).toBe(false);
      }
      expect(verifier.verify({ alg: other.alg, bytes: publicKey.bytes }, message, other.sign(message))).toBe(false);
    }
  });
});

const scope = scopeOf(31337n, new Uint8Array(20).fill(1), new Uint8Array(20).fill(2));

function statementOf(device: Uint8Array): Statement {
  return {
    kind: 0,
    clock: 1,
    boot: 1,
    first: 1n,
    count: 1,
    from: 1,
    to: 1,
    work: 0n,
    anchorBlock: 0n,
    anchorHash: new Uint8Array(16),
    scope,
    device,
    root: packRoot([utf8("a reading")]),
  };
}

describe.each(["ES256", "EdDSA", "ES256K"] as const)("an %s attestation", (alg) => {
  const [key, other] = keys.filter((candidate) => candidate.alg === alg);
  const statement = encodeStatement(statementOf(deviceId(key!.publicKey)));
  const attestation = decodeAttestation(encodeAttestation(alg, statement, key!.sign(toBeSigned(alg, statement))));

  it("verifies under the key that it names", () => {
    expect(verifyAttestation(attestation, key!.publicKey, nobleVerifier)).toBe("ok");
    expect(toHex(statementId(statement))).toBe(toHex(sha256(statement)));
  });

  it("does not verify under another key, nor for another statement", () => {
    const foreign = keys.find((candidate) => candidate.alg !== alg)!;
    expect(verifyAttestation(attestation, other!.publicKey, nobleVerifier)).toBe("wrong-key");
    expect(verifyAttestation(attestation, foreign.publicKey, nobleVerifier)).toBe("wrong-algorithm");
    const stolen = encodeStatement(statementOf(deviceId(other!.publicKey)));
    const forged = decodeAttestation(encodeAttestation(alg, stolen, attestation.sign1.signature));
    expect(verifyAttestation(forged, other!.publicKey, nobleVerifier)).toBe("bad-signature");
  });

  it("falls with any bit of the statement or of the signature", () => {
    for (let at = 0; at < attestation.bytes.length; at += 7) {
      const bytes = attestation.bytes.slice();
      bytes[at]! ^= 0x10;
      let verdict: string;
      try {
        verdict = verifyAttestation(decodeAttestation(bytes), key!.publicKey, nobleVerifier);
      } catch {
        verdict = "unreadable";
      }
      expect(verdict).not.toBe("ok");
    }
  });
});

describe("pack", () => {
  it("proves each reading with at most ten hashes", () => {
    for (const count of [1, 2, 3, 7, 64, 65, 1023, 1024]) {
      const readings = Array.from({ length: count }, (_, i) => utf8(`reading ${i}`));
      const root = packRoot(readings);
      for (const index of [0, count >> 1, count - 1]) {
        const path = packPath(readings, index);
        expect(path.length).toBeLessThanOrEqual(10);
        const pack = { reading: readings[index]!, index, count, path, root };
        expect(verifyPackPath(pack)).toBe(true);
        expect(verifyPackPath({ ...pack, reading: utf8("another") })).toBe(false);
        expect(verifyPackPath({ ...pack, root: new Uint8Array(32) })).toBe(false);
        expect(verifyPackPath({ ...pack, path: [...path, root] })).toBe(false);
      }
    }
  });

  it("has one reading at least and 1024 at most", () => {
    expect(() => packRoot([])).toThrow(UsageError);
    expect(() => packRoot(Array.from({ length: 1025 }, () => new Uint8Array(1)))).toThrow(UsageError);
    expect(() => packPath([new Uint8Array(1)], 1)).toThrow(UsageError);
  });
});

describe("scope", () => {
  it("is the hash of what its parts are, in order", () => {
    const chain = Uint8Array.of(0, 0, 0, 0, 0, 0, 0x7a, 0x69);
    const whole = concatBytes(utf8("fieldseal/1"), chain, new Uint8Array(20).fill(1), new Uint8Array(20).fill(2));
    expect(toHex(scope)).toBe(toHex(sha256(whole)).slice(0, 32));
  });

  it("differs by chain, coordinator and gateway, and refuses what is no address", () => {
    const [a, b] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
    const scopes = [scopeOf(1n, a, b), scopeOf(2n, a, b), scopeOf(1n, b, a), scopeOf(1n, a, a), scopeOf(1n, b, b)];
    expect(new Set(scopes.map(toHex)).size).toBe(5);
    expect(() => scopeOf(-1n, a, b)).toThrow(UsageError);
    expect(() => scopeOf(1n << 64n, a, b)).toThrow(UsageError);
    expect(() => scopeOf(1n, a.subarray(1), b)).toThrow(UsageError);
  });
});
