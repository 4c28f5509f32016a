import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toBase64, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeOcmf, decodeOcmfKey, type OcmfCurve, ocmfCurveOf, verifyOcmf } from "../../../protocols/ocmf/index.ts";

const PAYLOAD = `{"FV":"1.2","PG":"T1","MS":"1","RD":[{"TM":"2018-07-24T13:22:04,000+0200 S","TX":"B","RV":1,"RI":"1-b:1.8.0","RU":"kWh","ST":"G"}]}`;

/** Names of OCMF Table 22 and of OpenSSL. */
const CURVES: readonly (readonly [algorithm: string, openssl: string, curve: OcmfCurve])[] = [
  ["ECDSA-secp192k1-SHA256", "secp192k1", "secp192k1"],
  ["ECDSA-secp192r1-SHA256", "prime192v1", "secp192r1"],
  ["ECDSA-secp256k1-SHA256", "secp256k1", "secp256k1"],
  ["ECDSA-secp256r1-SHA256", "prime256v1", "secp256r1"],
  ["ECDSA-secp384r1-SHA256", "secp384r1", "secp384r1"],
  ["ECDSA-brainpool256r1-SHA256", "brainpoolP256r1", "brainpoolP256r1"],
  ["ECDSA-brainpool384r1-SHA256", "brainpoolP384r1", "brainpoolP384r1"],
];

const recordOf = (signature: object) => decodeOcmf(utf8(`OCMF|${PAYLOAD}|${JSON.stringify(signature)}`));

describe.each(CURVES)("%s", (algorithm, openssl, curve) => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: openssl });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const key = decodeOcmfKey(spki);
  const signatures = Array.from({ length: 12 }, () => new Uint8Array(sign("sha256", utf8(PAYLOAD), privateKey)));

  it("verifies what OpenSSL signs, high s and low", () => {
    for (const signature of signatures) {
      expect(verifyOcmf(recordOf({ SA: algorithm, SD: toHex(signature) }), key)).toEqual({ valid: true });
      expect(verifyOcmf(recordOf({ SA: algorithm, SE: "base64", SD: toBase64(signature) }), key).valid).toBe(true);
    }
  });

  it("finds every changed byte of a signature", () => {
    const signature = signatures[0]!;
    for (let at = 0; at < signature.length; at++) {
      const changed = signature.slice();
      changed[at]! ^= 1;
      const verdict = verifyOcmf(recordOf({ SA: algorithm, SD: toHex(changed) }), key);
      expect(verdict.valid ? "valid" : verdict.why, `byte ${at}`).toMatch(/^(signature|encoding)$/);
    }
  });

  it("reads the key in every form, and refuses a point off the curve", () => {
    expect(key.curve).toBe(curve);
    expect(decodeOcmfKey(toBase64(spki))).toEqual(key);
    expect(
      decodeOcmfKey(
        toHex(spki)
          .toUpperCase()
          .replace(/(.{4})/g, "$1 "),
      ),
    ).toEqual(key);
    expect(decodeOcmfKey(key.point, curve)).toEqual(key);
    const half = (key.point.length - 1) / 2;
    const compressed = Uint8Array.of(2 + (key.point.at(-1)! & 1), ...key.point.subarray(1, 1 + half));
    expect(decodeOcmfKey(compressed, curve)).toEqual(key);
    const off = key.point.slice();
    off[off.length - 1]! ^= 1;
    expect(() => decodeOcmfKey(off, curve)).toThrow(expect.objectContaining({ code: "FS-OCMF-KEY" }));
    expect(() => decodeOcmfKey(key.point)).toThrow(expect.objectContaining({ code: "FS-OCMF-KEY" }));
  });
});

describe("verdicts", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const key = decodeOcmfKey(new Uint8Array(publicKey.export({ type: "spki", format: "der" })));
  const SD = sign("sha256", utf8(PAYLOAD), privateKey).toString("hex");
  const why = (signature: object) => {
    const verdict = verifyOcmf(recordOf(signature), key);
    return verdict.valid ? "valid" : verdict.why;
  };

  it("tells what it cannot check from what is wrong", () => {
    expect(why({ SD })).toBe("valid");
    expect(why({ SD, SE: "hex", SM: "application/x-der", XX: 1 })).toBe("valid");
    expect(why({ SD, SA: "ECDSA-secp521r1-SHA512" })).toBe("algorithm");
    expect(why({ SD, SA: "ECDSA-secp256k1-SHA256" })).toBe("curve");
    expect(why({ SD, SE: "base32" })).toBe("encoding");
    expect(why({ SD, SM: "text/plain" })).toBe("encoding");
    expect(why({ SD: `${SD}00` })).toBe("encoding");
    expect(why({ SD: "" })).toBe("encoding");
    expect(why({ SD: "3006020100020100" })).toBe("signature");
    expect(why({ SD: `${SD.slice(0, -2)}${SD.endsWith("00") ? "01" : "00"}` })).toBe("signature");
  });

  it("knows both spellings of the brainpool curves", () => {
    expect(ocmfCurveOf("ECDSA-brainpoolP256r1-SHA256")).toBe("brainpoolP256r1");
    expect(ocmfCurveOf("ECDSA-brainpool256r1-SHA256")).toBe("brainpoolP256r1");
    expect(ocmfCurveOf("ECDSA-secp256r1-SHA512")).toBeUndefined();
    expect(ocmfCurveOf("secp256r1")).toBeUndefined();
  });
});
