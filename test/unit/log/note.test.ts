import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromUtf8, ProtocolError, toHex, UsageError, utf8 } from "../../../protocols/bytes/index.ts";
import {
  addNoteSignature,
  decodeNote,
  decodeVkey,
  encodeNote,
  encodeVkey,
  isKeyName,
  NoteKeyType,
  noteKey,
  signNote,
  verifyNote,
} from "../../../protocols/log/index.ts";

const code = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof UsageError) return error.code;
    throw error;
  }
  return "accepted";
};

// C2SP signed-note, "Verifier keys", "Example".
const EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const EXAMPLE_SIGNATURE =
  "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
const EXAMPLE = `This is an example message.\n\n— example.com/foo ${EXAMPLE_SIGNATURE}\n`;

// The example of golang.org/x/mod/sumdb/note's documentation.
const NEUMANN_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

describe("published notes", () => {
  it.each([
    [EXAMPLE_VKEY, EXAMPLE],
    [NEUMANN_VKEY, NEUMANN],
  ])("%s verifies its note, and no altered one", (vkey, text) => {
    const key = decodeVkey(vkey);
    expect(encodeVkey(key)).toBe(vkey);
    const note = decodeNote(utf8(text));
    expect(verifyNote(note, [key])).toEqual([key]);
    expect(fromUtf8(encodeNote(note))).toBe(text);
    const altered = { ...note, text: note.text.replace("i", "I") };
    expect(code(() => verifyNote(altered, [key]))).toBe("FS-NOTE-SIGNATURE");
  });
});

// RFC 8032 §7.1 TEST 1's secret key, signing with OpenSSL, so that two implementations meet.
const SECRET = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const PKCS8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SECRET]);
const openssl = createPrivateKey({ key: PKCS8, format: "der", type: "pkcs8" });
const publicKey = new Uint8Array(createPublicKey(openssl).export({ format: "der", type: "spki" }).subarray(-32));
const signWithOpenssl = (message: Uint8Array) => new Uint8Array(sign(null, message, openssl));
const key = noteKey("gateway.example/log", publicKey);

describe("signing and checking", () => {
  it("takes the key id from name, type and key", () => {
    const hash = createHash("sha256").update("gateway.example/log\n").update(Uint8Array.of(1)).update(publicKey);
    expect(key.keyId).toBe(hash.digest().readUInt32BE(0));
    expect(noteKey(key.name, publicKey, NoteKeyType.cosignature).keyId).not.toBe(key.keyId);
  });

  it("makes notes that verify, and ignores signatures of unknown keys", () => {
    const signed = signNote("a\n\nb\n", key, signWithOpenssl);
    const stranger = { name: "stranger.example", keyId: 7, signature: new Uint8Array(2420) };
    const sameName = { name: key.name, keyId: key.keyId ^ 1, signature: new Uint8Array(64) };
    const sameId = { name: "other.example", keyId: key.keyId, signature: new Uint8Array(64) };
    let bytes = signed;
    for (const signature of [stranger, sameName, sameId]) bytes = addNoteSignature(bytes, signature);
    const note = decodeNote(bytes);
    expect(note.text).toBe("a\n\nb\n");
    expect(note.signatures).toHaveLength(4);
    expect(verifyNote(note, [key])).toEqual([key]);
    expect(code(() => verifyNote(note, [noteKey("nobody.example", publicKey)]))).toBe("FS-NOTE-UNSIGNED");
    expect(code(() => verifyNote(note, []))).toBe("FS-NOTE-UNSIGNED");
  });

  it("refuses a note with a wrong signature of a known key, even beside a right one", () => {
    const wrong = { name: key.name, keyId: key.keyId, signature: new Uint8Array(64) };
    for (const signature of [wrong, { ...wrong, signature: new Uint8Array(63) }]) {
      const note = decodeNote(addNoteSignature(signNote("a\n", key, signWithOpenssl), signature));
      expect(code(() => verifyNote(note, [key]))).toBe("FS-NOTE-SIGNATURE");
    }
  });

  it("refuses every flipped bit of a signed note", () => {
    const bytes = signNote("a b\n", key, signWithOpenssl);
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(
        code(() => verifyNote(decodeNote(flipped), [key])),
        `bit ${bit}`,
      ).not.toBe("accepted");
    }
  });

  it("is strict about Ed25519: no small-order key signs everything", () => {
    // y = 1, the neutral element: with a lax check R = 1, s = 0 is a signature over any message.
    const weak = noteKey("weak.example", Uint8Array.of(1, ...new Uint8Array(31)));
    const signature = Uint8Array.of(1, ...new Uint8Array(63));
    expect(ed25519.verify(signature, utf8("a\n"), weak.publicKey)).toBe(true);
    const note = { text: "a\n", signatures: [{ name: weak.name, keyId: weak.keyId, signature }] };
    expect(code(() => verifyNote(note, [weak]))).toBe("FS-NOTE-SIGNATURE");
  });
});

