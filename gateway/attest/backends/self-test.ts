import { ALL_ALGORITHMS, type Algorithm, nobleVerifier } from "../../../protocols/attestation/index.ts";
import { equalBytes, fromHex, utf8 } from "../../../protocols/bytes/index.ts";
import type { CryptoBackend } from "./backend.ts";

/** Published keys with their public halves: a back end that derives, signs and verifies with them works. */
const KNOWN: Readonly<Record<Algorithm, { secret: string; public: string }>> = {
  // RFC 6979 A.2.5
  ES256: {
    secret: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    public:
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  },
  // RFC 8032 §7.1 TEST 1
  EdDSA: {
    secret: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    public: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  },
  // SEC 2 v2 §2.4.1: the key 1, whose public half is the base point
  ES256K: {
    secret: "0000000000000000000000000000000000000000000000000000000000000001",
    public:
      "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
      "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
  },
};

const MESSAGE = utf8("fieldseal self-test");
const OTHER = utf8("fieldseal self-tesu");

/** Why the back end must not be used, or undefined when it does its work for every algorithm. */
export function selfTest(backend: CryptoBackend): string | undefined {
  for (const alg of ALL_ALGORITHMS) {
    try {
      const key = backend.importKey(alg, fromHex(KNOWN[alg].secret));
      if (!equalBytes(key.publicKey.bytes, fromHex(KNOWN[alg].public))) return `${alg}: wrong public key`;
      const signature = key.sign(MESSAGE);
      if (!nobleVerifier.verify(key.publicKey, MESSAGE, signature)) return `${alg}: its signature does not verify`;
      if (!backend.verify(key.publicKey, MESSAGE, signature)) return `${alg}: a good signature is refused`;
      if (backend.verify(key.publicKey, OTHER, signature)) return `${alg}: a bad signature is accepted`;
    } catch (error) {
      return `${alg}: ${error instanceof Error ? error.message : "not available"}`;
    }
  }
  return undefined;
}
