import { concatBytes, fromBase64, fromHex, ProtocolError, sha256, toBase64, UsageError, utf8 } from "../bytes/index.ts";
import { verifyEd25519 } from "../ed25519/index.ts";
import { decodeNote, encodeNote, isKeyName, type Note, type NoteSignature } from "./note.ts";

/** Signature types of C2SP signed-note that this package checks. */
export const NoteKeyType = { ed25519: 0x01, cosignature: 0x04 } as const;
export type NoteKeyType = (typeof NoteKeyType)[keyof typeof NoteKeyType];

/** A key that notes are checked with: Ed25519, 32 bytes. */
export interface NoteKey {
  name: string;
  keyId: number;
  type: NoteKeyType;
  publicKey: Uint8Array;
}

/** The Ed25519 signature (64 bytes) over a message; the key stays with whoever made the function. */
export type SignFunction = (message: Uint8Array) => Uint8Array;

function keyIdOf(name: string, type: number, publicKey: Uint8Array): number {
  const hash = sha256(concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey));
  return new DataView(hash.buffer, hash.byteOffset).getUint32(0);
}

/**
 * A note key with the key id the specification recommends: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4].
 * @throws UsageError FS-NOTE-KEY for a name or key that a note cannot have.
 */
export function noteKey(name: string, publicKey: Uint8Array, type: NoteKeyType = NoteKeyType.ed25519): NoteKey {
  if (!isKeyName(name) || publicKey.length !== 32) {
    throw new UsageError("FS-NOTE-KEY", "a note key has a name without white space or plus, and 32 bytes of Ed25519", {
      fix: "Name the key like a host or URL without scheme, for example gateway.example/log.",
    });
  }
  return { name, keyId: keyIdOf(name, type, publicKey), type, publicKey };
}

/** `<name>+<key id, 8 hex digits>+<base64(type ‖ public key)>`: a vkey of C2SP signed-note. */
export function encodeVkey({ name, keyId, type, publicKey }: NoteKey): string {
  return `${name}+${keyId.toString(16).padStart(8, "0")}+${toBase64(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/**
 * Reads a vkey of type Ed25519 (1) or Ed25519 cosignature (4).
 * @throws ProtocolError FS-NOTE-VKEY, FS-HEX, FS-BASE64.
 */
export function decodeVkey(text: string): NoteKey {
  const bad = (what: string) => new ProtocolError("FS-NOTE-VKEY", `verifier key: ${what}`);
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0 || text.length > 1024) throw bad("<name>+<id>+<key> was expected");
  const name = text.slice(0, first);
  const id = text.slice(first + 1, second);
  const material = fromBase64(text.slice(second + 1));
  const type = material[0];
  if (!isKeyName(name)) throw bad("no valid key name");
  if (id.length !== 8 || fromHex(id).length !== 4) throw bad("the key id is not 8 hex digits");
  if ((type !== NoteKeyType.ed25519 && type !== NoteKeyType.cosignature) || material.length !== 33) {
    throw bad("not an Ed25519 key of type 1 or 4");
  }
  const key = noteKey(name, material.slice(1), type);
  if (key.keyId !== Number.parseInt(id, 16)) throw bad("the key id is not the one of its key");
  return key;
}

/** Whether an Ed25519 signature is over the message, by the rules of `verifyEd25519`. */
export type VerifyFunction = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The note of a text with one Ed25519 signature, by the key's owner. */
export function signNote(text: string, key: NoteKey, sign: SignFunction): Uint8Array {
  return encodeNote({ text, signatures: [{ name: key.name, keyId: key.keyId, signature: sign(utf8(text)) }] });
}

/** The same note with one more signature, behind those it has. */
export function addNoteSignature(note: Uint8Array, signature: NoteSignature): Uint8Array {
  const { text, signatures } = decodeNote(note);
  return encodeNote({ text, signatures: [...signatures, signature] });
}

/** The signatures of the note that name this key: same name and same key id. Others are ignored, as the specification asks. */
export function signaturesOf(note: Note, key: NoteKey): NoteSignature[] {
  return note.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
}

/**
 * Checks the Ed25519 signatures of known keys over the note's text.
 * @param verify in place of the portable one.
 * @returns the keys that signed; signatures of unknown keys are ignored.
 * @throws ProtocolError FS-NOTE-SIGNATURE when a known key's signature is wrong, FS-NOTE-UNSIGNED when none is there.
 */
export function verifyNote(note: Note, keys: readonly NoteKey[], verify: VerifyFunction = verifyEd25519): NoteKey[] {
  const text = utf8(note.text);
  const signers: NoteKey[] = [];
  for (const key of keys) {
    if (key.type !== NoteKeyType.ed25519) continue;
    const found = signaturesOf(note, key);
    for (const { signature } of found) {
      if (!verify(key.publicKey, text, signature)) {
        throw new ProtocolError("FS-NOTE-SIGNATURE", `the signature of ${key.name} is not over this text`, {
          context: { key: key.name },
        });
      }
    }
    if (found.length > 0) signers.push(key);
  }
  if (signers.length === 0) {
    throw new ProtocolError("FS-NOTE-UNSIGNED", "no known key signed the note", {
      context: { signatures: note.signatures.map(({ name }) => name), known: keys.map(({ name }) => name) },
    });
  }
  return signers;
}
