import { createHmac } from "node:crypto";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { expect, it } from "vitest";
import { hasHighS, nobleBackend, nodeBackend } from "../../gateway/attest/backends/index.ts";
import { type Algorithm, nobleVerifier, type PublicKey, type Verifier } from "../../protocols/attestation/index.ts";
import { equalBytes, fromHex } from "../../protocols/bytes/index.ts";
import { describeVectors, readVectorJson } from "../support/vectors.ts";

interface SignatureFile {
  numberOfTests: number;
  testGroups: {
    publicKey: { uncompressed?: string; pk?: string };
    tests: { tcId: number; comment: string; msg: string; sig: string; result: "valid" | "invalid" | "acceptable" }[];
  }[];
}

interface MacFile {
  numberOfTests: number;
  testGroups: {
    keySize: number;
    tagSize: number;
    tests: { tcId: number; comment: string; key: string; msg: string; tag: string; result: "valid" | "invalid" }[];
  }[];
}

const verifiers: readonly (readonly [string, Verifier])[] = [
  ["node:crypto", nodeBackend()],
  ["noble", nobleBackend],
  ["the portable verifier", nobleVerifier],
];

/**
 * Every case's verdict is theirs, but for one rule: on secp256k1 the profile takes low s only, because contracts check
 * by `ecrecover` under EIP-2's rule, so a signature that is valid with a high s is refused. Returns how many were.
 */
function check(alg: Algorithm, file: SignatureFile, verifier: Verifier): { cases: number; highS: number } {
  let cases = 0;
  let highS = 0;
  for (const { publicKey, tests } of file.testGroups) {
    const bytes = fromHex(publicKey.uncompressed?.slice(2) ?? publicKey.pk ?? "");
    const key: PublicKey = { alg, bytes };
    for (const { tcId, comment, msg, sig, result } of tests) {
      const signature = fromHex(sig);
      const refusedByRule =
        result === "valid" && alg === "ES256K" && signature.length === 64 && hasHighS(alg, signature);
      if (refusedByRule) highS++;
      const verdict = verifier.verify(key, fromHex(msg), signature);
      expect(verdict, `tcId ${tcId}: ${comment}`).toBe(result === "valid" && !refusedByRule);
      cases++;
    }
  }
  return { cases, highS };
}

describeVectors("wycheproof", "Wycheproof", () => {
  const ed25519 = readVectorJson<SignatureFile>("wycheproof/ed25519_test.json");
  const secp256k1 = readVectorJson<SignatureFile>("wycheproof/ecdsa_secp256k1_sha256_p1363_test.json");
  const mac = readVectorJson<MacFile>("wycheproof/hmac_sha256_test.json");

  it("is the set of 577", () => {
    expect(ed25519.numberOfTests + secp256k1.numberOfTests + mac.numberOfTests).toBe(577);
  });

  it.each(verifiers)("Ed25519 on %s", (_name, verifier) => {
    expect(check("EdDSA", ed25519, verifier)).toEqual({ cases: ed25519.numberOfTests, highS: 0 });
  });

  it.each(verifiers)("ECDSA secp256k1 on %s, low s only", (_name, verifier) => {
    const { cases, highS } = check("ES256K", secp256k1, verifier);
    expect(cases).toBe(secp256k1.numberOfTests);
    expect(highS).toBeGreaterThan(0);
  });

  it.each<[string, (key: Uint8Array, message: Uint8Array) => Uint8Array]>([
    ["node:crypto", (key, message) => createHmac("sha256", key).update(message).digest()],
    ["noble", (key, message) => hmac(nobleSha256, key, message)],
  ])("HMAC-SHA-256 on %s", (_name, compute) => {
    let cases = 0;
    for (const { tagSize, tests } of mac.testGroups) {
      for (const { tcId, comment, key, msg, tag, result } of tests) {
        const expected = compute(fromHex(key), fromHex(msg)).subarray(0, tagSize / 8);
        expect(equalBytes(expected, fromHex(tag)), `tcId ${tcId}: ${comment}`).toBe(result === "valid");
        cases++;
      }
    }
    expect(cases).toBe(mac.numberOfTests);
  });
});
