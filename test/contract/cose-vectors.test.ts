import { readdirSync } from "node:fs";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { nobleBackend, nodeBackend } from "../../gateway/attest/backends/index.ts";
import {
  coseToBeSigned,
  decodeSign1,
  encodeSigStructure,
  type PublicKey,
  parseCoseSign1,
  verifyCoseSign1,
} from "../../protocols/attestation/index.ts";
import { concatBytes, equalBytes, fromBase64Url, fromHex, ProtocolError, toHex } from "../../protocols/bytes/index.ts";
import { type CborKey, type CborValue, decodeCbor, Tagged } from "../../protocols/cbor/index.ts";
import { describeVectors, readVectorJson, vectorPath } from "../support/vectors.ts";

interface VectorKey {
  crv: string;
  x?: string;
  x_hex?: string;
  y?: string;
  y_hex?: string;
}
interface Signer {
  key: VectorKey;
  external?: string;
}
interface Vector {
  title: string;
  fail?: boolean;
  input: { sign0?: Signer; sign?: { signers: Signer[] } };
  intermediates: {
    ToBeSign_hex?: string;
    ToMac_hex?: string;
    CEK_hex?: string;
    signers?: { ToBeSign_hex: string }[];
    countersigners?: { ToBeSign_hex: string }[];
  };
  output: { cbor: string };
}

const AES = "content encryption; the project encrypts nothing with COSE";
const AES_MAC = "AES-CBC-MAC; the link protocol authenticates with HMAC";

/**
 * What is done with each file. `sign1`: read and verified, and refused when changed. `sign1, not ours`: read, with the same
 * bytes to be signed, and not verified for the reason given. `sign`: COSE_Sign; the profile has one signer, so each signature
 * is checked by the parts: Sig_structure and verifier. `mac`: MAC_structure and tag. Anything else is the reason for leaving it out.
 */
const FILES: Readonly<
  Record<string, readonly [kind: "sign1" | "sign1, not ours" | "sign" | "mac" | "left out", why: string]>
> = {
  "CWT/A_3.json": ["sign1", "ES256"],
  "CWT/A_4.json": ["mac", "HS256/64"],
  "CWT/A_5.json": ["left out", AES],
  "CWT/A_6.json": ["left out", AES],
  "CWT/A_7.json": ["mac", "HS256/64"],
  "RFC8152/Appendix_B.json": ["left out", AES],
  "RFC8152/Appendix_C_1_1.json": ["sign", "ES256"],
  "RFC8152/Appendix_C_1_2.json": ["sign", "ES256; its second signer uses ES512, not in the profile"],
  "RFC8152/Appendix_C_1_3.json": ["sign", "ES256, with a countersignature of RFC 8152"],
  "RFC8152/Appendix_C_1_4.json": ["sign", "ES256, with a critical header of its own"],
  "RFC8152/Appendix_C_2_1.json": ["sign1", "ES256"],
  "RFC8152/Appendix_C_3_1.json": ["left out", AES],
  "RFC8152/Appendix_C_3_2.json": ["left out", AES],
  "RFC8152/Appendix_C_3_3.json": ["left out", AES],
  "RFC8152/Appendix_C_3_4.json": ["left out", AES],
  "RFC8152/Appendix_C_4_1.json": ["left out", AES],
  "RFC8152/Appendix_C_4_2.json": ["left out", AES],
  "RFC8152/Appendix_C_5_1.json": ["left out", AES_MAC],
  "RFC8152/Appendix_C_5_2.json": ["mac", "HS256 under the derived key"],
  "RFC8152/Appendix_C_5_3.json": ["left out", AES_MAC],
  "RFC8152/Appendix_C_5_4.json": ["mac", "HS256 under the unwrapped key"],
  "RFC8152/Appendix_C_6_1.json": ["left out", AES_MAC],
  "ecdsa-examples/ecdsa-01.json": ["sign", "ES256"],
  "ecdsa-examples/ecdsa-02.json": ["left out", "COSE_Sign with ES384, not in the profile"],
  "ecdsa-examples/ecdsa-03.json": ["left out", "COSE_Sign with ES512, not in the profile"],
  "ecdsa-examples/ecdsa-04.json": ["left out", "COSE_Sign with ES512 on P-256, not in the profile"],
  "ecdsa-examples/ecdsa-sig-01.json": ["sign1", "ES256"],
  "ecdsa-examples/ecdsa-sig-02.json": ["sign1, not ours", "ES384"],
  "ecdsa-examples/ecdsa-sig-03.json": ["sign1, not ours", "ES512"],
  "ecdsa-examples/ecdsa-sig-04.json": ["sign1, not ours", "ES512 on P-256"],
  "eddsa-examples/eddsa-01.json": ["sign", "EdDSA"],
  "eddsa-examples/eddsa-02.json": ["left out", "COSE_Sign with Ed448, not in the profile"],
  "eddsa-examples/eddsa-sig-01.json": ["sign1", "EdDSA"],
  "eddsa-examples/eddsa-sig-02.json": ["sign1, not ours", "EdDSA on Ed448"],
  "hmac-examples/HMac-01.json": ["mac", "HS256"],
  "hmac-examples/HMac-02.json": ["mac", "HS384"],
  "hmac-examples/HMac-03.json": ["mac", "HS512"],
  "hmac-examples/HMac-04.json": ["mac", "HS256, changed tag"],
  "hmac-examples/HMac-05.json": ["mac", "HS256/64"],
  "hmac-examples/HMac-enc-01.json": ["mac", "HS256"],
  "hmac-examples/HMac-enc-02.json": ["mac", "HS384"],
  "hmac-examples/HMac-enc-03.json": ["mac", "HS512"],
  "hmac-examples/HMac-enc-04.json": ["mac", "HS256, changed tag"],
  "hmac-examples/HMac-enc-05.json": ["mac", "HS256/64"],
};

