import { ed25519 } from "@noble/curves/ed25519.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkPublicKey,
  decodeCoseKey,
  deviceId,
  didKey,
  encodeCoseKey,
  formatDeviceId,
  isUsableKey,
  type PublicKey,
  parseDeviceId,
  parseDidKey,
  sec1Compressed,
  shortDeviceId,
} from "../../../protocols/attestation/index.ts";
import { concatBytes, fromBase64Url, fromHex, ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import { encodeCbor } from "../../../protocols/cbor/index.ts";
import * as arbitrary from "./arbitraries.ts";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "accepted";
}

// RFC 9679 §6: the example key, its COSE_Key with the required members, and its thumbprint.
const rfc9679: PublicKey = {
  alg: "ES256",
  bytes: fromHex(
    "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d" +
      "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c",
  ),
};
const thumbprint = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec";

describe("device id", () => {
  it("is the thumbprint of RFC 9679's example", () => {
    expect(toHex(encodeCoseKey(rfc9679))).toBe(
      `a401022001215820${toHex(rfc9679.bytes.subarray(0, 32))}225820${toHex(rfc9679.bytes.subarray(32))}`,
    );
    expect(formatDeviceId(deviceId(rfc9679))).toBe(thumbprint);
    expect(shortDeviceId(deviceId(rfc9679))).toBe("fs:496bd8af");
  });

  it("does not depend on the optional members of the COSE_Key", () => {
    const withMore = encodeCbor(
      new Map<number, number | Uint8Array>([
        [1, 2],
        [2, Uint8Array.of(0x31, 0x31)],
        [3, -7],
        [-1, 1],
        [-2, rfc9679.bytes.subarray(0, 32)],
        [-3, rfc9679.bytes.subarray(32)],
      ]),
    );
    expect(toHex(deviceId(decodeCoseKey(withMore)))).toBe(thumbprint);
  });

  it("is read from 64 hex digits only", () => {
    expect(toHex(parseDeviceId(thumbprint.toUpperCase()))).toBe(thumbprint);
    for (const text of [
      "",
      "fs:496bd8af",
      thumbprint.slice(1),
      `${thumbprint}0`,
      `0x${thumbprint}`,
      `${thumbprint}\n`,
    ]) {
      expect(codeOf(() => parseDeviceId(text))).toBe("FS-DEVICE-ID");
    }
    expect(codeOf(() => formatDeviceId(new Uint8Array(31)))).toBe("FS-DEVICE-ID");
  });
});

