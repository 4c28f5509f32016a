import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concatBytes, fromHex, toHex } from "../../../protocols/bytes/index.ts";
import {
  DlmsOpener,
  decodeGloCiphered,
  encodeGloCiphered,
  encodeHdlc,
  HanDecoder,
} from "../../../protocols/meter/index.ts";
import { Random } from "../../support/mutate.ts";
import { HAN_FRAMES } from "./han-frames.ts";

const self = <T>(value: T): T => value;
const code = (text: string) => expect.objectContaining({ code: text }) as Error;

// DLMS UA 1000-2 ("Green Book") §9.2.3.3.8.4: keys, system title, frame counter, APDU and what each protection makes of it.
const ENCRYPTION = fromHex("000102030405060708090a0b0c0d0e0f");
const AUTHENTICATION = fromHex("d0d1d2d3d4d5d6d7d8d9dadbdcdddedf");
const SYSTEM_TITLE = fromHex("4d4d4d0000bc614e");
const FRAME_COUNTER = 0x01234567;
const PLAIN = "c0010000080000010000ff0200";
const CIPHERTEXT = "411312ff935a47566827c467bc";
const HEAD = "db084d4d4d0000bc614e";

const BOTH = { encryption: ENCRYPTION, authentication: AUTHENTICATION };
const ENCRYPTED = fromHex(`${HEAD}1220${"01234567"}${CIPHERTEXT}`);
const AUTHENTICATED = fromHex(`${HEAD}1e10${"01234567"}${PLAIN}06725d910f9221d263877516`);
const PROTECTED = fromHex(`${HEAD}1e30${"01234567"}${CIPHERTEXT}7d825c3be4a77c3fcc056b6b`);

describe("general-glo-ciphering of the Green Book's example", () => {
  it("is taken apart", () => {
    expect(decodeGloCiphered(PROTECTED)).toEqual({
      systemTitle: SYSTEM_TITLE,
      security: 0x30,
      frameCounter: FRAME_COUNTER,
      content: fromHex(CIPHERTEXT),
      tag: fromHex("7d825c3be4a77c3fcc056b6b"),
    });
    expect(decodeGloCiphered(ENCRYPTED)).not.toHaveProperty("tag");
  });

  it("opens, authenticated, and authenticated and encrypted", () => {
    for (const apdu of [AUTHENTICATED, PROTECTED]) {
      expect(toHex(new DlmsOpener(BOTH).open(apdu, self))).toBe(PLAIN);
    }
  });

  it("is made", () => {
    const about = { systemTitle: SYSTEM_TITLE, frameCounter: FRAME_COUNTER };
    expect(encodeGloCiphered(fromHex(PLAIN), { keys: BOTH, ...about })).toEqual(PROTECTED);
    expect(encodeGloCiphered(fromHex(PLAIN), { keys: { encryption: ENCRYPTION }, ...about })).toEqual(ENCRYPTED);
  });

  it("does not open when any byte is another", () => {
    for (const apdu of [AUTHENTICATED, PROTECTED]) {
      for (let at = 0; at < apdu.length; at++) {
        for (const flip of [0x01, 0x10, 0x80]) {
          const bad = apdu.slice();
          bad[at]! ^= flip;
          expect(() => new DlmsOpener(BOTH).open(bad, self), `byte ${at}`).toThrow(
            expect.objectContaining({
              code: expect.stringMatching(/^FS-DLMS-(GLO|KEY|SUITE|DATA)$/) as string,
            }) as Error,
          );
        }
      }
      for (let end = 0; end < apdu.length; end++) {
        expect(() => decodeGloCiphered(apdu.subarray(0, end))).toThrow(code("FS-DLMS-GLO"));
      }
      expect(() => decodeGloCiphered(concatBytes(apdu, Uint8Array.of(0)))).toThrow(code("FS-DLMS-GLO"));
    }
  });
});

