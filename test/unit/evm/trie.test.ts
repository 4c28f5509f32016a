import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError, UsageError } from "../../../protocols/bytes/errors.ts";
import { fromHex, toHex } from "../../../protocols/bytes/text.ts";
import { buildTrieProof, EMPTY_TRIE_ROOT, type TrieEntry, verifyTrieProof } from "../../../protocols/evm/index.ts";

const text = (value: string) => new TextEncoder().encode(value);
const entries = (pairs: [string, string][]): TrieEntry[] => pairs.map(([k, v]) => ({ key: text(k), value: text(v) }));

describe("Merkle-Patricia trie", () => {
  it("has the published empty root", () => {
    expect(toHex(EMPTY_TRIE_ROOT as Uint8Array)).toBe(
      "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    );
  });

  // ethereum/tests, TrieTests/trieanyorder.json: puppy, dogs, foo, smallValues.
  it.each<[string, [string, string][], string]>([
    ["singleItem", [["A", "a".repeat(50)]], "d23786fb4a010da3ce639d66d5e904a11dbc02746d1ce25029e53290cabf28ab"],
    [
      "dogs",
      [
        ["doe", "reindeer"],
        ["dog", "puppy"],
        ["dogglesworth", "cat"],
      ],
      "8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3",
    ],
    [
      "puppy",
      [
        ["do", "verb"],
        ["horse", "stallion"],
        ["doge", "coin"],
        ["dog", "puppy"],
      ],
      "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
    ],
    [
      "foo",
      [
        ["foo", "bar"],
        ["food", "bass"],
      ],
      "17beaa1648bafa633cda809c90c04af50fc8aed3cb40d16efbddee6fdf63c4c3",
    ],
    [
      "smallValues",
      [
        ["be", "e"],
        ["dog", "puppy"],
        ["bed", "d"],
      ],
      "3f67c7a47520f79faa29255d2d3c084a7a6df0453116ed7232ff10277a8be68b",
    ],
  ])("has the published root of %s and proves each of its values", (_, pairs, root) => {
    for (const { key, value } of entries(pairs)) {
      const built = buildTrieProof(entries(pairs), key);
      expect(toHex(built.root)).toBe(root);
      expect(verifyTrieProof(fromHex(root), key, built.proof)).toEqual(value);
    }
  });

  const trie = fc.uniqueArray(
    fc.record({
      key: fc.uint8Array({ minLength: 1, maxLength: 4 }),
      value: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    }),
    { minLength: 1, maxLength: 60, selector: (entry) => toHex(entry.key) },
  );

  it("proves every value of any trie, and only under its own key", () => {
    fc.assert(
      fc.property(trie, fc.nat(), fc.nat(), (all, pick, other) => {
        const wanted = all[pick % all.length]!;
        const { root, proof } = buildTrieProof(all, wanted.key);
        expect(toHex(verifyTrieProof(root, wanted.key, proof))).toBe(toHex(wanted.value));
        const foreign = all[other % all.length]!;
        if (foreign !== wanted && proof.length > 1) {
          const shown = (() => {
            try {
              return verifyTrieProof(root, foreign.key, proof);
            } catch (error) {
              expect(error).toBeInstanceOf(ProtocolError);
              return foreign.value;
            }
          })();
          expect(toHex(shown)).toBe(toHex(foreign.value));
        }
      }),
      { numRuns: 400 },
    );
  });

  it("finds every flipped bit, missing node and extra node", () => {
    const all = Array.from({ length: 40 }, (_, i) => ({
      key: Uint8Array.of(i),
      value: new Uint8Array(40).fill(i + 1),
    }));
    const { root, proof } = buildTrieProof(all, Uint8Array.of(17));
    expect(proof.length).toBeGreaterThan(1);
    proof.forEach((node, n) => {
      for (let bit = 0; bit < node.length * 8; bit++) {
        const flipped = node.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const broken = proof.with(n, flipped);
        expect(() => verifyTrieProof(root, Uint8Array.of(17), broken)).toThrow(ProtocolError);
      }
    });
    expect(() => verifyTrieProof(root, Uint8Array.of(17), proof.slice(0, -1))).toThrow(/missing/);
    expect(() => verifyTrieProof(root, Uint8Array.of(17), [...proof, proof[0]!])).toThrow(/unused/);
    expect(() => verifyTrieProof(root, Uint8Array.of(17), [])).toThrow(ProtocolError);
    expect(() => verifyTrieProof(root, Uint8Array.of(99), proof)).toThrow(ProtocolError);
  });

  it("refuses entries that make no trie", () => {
    const one = { key: Uint8Array.of(1), value: Uint8Array.of(1) };
    expect(() => buildTrieProof([one, one], one.key)).toThrow(UsageError);
    expect(() => buildTrieProof([{ ...one, value: new Uint8Array(0) }], one.key)).toThrow(UsageError);
    expect(() => buildTrieProof([one], Uint8Array.of(2))).toThrow(UsageError);
  });
});
