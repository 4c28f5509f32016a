import { ctr, gcm } from "@noble/ciphers/aes.js";
import { ByteReader, ByteWriter, concatBytes, copyOf, equalBytes, ProtocolError, toHex } from "../bytes/index.ts";
import { readDlmsLength, writeDlmsLength } from "./dlms.ts";

/** Keys of a meter's customer interface, as the grid operator gives them: 16 bytes each. */
export interface DlmsKeys {
  /** Global unicast (or broadcast) encryption key: GUEK, GPK60. */
  encryption: Uint8Array;
  /** Global authentication key: GAK, GPK61. Without it only messages are read that carry no authentication tag. */
  authentication?: Uint8Array;
}

/**
 * A general-glo-ciphering APDU (IEC 62056-5-3 §7.3.13, DLMS UA 1000-2 "Green Book" §9.2.7):
 *
 *   DB 08 4D4D4D0000BC614E 1E 30 01234567 411312FF… 7D825C3B…
 *   |  |                   |  |  |        |         |
 *   |  |                   |  |  |        |         authentication tag, 12 bytes, only when authenticated
 *   |  |                   |  |  |        ciphertext
 *   |  |                   |  |  frame counter
 *   |  |                   |  security control: suite 0…3, 10 authenticated, 20 encrypted
 *   |  |                   length (A-XDR)
 *   |  system title of the meter, its length before it
 *   tag
 */
export interface GloCiphered {
  /** Eight bytes: three letters of the maker, then a number of the meter. */
  systemTitle: Uint8Array;
  security: number;
  frameCounter: number;
  content: Uint8Array;
  /** Absent where the message is not authenticated. */
  tag?: Uint8Array;
}

const CODE = "FS-DLMS-GLO";
export const GENERAL_GLO_CIPHERING = 0xdb;
const AUTHENTICATED = 0x10;
const ENCRYPTED = 0x20;
const COMPRESSED = 0x80;
const TAG_BYTES = 12;
const TITLE_BYTES = 8;
const KEY_BYTES = 16;
const SECURITY_HEADER = 5;

/** Takes the APDU apart; nothing is deciphered. @throws ProtocolError FS-DLMS-GLO, FS-DLMS-DATA. */
export function decodeGloCiphered(apdu: Uint8Array): GloCiphered {
  const reader = new ByteReader(apdu, CODE);
  const tag = reader.u8();
  if (tag !== GENERAL_GLO_CIPHERING) throw new ProtocolError(CODE, `APDU ${tag} is no general-glo-ciphering`);
  const titleBytes = readDlmsLength(reader);
  if (titleBytes !== TITLE_BYTES) throw new ProtocolError(CODE, `a system title of ${titleBytes} bytes`);
  const systemTitle = copyOf(reader.take(titleBytes));
  const length = readDlmsLength(reader);
  const security = reader.u8();
  const frameCounter = reader.u32();
  const tagBytes = security & AUTHENTICATED ? TAG_BYTES : 0;
  const bytes = length - SECURITY_HEADER - tagBytes;
  if (bytes < 1) throw new ProtocolError(CODE, `a ciphered content of ${length} bytes is too short`);
  const content = copyOf(reader.take(bytes));
  const parts = { systemTitle, security, frameCounter, content };
  if (tagBytes === 0) {
    reader.end();
    return parts;
  }
  const authentication = copyOf(reader.take(tagBytes));
  reader.end();
  return { ...parts, tag: authentication };
}

/** The one initial value of a key: system title and frame counter (NIST SP 800-38D §8.2.1, Green Book §9.2.3.3.7.3). */
const nonceOf = ({ systemTitle, frameCounter }: Pick<GloCiphered, "systemTitle" | "frameCounter">): Uint8Array =>
  new ByteWriter().bytes(systemTitle).u32(frameCounter).finish();

/** First twelve bytes of the tag over the associated data and the plaintext (Green Book §9.2.3.3.7.2). */
function tagOf(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = gcm(key, nonce, associated).encrypt(plain);
  return sealed.slice(plain.length, plain.length + TAG_BYTES);
}

/** AES-128-GCM's own key stream: counter blocks from 2 on (NIST SP 800-38D §7.2). Enciphers and deciphers. */
function keyStream(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  return ctr(key, concatBytes(nonce, Uint8Array.of(0, 0, 0, 2))).encrypt(bytes);
}

const EMPTY = new Uint8Array(0);

/** What is authenticated beside the enciphered text: of a text that is not enciphered, all of it. */
function coveredBy(
  security: number,
  key: Uint8Array,
  plain: Uint8Array,
): [associated: Uint8Array, covered: Uint8Array] {
  const head = concatBytes(Uint8Array.of(security), key);
  return security & ENCRYPTED ? [head, plain] : [concatBytes(head, plain), EMPTY];
}