describe("did:key", () => {
  // Examples of the did:key method (W3C CCG), §Test Vectors: Ed25519, secp256k1, P-256.
  it.each<[string, PublicKey]>([
    [
      "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
      { alg: "EdDSA", bytes: ed25519.getPublicKey(new Uint8Array(32)) },
    ],
    [
      "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
      {
        alg: "ES256K",
        bytes: secp256k1
          .getPublicKey(fromHex("9085d2bef69286a6cbb51623c8fa258629945cd55ca705cc4e66700396894e0c"), false)
          .slice(1),
      },
    ],
    [
      "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
      {
        alg: "ES256",
        bytes: concatBytes(
          fromBase64Url("fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI"),
          fromBase64Url("hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU"),
        ),
      },
    ],
  ])("reads and writes %s", (did, key) => {
    expect(parseDidKey(did)).toEqual(key);
    expect(didKey(key)).toBe(did);
  });

  it("gives back every key", () => {
    fc.assert(
      fc.property(arbitrary.publicKey, (key) => {
        expect(parseDidKey(didKey(key))).toEqual(key);
      }),
    );
  });

  it.each([
    ["another method", "did:web:example.org", "FS-DID"],
    ["another multibase", "did:key:f8024", "FS-DID"],
    ["another multicodec", "did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F", "FS-DID"],
    ["a character of no alphabet", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo0l", "FS-BASE58"],
    ["a key cut short", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mD", "FS-DID"],
    ["nothing", "did:key:z", "FS-DID"],
    ["something endless", `did:key:z${"6".repeat(10_000)}`, "FS-DID"],
  ])("refuses %s", (_name, text, code) => {
    expect(codeOf(() => parseDidKey(text))).toBe(code);
  });
});

describe("COSE_Key", () => {
  const members = (key: PublicKey, change: [number, number | boolean | Uint8Array | undefined][] = []) => {
    const ec = key.alg !== "EdDSA";
    const map = new Map<number, number | boolean | Uint8Array>([
      [1, ec ? 2 : 1],
      [-1, { ES256: 1, EdDSA: 6, ES256K: 8 }[key.alg]],
      [-2, key.bytes.subarray(0, 32)],
    ]);
    if (ec) map.set(-3, key.bytes.subarray(32));
    for (const [label, value] of change) {
      if (value === undefined) map.delete(label);
      else map.set(label, value);
    }
    return encodeCbor(map);
  };

  it("reads a compressed y (RFC 9053 §7.1.1)", () => {
    for (const { publicKey } of arbitrary.keys.filter((key) => key.alg !== "EdDSA")) {
      const odd = sec1Compressed(publicKey.bytes)[0] === 3;
      expect(decodeCoseKey(members(publicKey, [[-3, odd]]))).toEqual(publicKey);
    }
  });

  it.each<[string, [number, number | boolean | Uint8Array | undefined][], string]>([
    ["a point off the curve", [[-3, new Uint8Array(32).fill(1)]], "FS-KEY-POINT"],
    [
      "the point 0, 0",
      [
        [-2, new Uint8Array(32)],
        [-3, new Uint8Array(32)],
      ],
      "FS-KEY-POINT",
    ],
    ["a coordinate beyond the field", [[-2, new Uint8Array(32).fill(0xff)]], "FS-KEY-POINT"],
    ["a short coordinate", [[-2, new Uint8Array(31)]], "FS-KEY-COSE"],
    ["no y", [[-3, undefined]], "FS-KEY-COSE"],
    ["another curve", [[-1, 2]], "FS-KEY-CURVE"],
    ["a curve of another key type", [[-1, 6]], "FS-KEY-CURVE"],
    ["another algorithm", [[3, -35]], "FS-KEY-COSE"],
    ["a private key", [[-4, new Uint8Array(32).fill(1)]], "FS-KEY-PRIVATE"],
  ])("refuses %s", (_name, change, code) => {
    expect(codeOf(() => decodeCoseKey(members(rfc9679, change)))).toBe(code);
  });

  it("refuses what is not a map in deterministic encoding", () => {
    expect(codeOf(() => decodeCoseKey(Uint8Array.of(0x80)))).toBe("FS-KEY-COSE");
    expect(codeOf(() => decodeCoseKey(fromHex("a320010102")))).toMatch(/^FS-CBOR-/);
    expect(codeOf(() => decodeCoseKey(new Uint8Array(513)))).toMatch(/^FS-CBOR-/);
  });
});

describe("public keys", () => {
  // Points of order 1, 2, 4, 8 and encodings of y ≥ p: RFC 8032 §5.1.3 rejects the latter.
  it.each([
    ["the neutral element", "0100000000000000000000000000000000000000000000000000000000000000"],
    ["order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["order 4", "0000000000000000000000000000000000000000000000000000000000000000"],
    ["order 4, other sign", "0000000000000000000000000000000000000000000000000000000000000080"],
    ["order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
    ["order 8, the other", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"],
    ["y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
    ["all ones", "f".repeat(64)],
    ["no point", `02${"00".repeat(31)}`],
  ])("refuses the Ed25519 key %s", (_name, hex) => {
    expect(isUsableKey({ alg: "EdDSA", bytes: fromHex(hex) })).toBe(false);
    expect(codeOf(() => checkPublicKey({ alg: "EdDSA", bytes: fromHex(hex) }))).toBe("FS-KEY-POINT");
  });

  it("are not taken for those of another algorithm", () => {
    for (const { alg, publicKey } of arbitrary.keys) {
      if (alg === "ES256") expect(isUsableKey({ alg: "ES256K", bytes: publicKey.bytes })).toBe(false);
      if (alg === "ES256K") expect(isUsableKey({ alg: "ES256", bytes: publicKey.bytes })).toBe(false);
      const other = alg === "EdDSA" ? "ES256" : "EdDSA";
      expect(codeOf(() => checkPublicKey({ alg: other, bytes: publicKey.bytes }))).toBe("FS-KEY-LENGTH");
    }
  });
});
