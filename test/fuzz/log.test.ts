import { ed25519 } from "@noble/curves/ed25519.js";
import { it } from "vitest";
import { decodePackReadings, encodePackReadings, splitReadingsBundle } from "../../gateway/batch/readings-bundle.ts";
import { concatBytes, equalBytes, fromUtf8, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import {
  addNoteSignature,
  decodeCheckpoint,
  decodeEntryBundle,
  decodeNote,
  decodeTlogProof,
  decodeVkey,
  encodeCheckpoint,
  encodeEntryBundle,
  encodeNote,
  encodeTlogProof,
  encodeVkey,
  noteKey,
  parseTilePath,
  signCheckpoint,
  tilePath,
} from "../../protocols/log/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const secret = new Uint8Array(32).fill(7);
const key = noteKey("gateway.example/log", ed25519.getPublicKey(secret));
const sign = (message: Uint8Array) => ed25519.sign(message, secret);
const root = new Uint8Array(32).map((_, i) => 17 * i);

const checkpoints = [
  signCheckpoint({ origin: key.name, size: 0, root }, key, sign),
  signCheckpoint({ origin: "ünïcode", size: Number.MAX_SAFE_INTEGER, root, extensions: ["x", "y z"] }, key, sign),
  addNoteSignature(signCheckpoint({ origin: key.name, size: 123_456, root }, key, sign), {
    name: "witness.example",
    keyId: 0xffff_ffff,
    signature: new Uint8Array(72),
  }),
];

/** Refuses what does not encode to the same bytes again: the text forms have one spelling each. */
function onlySpelling(bytes: Uint8Array, again: Uint8Array): void {
  if (!equalBytes(bytes, again)) throw new Error("another spelling of the same value was accepted");
}

/** Decoders of text are fed what is text; the rest is refused before. */
function text(bytes: Uint8Array): string {
  const decoded = fromUtf8(bytes);
  if (decoded === undefined) throw new ProtocolError("FS-TEST-TEXT", "not UTF-8");
  return decoded;
}

it("mutated notes are refused or have one spelling", () => {
  fuzzDecoder({
    name: "decodeNote",
    corpus: checkpoints,
    decode: (bytes) => onlySpelling(bytes, encodeNote(decodeNote(bytes))),
  });
});

it("mutated checkpoints are refused or have one spelling", () => {
  fuzzDecoder({
    name: "decodeCheckpoint",
    corpus: checkpoints,
    seed: 2,
    decode: (bytes) => {
      const checkpoint = decodeCheckpoint(bytes);
      onlySpelling(bytes, encodeCheckpoint(checkpoint, checkpoint.note.signatures));
    },
  });
});

it("mutated tlog-proofs are refused or have one spelling", () => {
  const corpus = checkpoints.flatMap((checkpoint, i) => [
    encodeTlogProof({ index: 10 ** i, proof: Array<Uint8Array>(i).fill(root), checkpoint }),
    encodeTlogProof({ index: 0, proof: [root], checkpoint, extra: new Uint8Array(i) }),
  ]);
  fuzzDecoder({
    name: "decodeTlogProof",
    corpus,
    seed: 3,
    decode: (bytes) => onlySpelling(bytes, encodeTlogProof(decodeTlogProof(bytes))),
  });
});

it("mutated entry bundles are refused or have one spelling", () => {
  const corpus = [0, 1, 3, 256].map((count) =>
    encodeEntryBundle(Array.from({ length: count }, (_, i) => root.slice(0, i % 9))),
  );
  fuzzDecoder({
    name: "decodeEntryBundle",
    corpus,
    seed: 4,
    decode: (bytes) => onlySpelling(bytes, encodeEntryBundle(decodeEntryBundle(bytes))),
  });
});

it("mutated tile paths are refused or have one spelling", () => {
  const corpus = [
    tilePath({ level: 0, index: 0, width: 256 }),
    tilePath({ level: 63, index: 1_234_067, width: 8 }),
    tilePath({ level: "entries", index: Number.MAX_SAFE_INTEGER, width: 255 }),
  ].map(utf8);
  fuzzDecoder({
    name: "parseTilePath",
    corpus,
    seed: 5,
    maxBytes: 200,
    decode: (bytes) => onlySpelling(bytes, utf8(tilePath(parseTilePath(text(bytes))))),
  });
});

it("mutated verifier keys are refused or have one spelling but for the case of hex digits", () => {
  fuzzDecoder({
    name: "decodeVkey",
    corpus: [utf8(encodeVkey(key)), utf8(encodeVkey(noteKey("a", key.publicKey, 4)))],
    seed: 6,
    maxBytes: 300,
    decode: (bytes) => {
      const lower = (vkey: string) => utf8(vkey.replace(/\+[0-9a-fA-F]{8}\+/, (id) => id.toLowerCase()));
      onlySpelling(lower(text(bytes)), utf8(encodeVkey(decodeVkey(text(bytes)))));
    },
  });
});

it("mutated bundles of readings are refused or have one spelling", () => {
  const pack = (count: number) => encodePackReadings(Array.from({ length: count }, (_, i) => root.slice(0, 3 * i)));
  fuzzDecoder({
    name: "splitReadingsBundle",
    corpus: [concatBytes(pack(0), pack(3), encodePackReadings(undefined)), pack(9)],
    seed: 7,
    decode: (bytes) => {
      const packs = splitReadingsBundle(bytes).map(decodePackReadings);
      onlySpelling(bytes, concatBytes(...packs.map(encodePackReadings)));
    },
  });
});