/**
 * Deciphers what a meter pushes, and lets no message in twice: the frame counter of authenticated messages has to rise
 * (Green Book §9.2.7.2.4.5). One for each meter; it lives as long as its keys.
 */
export class DlmsOpener {
  readonly #keys: DlmsKeys;
  #title: Uint8Array = EMPTY;
  #counter = -1;

  /** @throws ProtocolError FS-DLMS-KEY when a key has not 16 bytes. */
  constructor(keys: DlmsKeys) {
    for (const key of [keys.encryption, keys.authentication]) {
      if (key && key.length !== KEY_BYTES) {
        throw new ProtocolError("FS-DLMS-KEY", `a DLMS key has ${KEY_BYTES} bytes, this one ${key.length}`, {
          fix: "write the 32 hex digits that the grid operator gave",
        });
      }
    }
    this.#keys = keys;
  }

  /**
   * The APDU inside. `accept` reads it, and throws when it is none: only then the frame counter counts.
   * @throws ProtocolError FS-DLMS-GLO, FS-DLMS-SUITE, FS-DLMS-KEY (it does not fit), FS-DLMS-REPLAY; what `accept` throws.
   */
  open<T>(apdu: Uint8Array, accept: (plain: Uint8Array) => T): T {
    const message = decodeGloCiphered(apdu);
    const { security, frameCounter, systemTitle, tag } = message;
    const plain = this.#decipher(message);
    if (!tag) {
      // Deciphering with a wrong key gives noise, and nothing but its form tells.
      if (plain[0] !== 0x0f) throw wrongKey("what it deciphers to is no data notification");
      return accept(plain);
    }
    const known = equalBytes(this.#title, systemTitle);
    if (known && frameCounter <= this.#counter) {
      const why = `frame counter ${frameCounter} of ${toHex(systemTitle)} came again (security ${security})`;
      throw new ProtocolError("FS-DLMS-REPLAY", why, { context: { last: this.#counter } });
    }
    const read = accept(plain);
    this.#title = systemTitle;
    this.#counter = frameCounter;
    return read;
  }

  #decipher(message: GloCiphered): Uint8Array {
    const { security, content, tag } = message;
    const { encryption, authentication } = this.#keys;
    // Suites 0 and 1 encipher in the same way (Green Book table 15); suite 2 has keys of 32 bytes.
    if ((security & 0x0f) > 1 || security & COMPRESSED || !(security & (AUTHENTICATED | ENCRYPTED))) {
      throw new ProtocolError("FS-DLMS-SUITE", `security control ${toHex(Uint8Array.of(security))} is not read here`);
    }
    const nonce = nonceOf(message);
    const plain = security & ENCRYPTED ? keyStream(encryption, nonce, content) : content;
    if (!tag) {
      if (!authentication) return plain;
      throw new ProtocolError("FS-DLMS-KEY", "the meter's messages carry no authentication tag", {
        fix: "take authentication_key away, if the grid operator says that its meters do not authenticate",
      });
    }
    if (!authentication) {
      throw new ProtocolError(
        "FS-DLMS-KEY",
        "the meter authenticates its messages, and there is no key to check that",
        {
          fix: "add authentication_key, which the grid operator gives beside the encryption key",
        },
      );
    }
    if (!equalBytes(tagOf(encryption, nonce, ...coveredBy(security, authentication, plain)), tag)) {
      throw wrongKey("its authentication tag does not fit");
    }
    return plain;
  }
}

function wrongKey(why: string): ProtocolError {
  return new ProtocolError("FS-DLMS-KEY", `a meter's message cannot be deciphered: ${why}`, {
    fix: "compare encryption_key and authentication_key with what the grid operator gave for this meter",
  });
}

/** Enciphers an APDU as a meter does. With an authentication key it is authenticated too. */
export function encodeGloCiphered(
  plain: Uint8Array,
  { keys, systemTitle, frameCounter }: { keys: DlmsKeys; systemTitle: Uint8Array; frameCounter: number },
): Uint8Array {
  const { encryption, authentication } = keys;
  const security = ENCRYPTED | (authentication ? AUTHENTICATED : 0);
  const nonce = nonceOf({ systemTitle, frameCounter });
  const tag = authentication ? tagOf(encryption, nonce, ...coveredBy(security, authentication, plain)) : EMPTY;
  const writer = new ByteWriter().u8(GENERAL_GLO_CIPHERING).u8(systemTitle.length).bytes(systemTitle);
  writeDlmsLength(writer, SECURITY_HEADER + plain.length + tag.length);
  writer
    .u8(security)
    .u32(frameCounter)
    .bytes(keyStream(encryption, nonce, plain))
    .bytes(tag);
  return writer.finish();
}
