import { randomBytes } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CryptoBackend,
  drawPrivate,
  hasHighS,
  nobleBackend,
  nodeBackend,
  selectBackend,
  selfTest,
  toLowS,
} from "../../gateway/attest/backends/index.ts";
import { ALL_ALGORITHMS, type Algorithm } from "../../protocols/attestation/index.ts";
import { fromHex, InternalError, toHex, UsageError, utf8 } from "../../protocols/bytes/index.ts";

const backends: readonly CryptoBackend[] = [nodeBackend(), nobleBackend];

interface KnownKey {
  alg: Algorithm;
  source: string;
  secret: string;
  public: string;
}

const known: readonly KnownKey[] = [
  {
    alg: "ES256",
    source: "RFC 6979 A.2.5",
    secret: "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
    public:
      "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" +
      "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
  },
  {
    alg: "EdDSA",
    source: "RFC 8032 §7.1 TEST 1",
    secret: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    public: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  },
  {
    alg: "EdDSA",
    source: "RFC 8032 §7.1 TEST 3",
    secret: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    public: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  },
  {
    alg: "ES256K",
    source: "SEC 2 v2 §2.4.1, the key 1",
    secret: `${"0".repeat(63)}1`,
    public:
      "79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798" +
      "483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8",
  },
];

// RFC 6979 A.2.5, SHA-256: r, s as printed. Ours is the low one of s and n - s.
const rfc6979 = [
  {
    message: "sample",
    r: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
    s: "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  },
  {
    message: "test",
    r: "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
    s: "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
  },
];

// RFC 8032 §7.1: secret key, message, signature.
const rfc8032 = [
  {
    name: "TEST 1",
    secret: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    name: "TEST 2",
    secret: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    name: "TEST 3",
    secret: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

/** The other s that fits, by plain arithmetic. */
function otherS(signature: Uint8Array): Uint8Array {
  const order = p256.Point.Fn.ORDER;
  const s = order - BigInt(`0x${toHex(signature.subarray(32))}`);
  return fromHex(toHex(signature.subarray(0, 32)) + s.toString(16).padStart(64, "0"));
}

describe.each(backends)("back end $name", (backend) => {
  it("passes its self-test", () => {
    expect(selfTest(backend)).toBeUndefined();
    expect(backend.library.length).toBeGreaterThan(0);
  });

  it.each(known)("derives the public key of $source", ({ alg, secret, public: expected }) => {
    const key = backend.importKey(alg, fromHex(secret));
    expect(toHex(key.publicKey.bytes)).toBe(expected.toLowerCase());
    expect(key).toMatchObject({ alg, publicKey: { alg } });
  });

  it.each(rfc6979)("knows the signatures of RFC 6979 A.2.5 over $message", ({ message, r, s }) => {
    const { alg, secret } = known[0]!;
    const key = backend.importKey(alg, fromHex(secret));
    const published = fromHex(r + s);
    expect(backend.verify(key.publicKey, utf8(message), published)).toBe(true);
    expect(backend.verify(key.publicKey, utf8(message), otherS(published))).toBe(true);
    expect(backend.verify(key.publicKey, utf8(`${message}.`), published)).toBe(false);
    const ours = key.sign(utf8(message));
    if (backend.deterministicEcdsa) expect(toHex(ours)).toBe(toHex(toLowS(alg as "ES256", published.slice())));
    else expect(backend.verify(key.publicKey, utf8(message), ours)).toBe(true);
  });

  it.each(rfc8032)("signs and verifies RFC 8032 §7.1 $name", ({ secret, message, signature }) => {
    const key = backend.importKey("EdDSA", fromHex(secret));
    expect(toHex(key.sign(fromHex(message)))).toBe(signature);
    expect(backend.verify(key.publicKey, fromHex(message), fromHex(signature))).toBe(true);
    expect(backend.verify(key.publicKey, fromHex(`${message}00`), fromHex(signature))).toBe(false);
  });

  it.each(ALL_ALGORITHMS)("makes %s signatures that every back end accepts, with low s", (alg) => {
    const { key } = backend.generate(alg, randomBytes);
    for (let i = 0; i < 24; i++) {
      const message = randomBytes(i * 11);
      const signature = key.sign(message);
      expect(signature).toBeInstanceOf(Uint8Array);
      expect(signature.length).toBe(64);
      if (alg !== "EdDSA") expect(hasHighS(alg, signature)).toBe(false);
      for (const verifier of backends) {
        expect(verifier.verify(key.publicKey, message, signature)).toBe(true);
        signature[i]! ^= 1;
        expect(verifier.verify(key.publicKey, message, signature)).toBe(false);
        signature[i]! ^= 1;
      }
    }
  });

  it("takes a high s for ES256 and refuses it for ES256K", () => {
    const message = utf8("message");
    for (const alg of ["ES256", "ES256K"] as const) {
      const { publicKey, sign } = backend.generate(alg, randomBytes).key;
      const low = sign(message);
      const order =
        alg === "ES256" ? p256.Point.Fn.ORDER : 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const high = low.slice();
      high.set(fromHex((order - BigInt(`0x${toHex(low.subarray(32))}`)).toString(16).padStart(64, "0")), 32);
      expect(hasHighS(alg, high)).toBe(true);
      expect(toLowS(alg, high.slice())).toEqual(low);
      expect(backend.verify(publicKey, message, low)).toBe(true);
      expect(backend.verify(publicKey, message, high)).toBe(alg === "ES256");
    }
  });

  it("verifies nothing under a key that is no point of its curve", () => {
    const { publicKey, sign } = backend.generate("ES256", randomBytes).key;
    const signature = sign(utf8("m"));
    const prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    const offCurve = publicKey.bytes.slice();
    offCurve[63]! ^= 1;
    for (const bytes of [
      offCurve,
      new Uint8Array(64),
      fromHex(prime + toHex(publicKey.bytes.subarray(32))),
      fromHex("f".repeat(128)),
      publicKey.bytes.subarray(0, 63),
    ]) {
      expect(backend.verify({ alg: "ES256", bytes }, utf8("m"), signature)).toBe(false);
      expect(backend.verify({ alg: "ES256K", bytes }, utf8("m"), signature)).toBe(false);
    }
  });

  it("refuses private keys that are none", () => {
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    for (const bytes of [new Uint8Array(32), fromHex(order), new Uint8Array(32).fill(0xff), new Uint8Array(31)]) {
      expect(() => backend.importKey("ES256", bytes)).toThrow(UsageError);
    }
    expect(() => backend.importKey("ES256K", new Uint8Array(32))).toThrow(UsageError);
    expect(() => backend.importKey("EdDSA", new Uint8Array(33))).toThrow(UsageError);
    // EdDSA seeds are any 32 bytes (RFC 8032 §5.1.5).
    expect(backend.importKey("EdDSA", new Uint8Array(32)).publicKey.bytes.length).toBe(32);
  });

  it("does not depend on the caller's copy of the private key", () => {
    for (const alg of ALL_ALGORITHMS) {
      const { key, privateBytes } = backend.generate(alg, randomBytes);
      const again = backend.importKey(alg, privateBytes);
      expect(again.publicKey).toEqual(key.publicKey);
      privateBytes.fill(0);
      expect(backend.verify(key.publicKey, utf8("m"), again.sign(utf8("m")))).toBe(true);
    }
  });

  it("never shows the private key in a key object", () => {
    const secret = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const key = backend.importKey("ES256", fromHex(secret));
    expect(Object.keys(key).sort()).toEqual(["alg", "publicKey", "sign"]);
    expect(JSON.stringify(key)).not.toContain(secret);
  });

  it("generates from the given source only", () => {
    const fixed = (length: number) => new Uint8Array(length).fill(0x11);
    for (const alg of ALL_ALGORITHMS) {
      expect(backend.generate(alg, fixed).privateBytes).toEqual(fixed(32));
      expect(backend.generate(alg, fixed).key.publicKey).toEqual(nobleBackend.generate(alg, fixed).key.publicKey);
    }
  });
});

describe("back ends together", () => {
  it("give one verdict on whatever is changed", () => {
    const all = ALL_ALGORITHMS.map((alg) => nobleBackend.importKey(alg, new Uint8Array(32).fill(3)));
    const signed = all.map((key) => ({ key, message: utf8("m"), signature: key.sign(utf8("m")) }));
    const [first, ...others] = backends;
    fc.assert(
      fc.property(
        fc.constantFrom(...signed),
        fc.nat(63),
        fc.nat(255),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.nat(64),
        ({ key, message, signature }, at, value, random, kept) => {
          const changed = signature.slice();
          changed[at] = value;
          changed.set(random.subarray(kept), kept);
          const verdict = first!.verify(key.publicKey, message, changed);
          for (const other of others) expect(other.verify(key.publicKey, message, changed)).toBe(verdict);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("remember keys within bounds", () => {
    const small = nodeBackend({ cache: 2 });
    const all = [1, 2, 3, 4].map((n) => nobleBackend.importKey("ES256", new Uint8Array(32).fill(n)));
    for (let round = 0; round < 3; round++) {
      for (const key of all) {
        expect(small.verify(key.publicKey, utf8("m"), key.sign(utf8("m")))).toBe(true);
        expect(small.verify({ alg: "ES256K", bytes: key.publicKey.bytes }, utf8("m"), key.sign(utf8("m")))).toBe(false);
      }
    }
  });
});

describe("choice of back end", () => {
  const broken = (change: Partial<CryptoBackend>): CryptoBackend => ({
    ...nobleBackend,
    name: "node:crypto",
    ...change,
  });

  it("is node:crypto, and says so", () => {
    const { backend, why } = selectBackend();
    expect(backend.name).toBe("node:crypto");
    expect(why).toMatch(/^node:crypto \(OpenSSL [\d.]+\) passed its self-test$/);
  });

  it.each<[string, Partial<CryptoBackend>, RegExp]>([
    ["accepts anything", { verify: () => true }, /ES256: a bad signature is accepted/],
    ["accepts nothing", { verify: () => false }, /ES256: a good signature is refused/],
    [
      "signs wrongly",
      { importKey: (alg, bytes) => ({ ...nobleBackend.importKey(alg, bytes), sign: () => new Uint8Array(64) }) },
      /its signature does not verify/,
    ],
    [
      "derives another key",
      { importKey: (alg) => nobleBackend.importKey(alg, new Uint8Array(32).fill(5)) },
      /wrong public key/,
    ],
    [
      "lacks a curve",
      {
        importKey: (alg, bytes) => {
          if (alg === "ES256K") throw new UsageError("FS-TEST", "unsupported curve");
          return nobleBackend.importKey(alg, bytes);
        },
      },
      /ES256K: unsupported curve/,
    ],
  ])("passes over one that %s", (_name, change, why) => {
    const selected = selectBackend([broken(change), nobleBackend]);
    expect(selected.backend).toBe(nobleBackend);
    expect(selected.why).toMatch(why);
    expect(() => selectBackend([broken(change)])).toThrow(InternalError);
  });

  it("refuses a random source that gives none", () => {
    for (const alg of ALL_ALGORITHMS) expect(() => drawPrivate(alg, () => new Uint8Array(0))).toThrow(UsageError);
    expect(() => drawPrivate("ES256", (length) => new Uint8Array(length))).toThrow(UsageError);
    expect(() => drawPrivate("ES256K", (length) => new Uint8Array(length).fill(0xff))).toThrow(UsageError);
  });
});
