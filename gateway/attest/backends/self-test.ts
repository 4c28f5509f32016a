import { ALL_ALGORITHMS, type Algorithm } from "../../../protocols/attestation/index.ts";
import { equalBytes, fromHex, utf8 } from "../../../protocols/bytes/index.ts";
import type { CryptoBackend } from "./backend.ts";

interface KnownAnswer {
  secret: string;
  public: string;
  message: string;
  signature: string;
}

/**
 * Published keys with their public halves and a signature by others. A back end that takes that signature and no other
 * message for it verifies right, so what it takes of its own signatures is right too, and no second implementation has to
 * be warmed up at each start: that took 50 ms.
 */
const KNOWN: Readonly<Record<Algorithm, KnownAnswer>> = {
  // RFC 6979 A.2.5, SHA-256
  ES256: {
    secret: "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
    public:
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    message: "sample",
    signature:
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
  },
  // RFC 8032 §7.1 TEST 1
  EdDSA: {
    secret: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    public: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555" +
      "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  // SEC 2 v2 §2.4.1: the key 1, whose public half is the base point; the RFC 6979 vector that Bitcoin's libraries share
  ES256K: {
    secret: "0000000000000000000000000000000000000000000000000000000000000001",
    public:
      "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" +
      "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    message: "Satoshi Nakamoto",
    signature:
      "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8" +
      "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
  },
};

const MESSAGE = utf8("fieldseal self-test");
const OTHER = utf8("fieldseal self-tesu");

/** Why the back end must not be used, or undefined when it does its work for every algorithm. */
export function selfTest(backend: CryptoBackend): string | undefined {
  for (const alg of ALL_ALGORITHMS) {
    try {
      const known = KNOWN[alg];
      const key = backend.importKey(alg, fromHex(known.secret));
      if (!equalBytes(key.publicKey.bytes, fromHex(known.public))) return `${alg}: wrong public key`;
      const published = fromHex(known.signature);
      if (!backend.verify(key.publicKey, utf8(known.message), published)) return `${alg}: a good signature is refused`;
      if (backend.verify(key.publicKey, OTHER, published)) return `${alg}: a bad signature is accepted`;
      const signature = key.sign(MESSAGE);
      if (!backend.verify(key.publicKey, MESSAGE, signature)) return `${alg}: its signature does not verify`;
      if (backend.verify(key.publicKey, OTHER, signature)) return `${alg}: a bad signature is accepted`;
    } catch (error) {
      return `${alg}: ${error instanceof Error ? error.message : "not available"}`;
    }
  }
  return undefined;
}