describe("note text", () => {
  it.each([
    ["no signature", "a\n\n"],
    ["no blank line", "a\n— example.com/foo AAAAAAA=\n"],
    ["no newline at the end", EXAMPLE.slice(0, -1)],
    ["a carriage return", EXAMPLE.replace("\n", "\r\n")],
    ["a tab", EXAMPLE.replace("is an", "is\tan")],
    ["a hyphen for the dash", EXAMPLE.replace("—", "-")],
    ["no space after the dash", EXAMPLE.replace("— ", "—")],
    ["no name", EXAMPLE.replace("example.com/foo ", "")],
    ["an empty name", EXAMPLE.replace("example.com/foo", "")],
    ["a plus in the name", EXAMPLE.replace("com/foo", "com+foo")],
    ["a no-break space in the name", EXAMPLE.replace("com/foo", "com\u00a0foo")],
    ["a line separator in the name", EXAMPLE.replace("com/foo", "com\u2028foo")],
    ["two spaces", EXAMPLE.replace("/foo ", "/foo  ")],
    ["a space at the end", EXAMPLE.replace("QM=\n", "QM= \n")],
    ["unpadded base64", EXAMPLE.replace("QM=\n", "QM\n")],
    ["only a key id", EXAMPLE.replace(EXAMPLE_SIGNATURE, "Uw2QOg==")],
    ["less than a key id", EXAMPLE.replace(EXAMPLE_SIGNATURE, "Uw2Q")],
    ["text between signatures", `${EXAMPLE}x\n— a AAAAAAA=\n`],
    ["65 signatures", EXAMPLE + "— a AAAAAAA=\n".repeat(64)],
    ["nothing", ""],
  ])("with %s is refused", (_, text) => {
    expect(code(() => decodeNote(utf8(text)))).toMatch(/^FS-(?:NOTE|BASE64)$/);
  });

  it("is refused when it is not UTF-8, or too long", () => {
    const bytes = utf8(EXAMPLE);
    bytes[3] = 0xff;
    expect(code(() => decodeNote(bytes))).toBe("FS-NOTE");
    expect(code(() => decodeNote(utf8("a".repeat(200_000) + EXAMPLE)))).toBe("FS-NOTE");
  });

  it("may have 64 signatures, of post-quantum size as well", () => {
    const signature = { name: "a.example", keyId: 1, signature: new Uint8Array(1500) };
    expect(decodeNote(encodeNote({ text: "a\n", signatures: Array(64).fill(signature) })).signatures).toHaveLength(64);
  });

  it("is not written when nobody could read it back", () => {
    const signatures = [{ name: "a", keyId: 1, signature: Uint8Array.of(1) }];
    for (const note of [
      { text: "a", signatures },
      { text: "a\r\n", signatures },
      { text: "\ud800\n", signatures },
      { text: "a\n", signatures: [] },
      { text: "a\n", signatures: [{ ...signatures[0]!, name: "a b" }] },
      { text: "a\n", signatures: [{ ...signatures[0]!, name: "" }] },
    ]) {
      expect(code(() => encodeNote(note))).toBe("FS-NOTE-TEXT");
    }
  });

  it("reads back as it was written (property)", () => {
    const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((s) => s.replace(/[\u0000-\u001f]/g, ""));
    const name = fc.string({ minLength: 1, maxLength: 12 }).filter(isKeyName);
    const signature = fc.record({
      name,
      keyId: fc.integer({ min: 0, max: 0xffff_ffff }),
      signature: fc.uint8Array({ minLength: 1, maxLength: 100 }),
    });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.array(signature, { minLength: 1, maxLength: 8 }),
        (lines, signatures) => {
          const note = { text: `${lines.join("\n")}\n`, signatures };
          expect(decodeNote(encodeNote(note))).toEqual(note);
        },
      ),
    );
  });
});

describe("verifier keys", () => {
  it.each([
    ["nothing", ""],
    ["no key", "example.com/foo+530d903a"],
    ["another id", EXAMPLE_VKEY.replace("530d903a", "530d903b")],
    ["a short id", EXAMPLE_VKEY.replace("530d903a", "530d903")],
    ["an id that is not hex", EXAMPLE_VKEY.replace("530d903a", "530d903g")],
    ["another name", EXAMPLE_VKEY.replace("foo", "bar")],
    ["no name", EXAMPLE_VKEY.replace("example.com/foo", "")],
    ["another type", EXAMPLE_VKEY.replace("+Ae", "+Be")],
    ["a cut key", EXAMPLE_VKEY.slice(0, -4)],
  ])("with %s are refused", (_, text) => {
    expect(code(() => decodeVkey(text))).toMatch(/^FS-(?:NOTE-VKEY|HEX|BASE64)$/);
  });

  it("are not made of what a note cannot carry", () => {
    expect(code(() => noteKey("a b", publicKey))).toBe("FS-NOTE-KEY");
    expect(code(() => noteKey("a", publicKey.subarray(1)))).toBe("FS-NOTE-KEY");
    expect(toHex(decodeVkey(encodeVkey(key)).publicKey)).toBe(toHex(publicKey));
  });
});
