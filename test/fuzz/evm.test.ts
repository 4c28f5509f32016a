import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeOutboxEntry, encodeOutboxEntry, type OutboxEntry } from "../../gateway/coordinator/outbox.ts";
import { equalBytes, fromHex, utf8 } from "../../protocols/bytes/index.ts";
import {
  buildReceiptProof,
  buildTrieProof,
  decodeHeader,
  decodeReceipt,
  decodeRlp,
  decodeTransaction,
  encodeReceipt,
  encodeRlp,
  keccak256,
  type Receipt,
  type RlpValue,
  rlpUint,
  signedTransaction,
  signTransaction,
  transactionSender,
  verifyReceiptProof,
  verifyTrieProof,
} from "../../protocols/evm/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const fill = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const sample = <T>(values: fc.Arbitrary<T>, count = 12): T[] => fc.sample(values, { numRuns: count, seed: 7 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const receipts: Receipt[] = sample(
  fc.record({
    type: fc.constantFrom(0, 1, 2, 3, 4),
    status: fc.boolean(),
    cumulativeGasUsed: fc.bigInt({ min: 0n, max: 30_000_000n }),
    logs: fc.array(
      fc.record({
        address: bytes(20),
        topics: fc.array(bytes(32), { maxLength: 4 }),
        data: fc.uint8Array({ maxLength: 80 }),
      }),
      { maxLength: 3 },
    ),
  }),
);

function headerWith(receiptsRoot: Uint8Array, forks: number): Uint8Array {
  const base: RlpValue[] = [
    fill(32, 1),
    fill(32, 2),
    fill(20, 3),
    fill(32, 4),
    fill(32, 5),
    receiptsRoot,
    fill(256, 0),
  ];
  const numbers = [0n, 123_456n, 30_000_000n, 21_000n, 1_800_000_000n].map(rlpUint);
  const tail: RlpValue[] = [utf8("extra"), fill(32, 6), fill(8, 0)];
  const later: RlpValue[] = [rlpUint(7n), fill(32, 8), rlpUint(0n), rlpUint(0n), fill(32, 9), fill(32, 10)];
  return encodeRlp([...base, ...numbers, ...tail, ...later.slice(0, forks)]);
}

const encoded = receipts.map(encodeReceipt);
const trie = encoded.map((value, index) => ({ key: encodeRlp(rlpUint(BigInt(index))), value }));
const { root } = buildTrieProof(trie, trie[0]!.key);
const headers = [0, 1, 3, 6].map((forks) => headerWith(root, forks));
const proofs = encoded.map((_, index) => buildReceiptProof(headers[3]!, encoded, index));

const transactions = sample(
  fc.record({
    chainId: fc.bigInt({ min: 1n, max: 1n << 40n }),
    nonce: fc.bigInt({ min: 0n, max: 1n << 30n }),
    maxPriorityFeePerGas: fc.bigInt({ min: 0n, max: 1n << 40n }),
    maxFeePerGas: fc.bigInt({ min: 1n << 40n, max: 1n << 50n }),
    gas: fc.bigInt({ min: 21_000n, max: 1n << 30n }),
    to: fc.option(bytes(20), { nil: undefined }),
    value: fc.bigInt({ min: 0n, max: 1n << 80n }),
    data: fc.uint8Array({ maxLength: 120 }),
  }),
).map((fields) => signTransaction(fields, fill(32, 7)));

/** A whole receipt proof as one RLP value, so that a mutation may hit any part of it. */
const packed = proofs.map(({ headerRlp, proof, transactionIndex }) =>
  encodeRlp([headerRlp, [...proof], rlpUint(BigInt(transactionIndex))]),
);
const parts = (value: RlpValue): RlpValue[] => (value instanceof Uint8Array ? [] : [...value]);
const leaf = (value: RlpValue | undefined): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array(0));

