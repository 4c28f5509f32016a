import { createPrivateKey, createPublicKey } from "node:crypto";
import { ProtectedHeaders as AuthProtected, Sign1 as AuthSign1 } from "@auth0/cose";
import { coseSign, coseVerify } from "cose-kit";
import { describe, expect, it } from "vitest";
import { nobleBackend, nodeBackend } from "../../gateway/attest/backends/index.ts";
import {
  decodeSign1,
  encodeSign1,
  type PublicKey,
  parseCoseSign1,
  toBeSigned,
  verifyCoseSign1,
} from "../../protocols/attestation/index.ts";
import { toBase64Url, utf8 } from "../../protocols/bytes/index.ts";

const backends = [nodeBackend(), nobleBackend] as const;

/** Our key as the key objects that the other libraries take. */
function keyObjects({ alg, bytes }: PublicKey, privateBytes: Uint8Array) {
  const d = toBase64Url(privateBytes);
  const jwk =
    alg === "EdDSA"
      ? { kty: "OKP", crv: "Ed25519", x: toBase64Url(bytes) }
      : { kty: "EC", crv: "P-256", x: toBase64Url(bytes.slice(0, 32)), y: toBase64Url(bytes.slice(32)) };
  return {
    publicKey: createPublicKey({ key: jwk, format: "jwk" }),
    privateKey: createPrivateKey({ key: { ...jwk, d }, format: "jwk" }),
  };
}

const payloads = [new Uint8Array(0), utf8("a payload"), new Uint8Array(160).fill(7), new Uint8Array(1000).fill(9)];

/** Neither library knows ES256K: `@auth0/cose` 1.0.2 and `cose-kit` 1.7.1 list ES256, ES384, ES512, EdDSA, PS and RS. */
describe.each(["ES256", "EdDSA"] as const)("%s between libraries", (alg) => {
  const privateBytes = new Uint8Array(32).fill(0x21);
  const keys = backends.map((backend) => backend.importKey(alg, privateBytes));
  const theirs = keyObjects(keys[0]!.publicKey, privateBytes);

  it.each(backends.map((backend, at) => [backend.name, at] as const))(
    "ours of %s verifies in theirs",
    async (_n, at) => {
      for (const payload of payloads) {
        const bytes = encodeSign1(alg, payload, keys[at]!.sign(toBeSigned(alg, payload)));
        await expect(AuthSign1.decode(bytes).verify(theirs.publicKey)).resolves.toBeUndefined();
        expect((await coseVerify(bytes, theirs.publicKey)).isValid).toBe(true);
        const changed = bytes.slice();
        changed[changed.length - 1]! ^= 1;
        await expect(AuthSign1.decode(changed).verify(theirs.publicKey)).rejects.toThrow();
      }
    },
  );

  it("theirs verifies in ours", async () => {
    for (const payload of payloads) {
      const auth = await AuthSign1.sign(
        new AuthProtected([[1, alg === "ES256" ? -7 : -8]]),
        undefined,
        payload,
        theirs.privateKey,
      );
      const messages = [auth.encode(), new Uint8Array(await coseSign({ alg }, {}, payload, theirs.privateKey))];
      for (const bytes of messages) {
        const message = parseCoseSign1(bytes);
        expect(message).toMatchObject({ alg, payload });
        for (const backend of backends) expect(verifyCoseSign1(message, keys[0]!.publicKey, backend)).toBe(true);
      }
    }
  });

  it("theirs is ours to the byte, but for the tag", async () => {
    const payload = payloads[2]!;
    const bytes = new Uint8Array(await coseSign({ alg }, {}, payload, theirs.privateKey));
    const untagged = bytes[0] === 0xd2 ? bytes.subarray(1) : bytes;
    const message = decodeSign1(untagged);
    expect(encodeSign1(alg, message.payload, message.signature)).toEqual(untagged);
  });
});
