import { createHash } from "node:crypto";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, sha256, sha256Engine, toHex, utf8 } from "../../../protocols/bytes/index.ts";
import { portableEngine } from "../../../protocols/bytes/sha256-engine.ts";
import { wasmEngine } from "../../../protocols/bytes/sha256-simd.ts";
import { sha256Module } from "../../../protocols/bytes/sha256-wasm.ts";

/** Bytes that look random and are the same in every run. */
function pseudo(length: number, seed = 1): Uint8Array {
  let x = seed >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return x >>> 24;
  });
}

const native = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const rows = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / 32 }, (_, i) => toHex(bytes.subarray(32 * i, 32 * i + 32)));

const wasm = wasmEngine();
if (wasm === undefined) throw new Error("this Node has no WebAssembly SIMD");

it("runs on WebAssembly here", () => {
  expect(sha256Engine().name).toBe("wasm-simd");
});

it("is a module that a browser's main thread may compile: at most 4 kB", () => {
  expect(sha256Module(1).length).toBeLessThanOrEqual(4096);
});

it("falls back to noble where WebAssembly is missing", () => {
  const host = globalThis as { WebAssembly?: unknown };
  const kept = host.WebAssembly;
  try {
    host.WebAssembly = undefined;
    expect(wasmEngine()).toBeUndefined();
    // A content security policy forbids compiling; a machine without SIMD refuses the module.
    host.WebAssembly = {
      Module: class {
        constructor() {
          throw new TypeError("forbidden");
        }
      },
    };
    expect(wasmEngine()).toBeUndefined();
  } finally {
    host.WebAssembly = kept;
  }
});

// FIPS 180-4 examples, as published with RFC 6234 §8.5.
it("hashes the published examples", () => {
  expect(toHex(sha256(utf8("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(toHex(sha256(utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")))).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
  expect(toHex(sha256(new Uint8Array(1_000_000).fill(0x61)))).toBe(
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
});

describe.each([wasm, portableEngine])("$name engine", (engine) => {
  it("agrees with noble and OpenSSL for every length from 0 to 300", () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = pseudo(length, length + 1);
      expect(toHex(engine.hash(bytes)), `${length} bytes`).toBe(toHex(nobleSha256(bytes)));
      expect(toHex(engine.hash(bytes)), `${length} bytes`).toBe(toHex(native(bytes)));
    }
  });

  it("agrees at the edges of the parts that long messages go through, and for megabytes", () => {
    const part = 0x20000;
    for (const length of [part - 73, part - 9, part - 1, part, part + 1, 2 * part - 8, 2 * part, 3_000_017]) {
      const bytes = pseudo(length, length);
      expect(toHex(engine.hash(bytes)), `${length} bytes`).toBe(toHex(native(bytes)));
    }
  });

  it("hashes behind a prefix, and single nodes between other work", () => {
    for (const length of [0, 54, 55, 64, 118, 119, 5000, 0x20000 - 10, 0x20000 - 1, 0x20000, 0x20001]) {
      const bytes = pseudo(length, length + 2);
      const expected = toHex(native(Uint8Array.of(9), bytes));
      expect(toHex(engine.hashPrefixed(9, bytes)), `${length} bytes`).toBe(expected);
      const [left, right] = [pseudo(32, length), pseudo(32, length + 1)];
      expect(toHex(engine.hashNode(left, right))).toBe(toHex(native(Uint8Array.of(1), left, right)));
    }
  });

  it("takes views at every alignment", () => {
    const bytes = pseudo(400);
    for (let offset = 0; offset < 17; offset++) {
      for (const length of [0, 1, 31, 64, 65, 200]) {
        const view = bytes.subarray(offset, offset + length);
        expect(toHex(engine.hash(view))).toBe(toHex(native(view)));
      }
    }
  });

  it("leaves its input alone and returns arrays of their own", () => {
    const bytes = pseudo(64);
    const before = toHex(bytes);
    const [one, two] = [engine.hash(bytes), engine.hash(bytes)];
    one.fill(0);
    expect(toHex(two)).toBe(toHex(native(bytes)));
    engine.hashPairs(bytes);
    const single = engine.hashTree(bytes.subarray(0, 32));
    single.fill(0);
    expect(toHex(bytes)).toBe(before);
  });

  it("hashes 0 to 9 messages at once, and mixed lengths", () => {
    for (let count = 0; count <= 9; count++) {
      const messages = Array.from({ length: count }, (_, i) => pseudo(70, i + 1));
      expect(rows(engine.hashAll(messages, 7)), `${count} messages`).toEqual(
        messages.map((message) => toHex(native(Uint8Array.of(7), message))),
      );
    }
    const lengths = [
      0, 54, 55, 56, 118, 119, 120, 0, 4000, 4022, 4023, 4024, 4100, 9000, 55, 54, 3, 250, 251, 249, 250,
    ];
    const messages = lengths.map((length, i) => pseudo(length, i + 9));
    expect(rows(engine.hashAll(messages, 0))).toEqual(messages.map((m) => toHex(native(Uint8Array.of(0), m))));
  });

  it("hashes messages of any lengths at once (property)", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 40 }), fc.nat(255), (messages, prefix) => {
        expect(rows(engine.hashAll(messages, prefix))).toEqual(
          messages.map((message) => toHex(native(Uint8Array.of(prefix), message))),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("hashes 1 to 9 pairs, every last byte, and more than one part of them", () => {
    const expected = (pairs: Uint8Array) =>
      Array.from({ length: pairs.length / 64 }, (_, i) =>
        toHex(native(Uint8Array.of(1), pairs.subarray(64 * i, 64 * i + 64))),
      );
    expect(engine.hashPairs(new Uint8Array(0))).toEqual(new Uint8Array(0));
    for (let count = 1; count <= 9; count++) {
      const pairs = pseudo(64 * count, count);
      expect(rows(engine.hashPairs(pairs)), `${count} pairs`).toEqual(expected(pairs));
    }
    const pairs = pseudo(64 * 5000, 3);
    for (let i = 0; i < 256; i++) pairs[64 * i + 63] = i;
    expect(rows(engine.hashPairs(pairs))).toEqual(expected(pairs));
  });

  it("hashes a tree level by level, the lone last one moving up", () => {
    const reference = (hashes: Uint8Array[]): Uint8Array => {
      if (hashes.length === 1) return hashes[0]!;
      const next: Uint8Array[] = [];
      for (let i = 0; i + 1 < hashes.length; i += 2) next.push(native(Uint8Array.of(1), hashes[i]!, hashes[i + 1]!));
      if (hashes.length % 2 === 1) next.push(hashes.at(-1)!);
      return reference(next);
    };
    for (const count of [...Array(40).keys()].map((i) => i + 1).concat(100, 4095, 4096, 4097, 8193, 12_345)) {
      const leaves = Array.from({ length: count }, (_, i) => pseudo(32, i + count));
      expect(toHex(engine.hashTree(concatBytes(...leaves))), `${count} leaves`).toBe(toHex(reference(leaves)));
    }
  });
});
