import { ByteReader, ByteWriter, ProtocolError, UsageError, utf8 } from "../bytes/index.ts";
import { verifyEd25519 } from "../ed25519/index.ts";
import type { Note, NoteSignature } from "./note.ts";
import { type NoteKey, NoteKeyType, type SignFunction, signaturesOf } from "./note-key.ts";

/** A witness's word, valid: at `time` it had seen no larger tree of this log, and this one consistent with it. */
export interface Cosignature {
  key: NoteKey;
  /** Seconds since 1970. */
  time: bigint;
}

/** What a witness signs (C2SP tlog-cosignature, Ed25519): two header lines, then the checkpoint's text. */
function cosignedMessage(text: string, time: bigint): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`);
}

/** A witness's signature line over a checkpoint's note; `time` is in seconds since 1970. */
export function cosign(note: Note, key: NoteKey, time: bigint, sign: SignFunction): NoteSignature {
  if (key.type !== NoteKeyType.cosignature || time < 0n || time > 0x7fff_ffff_ffff_ffffn) {
    throw new UsageError("FS-COSIGNATURE-KEY", "a cosignature needs a key of type 4 and a time in seconds since 1970");
  }
  const signature = sign(cosignedMessage(note.text, time));
  return { name: key.name, keyId: key.keyId, signature: new ByteWriter(72).u64(time).bytes(signature).finish() };
}

/**
 * Checks the cosignatures of known witnesses. Signatures of others are ignored; how many are enough is the caller's policy.
 * @throws ProtocolError FS-COSIGNATURE when the signature of a known witness is wrong.
 */
export function verifyCosignatures(note: Note, witnesses: readonly NoteKey[]): Cosignature[] {
  const valid: Cosignature[] = [];
  for (const key of witnesses) {
    if (key.type !== NoteKeyType.cosignature) continue;
    const found = signaturesOf(note, key).map(({ signature }) => {
      const reader = new ByteReader(signature, "FS-COSIGNATURE");
      const time = reader.u64();
      // The specification bounds the time at 2^63 − 1.
      if (
        time >> 63n ||
        !verifyEd25519(key.publicKey, cosignedMessage(note.text, time), reader.take(reader.remaining))
      ) {
        throw new ProtocolError("FS-COSIGNATURE", `the cosignature of ${key.name} is not over this checkpoint`, {
          context: { key: key.name },
        });
      }
      return { key, time };
    });
    // One witness counts once, however often it signed: by its newest word.
    const newest = found.sort((a, b) => (a.time < b.time ? 1 : -1))[0];
    if (newest !== undefined) valid.push(newest);
  }
  return valid;
}
