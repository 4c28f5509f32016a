import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** What every implementation of SHA-256 here offers: single messages, many at once, and the nodes of Merkle trees. */
export interface Sha256Engine {
  readonly name: "wasm-simd" | "portable";
  /** SHA-256 of the bytes: a new array of 32 bytes. */
  hash(bytes: Uint8Array): Uint8Array;
  /** SHA-256(prefix ‖ bytes): a new array of 32 bytes. */
  hashPrefixed(prefix: number, bytes: Uint8Array): Uint8Array;
  /** SHA-256(0x01 ‖ left ‖ right), 32 bytes each: a new array of 32 bytes. */
  hashNode(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** SHA-256(prefix ‖ message) of each message, 32 bytes each, one after the other. */
  hashAll(messages: readonly Uint8Array[], prefix: number): Uint8Array;
  /** SHA-256(0x01 ‖ pair) of each 64 bytes, 32 bytes each, one after the other. */
  hashPairs(pairs: Uint8Array): Uint8Array;
  /** Root over at least one 32-byte hash: pairs are hashed level by level, a last one without partner moves up. */
  hashTree(hashes: Uint8Array): Uint8Array;
}

/** What an interior node of a Merkle tree begins with (RFC 9162 §2.1.1). */
export const NODE_PREFIX = 0x01;

/** The engine where WebAssembly or its SIMD is missing or forbidden: @noble/hashes, message by message. */
export const portableEngine: Sha256Engine = {
  name: "portable",
  hash: (bytes) => nobleSha256(bytes),
  hashPrefixed: (prefix, bytes) => nobleSha256.create().update(Uint8Array.of(prefix)).update(bytes).digest(),
  hashNode: (left, right) =>
    nobleSha256.create().update(Uint8Array.of(NODE_PREFIX)).update(left).update(right).digest(),
  hashAll(messages, prefix) {
    const out = new Uint8Array(messages.length * 32);
    messages.forEach((message, i) => {
      out.set(portableEngine.hashPrefixed(prefix, message), 32 * i);
    });
    return out;
  },
  hashPairs(pairs) {
    const out = new Uint8Array(pairs.length / 2);
    const message = Uint8Array.of(NODE_PREFIX, ...new Uint8Array(64));
    for (let at = 0; at < pairs.length; at += 64) {
      message.set(pairs.subarray(at, at + 64), 1);
      out.set(nobleSha256(message), at / 2);
    }
    return out;
  },
  hashTree(hashes) {
    let level = hashes;
    while (level.length > 32) {
      const paired = level.length - (level.length % 64);
      const next = new Uint8Array(paired / 2 + (level.length - paired));
      next.set(portableEngine.hashPairs(level.subarray(0, paired)));
      next.set(level.subarray(paired), paired / 2);
      level = next;
    }
    return level.slice();
  },
};
