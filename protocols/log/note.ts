import {
  ByteReader,
  concatBytes,
  fromBase64,
  fromUtf8,
  ProtocolError,
  toBase64,
  UsageError,
  utf8,
} from "../bytes/index.ts";

/**
 * C2SP signed-note:
 *
 *     text, one or more lines
 *     <empty line>
 *     — <key name> base64(key id 4 ‖ signature)
 */
export interface Note {
  /** The signed text, with its final newline. */
  text: string;
  signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  /** Key name: not empty, no white space, no `+`. */
  name: string;
  /** First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), as u32. */
  keyId: number;
  signature: Uint8Array;
}

/** Longest note read: 16 signatures of post-quantum size (the specification's floor) fit. */
export const MAX_NOTE_LENGTH = 128 * 1024;

/** More signatures than the 16 every reader must accept, and few enough to check them all. */
const MAX_SIGNATURES = 64;

const DASH = "\u2014 ";
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const BAD_NAME = /[\p{White_Space}+]/u;

function bad(what: string, context: Record<string, unknown> = {}): ProtocolError {
  return new ProtocolError("FS-NOTE", `signed note: ${what}`, { context });
}

/** Whether the string has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** Whether a key may have this name (C2SP signed-note: not empty, no Unicode space, no plus, no control character). */
export function isKeyName(name: string): boolean {
  return name.length > 0 && !BAD_NAME.test(name) && !CONTROL.test(name) && isWellFormed(name);
}

/** The note's bytes. @throws UsageError FS-NOTE-TEXT for a text or key name that a note cannot carry. */
export function encodeNote({ text, signatures }: Note): Uint8Array {
  if (!text.endsWith("\n") || CONTROL.test(text) || !isWellFormed(text)) {
    throw new UsageError("FS-NOTE-TEXT", "a note's text ends in a newline and has no other control character");
  }
  if (signatures.length === 0) throw new UsageError("FS-NOTE-TEXT", "a note has at least one signature");
  let out = `${text}\n`;
  for (const { name, keyId, signature } of signatures) {
    if (!isKeyName(name)) throw new UsageError("FS-NOTE-TEXT", "a key name has no white space and no plus");
    const id = new Uint8Array(4);
    new DataView(id.buffer).setUint32(0, keyId);
    out += `${DASH}${name} ${toBase64(concatBytes(id, signature))}\n`;
  }
  return utf8(out);
}

function decodeSignatureLine(line: string, at: number): NoteSignature {
  if (!line.startsWith(DASH))
    throw bad(`signature line ${at} does not begin with an em dash and a space`, { line: at });
  const space = line.indexOf(" ", DASH.length);
  const name = line.slice(DASH.length, space < 0 ? line.length : space);
  if (space < 0 || !isKeyName(name)) throw bad(`signature line ${at} has no valid key name`, { line: at });
  const reader = new ByteReader(fromBase64(line.slice(space + 1)), "FS-NOTE");
  const keyId = reader.u32();
  if (reader.remaining === 0) throw bad(`signature line ${at} has no signature`, { line: at });
  return { name, keyId, signature: reader.take(reader.remaining) };
}

/**
 * Reads a note without trusting it: the text counts for nothing before `verifyNote`.
 * @throws ProtocolError FS-NOTE, FS-BASE64.
 */
export function decodeNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE_LENGTH) throw bad(`${bytes.length} bytes are more than ${MAX_NOTE_LENGTH}`);
  const all = fromUtf8(bytes);
  if (all === undefined) throw bad("not valid UTF-8");
  const control = CONTROL.exec(all);
  if (control !== null) throw bad("a control character other than newline", { at: control.index });
  if (!all.endsWith("\n")) throw bad("no newline at the end");
  // The last empty line parts text and signatures; the text may have empty lines of its own.
  const blank = all.lastIndexOf("\n\n");
  if (blank < 0) throw bad("no empty line between text and signatures");
  const lines = all.slice(blank + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw bad(`${lines.length} signatures are more than ${MAX_SIGNATURES}`);
  return { text: all.slice(0, blank + 1), signatures: lines.map((line, i) => decodeSignatureLine(line, i)) };
}