const named = (kind: string) => Object.keys(FILES).filter((name) => FILES[name]![0] === kind);
const read = (name: string) => readVectorJson<Vector>(`cose/${name}`);

/** The profile's public key of a vector's key; Ed448 and the larger curves have none and are not asked for. */
function publicKey({ crv, x, x_hex, y, y_hex }: VectorKey): PublicKey {
  const bytesOf = (text?: string, hex?: string) => (hex === undefined ? fromBase64Url(text ?? "") : fromHex(hex));
  if (crv === "Ed25519") return { alg: "EdDSA", bytes: bytesOf(x, x_hex) };
  expect(crv).toBe("P-256");
  return { alg: "ES256", bytes: concatBytes(bytesOf(x, x_hex), bytesOf(y, y_hex)) };
}

/** The array inside a COSE message's tag. */
function parts(name: string): { tag: number; items: readonly CborValue[] } {
  const item = decodeCbor(fromHex(read(name).output.cbor), { deterministic: false, tags: new Set([17, 97, 98]) });
  if (!(item instanceof Tagged) || !Array.isArray(item.value)) throw new Error(`${name} is no tagged array`);
  return { tag: item.tag, items: item.value as readonly CborValue[] };
}

const asBytes = (value: CborValue | undefined): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  throw new Error("no byte string");
};