describe("EVM decoders under mutation", () => {
  it("RLP", () => {
    fuzzDecoder({
      name: "rlp",
      corpus: [
        ...encoded.map((item) => (item[0]! < 0xc0 ? item.subarray(1) : item)),
        ...headers,
        ...transactions.map((raw) => raw.subarray(1)),
        fromHex("c7c0c1c0c3c0c1c0"),
      ],
      decode(input) {
        if (!equalBytes(encodeRlp(decodeRlp(input)), input)) throw new Error("two encodings of one value");
      },
    });
  });

  it("block headers", () => {
    fuzzDecoder({ name: "header", corpus: headers, decode: decodeHeader });
  });

  it("receipts", () => {
    fuzzDecoder({ name: "receipt", corpus: encoded, decode: decodeReceipt });
  });

  it("transactions", () => {
    fuzzDecoder({
      name: "transaction",
      corpus: transactions,
      decode(input) {
        const { fields, signature } = decodeTransaction(input);
        if (!equalBytes(signedTransaction(fields, signature), input))
          throw new Error("two encodings of one transaction");
      },
    });
  });

  it("senders of transactions", () => {
    fuzzDecoder({
      name: "sender",
      corpus: transactions,
      count: 2_000,
      decode: (input) => transactionSender(decodeTransaction(input)),
    });
  });

  it("receipt proofs", () => {
    fuzzDecoder({
      name: "receipt proof",
      corpus: packed,
      decode(input) {
        const [headerRlp, proof, index] = parts(decodeRlp(input));
        return verifyReceiptProof({
          headerRlp: leaf(headerRlp),
          proof: parts(proof ?? []).map(leaf),
          transactionIndex: leaf(index)[0] ?? 0,
        });
      },
    });
  });

  it("trie nodes, each taken for a root of its own", () => {
    // Short values are embedded, so that one node holds branches, extensions and leaves.
    const small = (keys: number[][]) => keys.map((key) => ({ key: Uint8Array.from(key), value: Uint8Array.from(key) }));
    const tries = [[[1]], [[1], [2]], [[1], [1, 2]], [[1], [0x11], [0x21]], [[1], [2], [3, 4]]].map(small);
    fuzzDecoder({
      name: "trie node",
      corpus: tries.map((entries) => buildTrieProof(entries, Uint8Array.of(1)).proof[0]!),
      decode: (input) => verifyTrieProof(keccak256(input), Uint8Array.of(1), [input]),
    });
  });

  it("outbox records", () => {
    const entries: OutboxEntry[] = transactions.map((raw, i) => ({
      id: BigInt(i + 1),
      task:
        i % 2 === 0
          ? { kind: "commit", seq: BigInt(i), size: 1n << 40n, root: fill(32, i) }
          : { kind: "call", label: "register fs:00", to: fill(20, i), data: fill(40, i) },
      attempts: [raw],
      state: i % 3 === 0 ? "done" : "open",
      ...(i % 3 === 0
        ? {
            anchor: {
              ...proofs[i]!,
              chainId: 31337n,
              transactionHash: fill(32, 1),
              blockNumber: 9n,
              blockHash: fill(32, 2),
            },
          }
        : {}),
    }));
    fuzzDecoder({
      name: "outbox record",
      corpus: entries.map(encodeOutboxEntry),
      decode(input) {
        if (!equalBytes(encodeOutboxEntry(decodeOutboxEntry(input)), input))
          throw new Error("two encodings of one entry");
      },
    });
  });

  it("bombs cost nothing: a length or a nesting that is not there is refused before it is built", () => {
    const deep = fill(4096, 0xc1);
    expect(() => decodeRlp(deep)).toThrow(/bytes where|too deep/);
    expect(() => decodeRlp(fromHex("fbffffffff"))).toThrow(/are left/);
    expect(() => decodeRlp(encodeRlp(Array.from({ length: 70_000 }, () => new Uint8Array(0))))).toThrow(
      /too many items/,
    );
  });
});