describe("what a meter pushes, enciphered", () => {
  const random = new Random(23);
  const frame = HAN_FRAMES.aidon3;
  const information = new HanDecoder().push(frame)[0]?.kind === "list" ? innerOf(frame) : new Uint8Array();

  function innerOf(bytes: Uint8Array): Uint8Array {
    const at = bytes.findIndex((byte, i) => byte === 0xe6 && bytes[i + 1] === 0xe7);
    return bytes.slice(at, bytes.length - 3);
  }

  const pushed = (apdu: Uint8Array) =>
    encodeHdlc({
      destination: 32,
      source: 577,
      control: 0x13,
      segmented: false,
      information: concatBytes(information.subarray(0, 3), apdu),
    });
  const sealed = (frameCounter: number, keys: { encryption: Uint8Array; authentication?: Uint8Array } = BOTH) =>
    pushed(encodeGloCiphered(information.subarray(3), { keys, systemTitle: SYSTEM_TITLE, frameCounter }));
  const why = (decoder: HanDecoder, bytes: Uint8Array) =>
    decoder.push(bytes).map((event) => (event.kind === "list" ? "list" : (event.error?.code ?? event.why)));

  it("agrees with another implementation of AES-GCM", () => {
    for (const length of [1, 15, 16, 17, 240, 600]) {
      const [plain, encryption, authentication] = [random.bytes(length), random.bytes(16), random.bytes(16)];
      const frameCounter = random.bytes(4).reduce((sum, byte) => 256 * sum + byte, 0);
      const keys = { encryption, authentication };
      const apdu = encodeGloCiphered(plain, { keys, systemTitle: SYSTEM_TITLE, frameCounter });
      const { content, tag } = decodeGloCiphered(apdu);
      const nonce = concatBytes(SYSTEM_TITLE, apdu.subarray(apdu.length - length - 16, apdu.length - length - 12));
      const cipher = createCipheriv("aes-128-gcm", encryption, nonce, { authTagLength: 12 });
      cipher.setAAD(concatBytes(Uint8Array.of(0x30), authentication));
      expect(toHex(content)).toBe(cipher.update(plain).toString("hex") + cipher.final().toString("hex"));
      expect(toHex(tag!)).toBe(cipher.getAuthTag().toString("hex"));
    }
  });

  it("is the same list as without", () => {
    const [plain] = new HanDecoder().push(frame);
    const [opened] = new HanDecoder({ opener: new DlmsOpener(BOTH) }).push(sealed(7));
    expect(opened).toMatchObject({ kind: "list", list: plain?.kind === "list" ? plain.list : {} });
  });

  it("is let in once, and never again with an older counter", () => {
    const decoder = new HanDecoder({ opener: new DlmsOpener(BOTH) });
    const seen = [7, 8, 8, 7, 9, 1].map((counter) => why(decoder, sealed(counter))[0]);
    expect(seen).toEqual(["list", "list", "FS-DLMS-REPLAY", "FS-DLMS-REPLAY", "list", "FS-DLMS-REPLAY"]);
  });

  it("does not let a counter count that came with nothing readable", () => {
    const opener = new DlmsOpener(BOTH);
    const apdu = encodeGloCiphered(Uint8Array.of(0x0f, 1), { keys: BOTH, systemTitle: SYSTEM_TITLE, frameCounter: 99 });
    const decoder = new HanDecoder({ opener });
    expect([...why(decoder, pushed(apdu)), ...why(decoder, sealed(10))]).toEqual(["FS-DLMS-NOTIFICATION", "list"]);
  });

  it("is refused with other keys, without tag where one is expected, and in the clear", () => {
    const other = { encryption: ENCRYPTION, authentication: ENCRYPTION };
    const only = { encryption: ENCRYPTION };
    const read = (keys: { encryption: Uint8Array; authentication?: Uint8Array }, bytes: Uint8Array) =>
      why(new HanDecoder({ opener: new DlmsOpener(keys) }), bytes);
    expect(read(other, sealed(1))).toEqual(["FS-DLMS-KEY"]);
    expect(read({ encryption: AUTHENTICATION }, sealed(1, only))).toEqual(["FS-DLMS-KEY"]);
    expect(read(only, sealed(1))).toEqual(["FS-DLMS-KEY"]);
    expect(read(BOTH, sealed(1, only))).toEqual(["FS-DLMS-KEY"]);
    expect(read(only, sealed(1, only))).toEqual(["list"]);
    expect(read(BOTH, frame)).toEqual(["FS-DLMS-PLAIN"]);
    expect(why(new HanDecoder(), sealed(1))).toEqual(["FS-DLMS-CIPHERED"]);
    expect(() => new DlmsOpener({ encryption: new Uint8Array(32) })).toThrow(code("FS-DLMS-KEY"));
  });
});