describeVectors("cose", "COSE working group", () => {
  it("every file is accounted for", () => {
    const found = readdirSync(vectorPath("cose"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => readdirSync(vectorPath(`cose/${name}`)).map((file) => `${name}/${file}`));
    expect(found.sort()).toEqual(Object.keys(FILES).sort());
  });

  describe.each([nodeBackend(), nobleBackend])("on $name", (verifier) => {
    it.each(named("sign1"))("verifies %s", (name) => {
      const { input, intermediates, output } = read(name);
      const bytes = fromHex(output.cbor);
      const message = parseCoseSign1(bytes);
      const key = publicKey(input.sign0!.key);
      const context = { externalAad: fromHex(input.sign0!.external ?? "") };
      expect(toHex(coseToBeSigned(message, context)).toUpperCase()).toBe(intermediates.ToBeSign_hex);
      expect(verifyCoseSign1(message, key, verifier, context)).toBe(true);
      expect(verifyCoseSign1(message, key, verifier, { externalAad: Uint8Array.of(1) })).toBe(false);
      for (const field of ["payload", "signature"] as const) {
        const changed = { ...message, [field]: message[field]!.map((byte, at) => (at === 3 ? byte ^ 1 : byte)) };
        expect(verifyCoseSign1(changed, key, verifier, context)).toBe(false);
      }
      // Tagged, with a kid or a content type: none of them is a message of the profile.
      expect(() => decodeSign1(bytes)).toThrow(ProtocolError);
    });

    it.each(named("sign"))("verifies the signers of %s", (name) => {
      const { input, intermediates } = read(name);
      const { items } = parts(name);
      const checked = input.sign!.signers.map((signer, at) => {
        const [signProtected, , signature] = (items[3] as readonly (readonly CborValue[])[])[at]!;
        const toBeSigned = encodeSigStructure({
          context: "Signature",
          bodyProtected: asBytes(items[0]),
          signProtected: asBytes(signProtected),
          externalAad: fromHex(signer.external ?? ""),
          payload: asBytes(items[2]),
        });
        expect(toHex(toBeSigned).toUpperCase()).toBe(intermediates.signers![at]!.ToBeSign_hex);
        if (signer.key.crv === "P-521") return "not in the profile";
        return verifier.verify(publicKey(signer.key), toBeSigned, asBytes(signature));
      });
      expect(checked).toContain(true);
      expect(checked).not.toContain(false);
    });

    it("verifies the countersignature of RFC8152/Appendix_C_1_3.json", () => {
      const { input, intermediates } = read("RFC8152/Appendix_C_1_3.json");
      const { items } = parts("RFC8152/Appendix_C_1_3.json");
      const [signProtected, , signature] = (items[1] as ReadonlyMap<CborKey, CborValue>).get(7) as readonly CborValue[];
      const toBeSigned = encodeSigStructure({
        context: "CounterSignature",
        bodyProtected: asBytes(items[0]),
        signProtected: asBytes(signProtected),
        payload: asBytes(items[2]),
      });
      expect(toHex(toBeSigned).toUpperCase()).toBe(intermediates.countersigners![0]!.ToBeSign_hex);
      expect(verifier.verify(publicKey(input.sign!.signers[0]!.key), toBeSigned, asBytes(signature))).toBe(true);
    });
  });

  it.each(named("sign1, not ours"))("reads %s and names no algorithm of the profile", (name) => {
    const { intermediates, output } = read(name);
    const message = parseCoseSign1(fromHex(output.cbor));
    expect(toHex(coseToBeSigned(message)).toUpperCase()).toBe(intermediates.ToBeSign_hex);
    const p256: PublicKey = publicKey(read("ecdsa-examples/ecdsa-sig-01.json").input.sign0!.key);
    const ed25519: PublicKey = publicKey(read("eddsa-examples/eddsa-sig-01.json").input.sign0!.key);
    for (const key of [p256, ed25519]) expect(verifyCoseSign1(message, key, nobleBackend)).toBe(false);
    // COSE gives Ed448 and Ed25519 one algorithm number; its signature of 114 bytes tells them apart.
    expect(message.alg).toBe(name === "eddsa-examples/eddsa-sig-02.json" ? "EdDSA" : undefined);
  });

  // COSE HMAC algorithms (RFC 9053 §3.1): number, hash, tag length.
  const hmacs = { 4: [sha256, 8], 5: [sha256, 32], 6: [sha384, 48], 7: [sha512, 64] } as const;

  it.each(named("mac"))("checks the tag of %s", (name) => {
    const { fail, intermediates } = read(name);
    const { tag, items } = parts(name);
    const toMac = encodeSigStructure({
      context: tag === 17 ? "MAC0" : "MAC",
      bodyProtected: asBytes(items[0]),
      payload: asBytes(items[2]),
    });
    expect(toHex(toMac).toUpperCase()).toBe(intermediates.ToMac_hex);
    const alg = (decodeCbor(asBytes(items[0])) as ReadonlyMap<CborKey, CborValue>).get(1) as keyof typeof hmacs;
    const [hash, length] = hmacs[alg];
    const expected = hmac(hash, fromHex(intermediates.CEK_hex!), toMac).subarray(0, length);
    expect(equalBytes(expected, asBytes(items[3]))).toBe(fail !== true);
  });
});

describe("other people's COSE_Sign1", () => {
  const codeOf = (hex: string) => {
    try {
      parseCoseSign1(fromHex(hex));
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
    return "accepted";
  };

  it.each([
    ["no header at all", "8440a0f640", "accepted"],
    ["an empty map as protected header", "8441a0a0f640", "accepted"],
    ["a detached payload, tagged", "d28443a10126a0f640", "accepted"],
    ["a label in both headers", "8443a10126a10126f640", "FS-COSE-HEADER"],
    ["a critical header that is understood", "8446a20126028101a0f640", "accepted"],
    ["a critical header that is not", "844aa3012602811863186300a0f640", "FS-COSE-CRIT"],
    ["a critical header that is absent", "8447a2012602811863a0f640", "FS-COSE-CRIT"],
    ["no critical headers", "8445a201260280a0f640", "FS-COSE-CRIT"],
    ["three items", "8343a10126a0f6", "FS-COSE-SHAPE"],
    ["a protected header that is a map", "84a10126a0f640", "FS-COSE-SHAPE"],
    ["a protected header that holds no map", "844101a0f640", "FS-COSE-HEADER"],
    ["an unprotected header that is an array", "8443a1012680f640", "FS-COSE-SHAPE"],
    ["a payload that is text", "8443a10126a06040", "FS-COSE-SHAPE"],
    ["a signature that is text", "8443a10126a0f660", "FS-COSE-SHAPE"],
    ["COSE_Sign's tag", "d8628443a10126a0f640", "FS-CBOR-TAG"],
    ["another item", "01", "FS-COSE-SHAPE"],
  ])("%s", (_name, hex, code) => {
    expect(codeOf(hex)).toBe(code);
  });

  it("signs over the empty string where the protected header is an empty map (RFC 9052 §3)", () => {
    const message = parseCoseSign1(fromHex("8441a0a0f640"));
    expect(toHex(coseToBeSigned(message, { detached: new Uint8Array(0) }))).toBe("846a5369676e617475726531404040");
    expect(() => coseToBeSigned(message)).toThrow(ProtocolError);
    expect(() => coseToBeSigned({ ...message, payload: new Uint8Array(1) }, { detached: new Uint8Array(1) })).toThrow(
      ProtocolError,
    );
  });
});
