import { fromBase64, fromUtf8, ProtocolError, toBase64, UsageError, utf8 } from "../bytes/index.ts";
import { parseCount, type SignedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { type Cosignature, verifyCosignatures } from "./cosignature.ts";
import { HASH_SIZE } from "./merkle-hash.ts";
import { MAX_NOTE_LENGTH } from "./note.ts";
import type { NoteKey } from "./note-key.ts";
import { verifyInclusion } from "./proofs.ts";

/** An offline proof that an entry is in a log (C2SP tlog-proof, file extension `.tlog-proof`). */
export interface TlogProof {
  index: number;
  /** Inclusion proof, the leaf's sibling first. */
  proof: readonly Uint8Array[];
  /** The checkpoint's note, byte for byte. */
  checkpoint: Uint8Array;
  /** Opaque and not authenticated. */
  extra?: Uint8Array;
}

const HEADER = "c2sp.org/tlog-proof@v1";

/** A tree of 2^53 leaves has proofs of 53 hashes; the format allows trees up to 2^63. */
const MAX_HASHES = 63;
const MAX_LENGTH = 2 * MAX_NOTE_LENGTH;

/** @throws UsageError FS-TLOG-PROOF-FIELD for an index or hash that the format cannot carry. */
export function encodeTlogProof({ index, proof, checkpoint, extra }: TlogProof): Uint8Array {
  const note = fromUtf8(checkpoint);
  if (
    !Number.isSafeInteger(index) ||
    index < 0 ||
    proof.length > MAX_HASHES ||
    proof.some((h) => h.length !== HASH_SIZE)
  ) {
    throw new UsageError("FS-TLOG-PROOF-FIELD", "a proof has an index and up to 63 hashes of 32 bytes");
  }
  if (note === undefined) throw new UsageError("FS-TLOG-PROOF-FIELD", "the checkpoint is not text");
  const lines = [HEADER, ...(extra ? [`extra ${toBase64(extra)}`] : []), `index ${index}`, ...proof.map(toBase64)];
  return utf8(`${lines.join("\n")}\n\n${note}`);
}

/**
 * Reads a proof without trusting it.
 * @throws ProtocolError FS-TLOG-PROOF, FS-BASE64.
 */
export function decodeTlogProof(bytes: Uint8Array): TlogProof {
  const bad = (what: string) => new ProtocolError("FS-TLOG-PROOF", `tlog-proof: ${what}`);
  if (bytes.length > MAX_LENGTH) throw bad(`${bytes.length} bytes are more than ${MAX_LENGTH}`);
  const text = fromUtf8(bytes);
  if (text === undefined) throw bad("not valid UTF-8");
  // No line before the checkpoint is empty, so the first empty line ends the proof's own part.
  const blank = text.indexOf("\n\n");
  if (blank < 0) throw bad("no empty line before the checkpoint");
  const lines = text.slice(0, blank).split("\n");
  if (lines.shift() !== HEADER) throw bad(`the first line is not ${HEADER}`);
  let line = lines.shift();
  let extra: Uint8Array | undefined;
  if (line?.startsWith("extra ")) {
    extra = fromBase64(line.slice("extra ".length));
    line = lines.shift();
  }
  const index = line?.startsWith("index ") ? parseCount(line.slice("index ".length)) : undefined;
  if (index === undefined) throw bad("no line with the entry's index");
  if (lines.length > MAX_HASHES) throw bad(`${lines.length} hashes are more than ${MAX_HASHES}`);
  const proof = lines.map(fromBase64);
  if (proof.some((hash) => hash.length !== HASH_SIZE)) throw bad("a hash has not 32 bytes");
  return { index, proof, checkpoint: utf8(text.slice(blank + 2)), ...(extra ? { extra } : {}) };
}

export interface TlogProofTrust {
  /** Leaf hash of the entry that is to be in the log. */
  leafHash: Uint8Array;
  /** The log's key. */
  key: NoteKey;
  /** Name of the log; the key's name by default. */
  origin?: string;
  /** Witnesses whose cosignatures are checked. */
  witnesses?: readonly NoteKey[];
  /** How many of them must have cosigned; 0 by default. */
  quorum?: number;
}

/**
 * The four steps of C2SP tlog-proof's verification; the leaf hash comes from the caller.
 * @throws ProtocolError FS-TLOG-PROOF-INCLUSION, FS-TLOG-PROOF-QUORUM, FS-CHECKPOINT-ORIGIN, FS-NOTE-SIGNATURE, …
 */
export function verifyTlogProof(
  { index, proof, checkpoint }: TlogProof,
  { leafHash, key, origin = key.name, witnesses = [], quorum = 0 }: TlogProofTrust,
): { checkpoint: SignedCheckpoint; cosignatures: Cosignature[] } {
  const head = verifyCheckpoint(checkpoint, key, origin);
  const cosignatures = verifyCosignatures(head.note, witnesses);
  if (cosignatures.length < quorum) {
    throw new ProtocolError("FS-TLOG-PROOF-QUORUM", `${cosignatures.length} of ${quorum} witnesses cosigned`, {
      context: { cosigned: cosignatures.length, quorum },
    });
  }
  if (!verifyInclusion({ index, size: head.size, leafHash, proof, root: head.root })) {
    throw new ProtocolError("FS-TLOG-PROOF-INCLUSION", `the proof does not lead from entry ${index} to the root`, {
      context: { index, size: head.size },
    });
  }
  return { checkpoint: head, cosignatures };
}
