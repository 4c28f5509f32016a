import { ed25519 } from "@noble/curves/ed25519.js";
import type { LogEntry, LogHead } from "../../gateway/batch/index.ts";
import { utf8 } from "../../protocols/bytes/index.ts";
import { leafHash, MerkleTree, noteKey, signCheckpoint } from "../../protocols/log/index.ts";

const secret = new Uint8Array(32).fill(3);

/** The key of the tests' log, whose name is `gateway.example/log`. */
export const logKey = noteKey("gateway.example/log", ed25519.getPublicKey(secret));

export const signHead = ({ origin, size, root }: LogHead & { origin: string }): Uint8Array =>
  signCheckpoint({ origin, size, root }, logKey, (message) => ed25519.sign(message, secret));

/** Entry `i` of the tests' log: the same bytes whenever it is made. */
export const logEntry = (i: number): LogEntry => ({
  attestation: utf8(`attestation ${i} ${"x".repeat(i % 7)}`),
  readings: Array.from({ length: i % 4 }, (_, n) => utf8(`reading ${i}.${n}`)),
});

export const logEntries = (from: number, to: number): LogEntry[] =>
  Array.from({ length: to - from }, (_, i) => logEntry(from + i));

/** The tree that a log of the first `size` entries must have. */
export function logTree(size: number): MerkleTree {
  const tree = new MerkleTree();
  for (let i = 0; i < size; i++) tree.append(leafHash(logEntry(i).attestation));
  return tree;
}
