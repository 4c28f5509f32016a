import { fromBase64, ProtocolError, toBase64, UsageError } from "../bytes/index.ts";
import { HASH_SIZE } from "./merkle-hash.ts";
import { decodeNote, encodeNote, isWellFormed, type Note, type NoteSignature } from "./note.ts";
import { type NoteKey, type SignFunction, signNote, type VerifyFunction, verifyNote } from "./note-key.ts";

/** The head of a log (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Name of the log; the key name of its signature is the same. */
  origin: string;
  /** Leaves of the tree. */
  size: number;
  /** Its Merkle Tree Hash, 32 bytes. */
  root: Uint8Array;
  /** Further lines, none empty. The specification advises against them. */
  extensions?: readonly string[];
}

/** A checkpoint as read: the note is kept, since signatures are over its exact text. */
export interface SignedCheckpoint extends Checkpoint {
  extensions: readonly string[];
  note: Note;
}

const LINE_BREAKING = /[\u0000-\u001f]/;
const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/;

/** Reads an ASCII decimal without leading zeros, up to 2^53 − 1; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  const n = DECIMAL.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(n) ? n : undefined;
}

/**
 * The text that is signed: origin, size, base64 root, extension lines.
 * @throws UsageError FS-CHECKPOINT-FIELD for what a checkpoint cannot say.
 */
export function checkpointText({ origin, size, root, extensions = [] }: Checkpoint): string {
  const badLine = (line: string) => line.length === 0 || LINE_BREAKING.test(line) || !isWellFormed(line);
  if (
    badLine(origin) ||
    extensions.some(badLine) ||
    !Number.isSafeInteger(size) ||
    size < 0 ||
    root.length !== HASH_SIZE
  ) {
    throw new UsageError("FS-CHECKPOINT-FIELD", "a checkpoint has an origin of one line, a size and a 32-byte root");
  }
  return `${[origin, size, toBase64(root), ...extensions].join("\n")}\n`;
}

/** Bytes of the signed note that carries the checkpoint. */
export function encodeCheckpoint(checkpoint: Checkpoint, signatures: readonly NoteSignature[]): Uint8Array {
  return encodeNote({ text: checkpointText(checkpoint), signatures });
}

/** Signs a checkpoint with the log's key and gives the note's bytes. */
export function signCheckpoint(checkpoint: Checkpoint, key: NoteKey, sign: SignFunction): Uint8Array {
  return signNote(checkpointText(checkpoint), key, sign);
}

/**
 * Reads a checkpoint without trusting it.
 * @throws ProtocolError FS-CHECKPOINT, FS-NOTE, FS-BASE64.
 */
export function decodeCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  const bad = (what: string) => new ProtocolError("FS-CHECKPOINT", `checkpoint: ${what}`);
  const note = decodeNote(bytes);
  const [origin = "", sizeText = "", rootText = "", ...extensions] = note.text.slice(0, -1).split("\n");
  const size = parseCount(sizeText);
  if (origin.length === 0) throw bad("the origin line is empty");
  if (size === undefined) throw bad("the second line is not a tree size");
  const root = fromBase64(rootText);
  if (root.length !== HASH_SIZE) throw bad(`the root has ${root.length} bytes, not 32`);
  if (extensions.some((line) => line.length === 0)) throw bad("an extension line is empty");
  return { origin, size, root, extensions, note };
}

/**
 * Reads a checkpoint and checks that the log's key signed it.
 * @param origin the log it must be of; the key's name by default.
 * @param verify in place of the portable one.
 * @throws ProtocolError FS-CHECKPOINT-ORIGIN, FS-NOTE-SIGNATURE, FS-NOTE-UNSIGNED and those of `decodeCheckpoint`.
 */
export function verifyCheckpoint(
  bytes: Uint8Array,
  key: NoteKey,
  origin = key.name,
  verify?: VerifyFunction,
): SignedCheckpoint {
  const checkpoint = decodeCheckpoint(bytes);
  if (checkpoint.origin !== origin) {
    throw new ProtocolError("FS-CHECKPOINT-ORIGIN", "the checkpoint is of another log", {
      context: { origin: checkpoint.origin, expected: origin },
    });
  }
  verifyNote(checkpoint.note, [key], verify);
  return checkpoint;
}
