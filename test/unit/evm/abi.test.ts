import { encodeAbiParameters, encodeFunctionData, parseAbi, parseAbiParameters } from "viem";
import { describe, expect, it } from "vitest";
import { ProtocolError, UsageError } from "../../../protocols/bytes/errors.ts";
import { toHex } from "../../../protocols/bytes/text.ts";
import {
  commitmentsOf,
  decodeCommitted,
  decodeWords,
  encodeArguments,
  encodeCall,
  encodeCommit,
  eventTopic,
  type Log,
  wordToAddress,
  wordToUint,
} from "../../../protocols/evm/index.ts";

const hex = (bytes: Uint8Array) => `0x${toHex(bytes)}` as const;
const fill = (length: number, byte: number) => new Uint8Array(length).fill(byte);

describe("ABI calls", () => {
  it("encodes commit as viem does", () => {
    const root = fill(32, 9);
    const theirs = encodeFunctionData({
      abi: parseAbi(["function commit(uint64 seq, uint64 size, bytes32 root)"]),
      args: [7n, 1n << 63n, hex(root)],
    });
    expect(hex(encodeCommit({ seq: 7n, size: 1n << 63n, root }))).toBe(theirs);
  });

  it("encodes tuples with dynamic parts, arrays and bytes as viem does", () => {
    const theirs = encodeAbiParameters(
      parseAbiParameters("(address a, bytes b, uint40 c) x, bytes32[] y, (uint8 d, bool e) z, bytes w, bytes4 s"),
      [
        { a: hex(fill(20, 1)), b: hex(fill(33, 2)), c: 3 },
        [hex(fill(32, 4)), hex(fill(32, 5))],
        { d: 6, e: true },
        "0x",
        hex(fill(4, 8)),
      ],
    );
    const ours = encodeArguments("((address,bytes,uint40),bytes32[],(uint8,bool),bytes,bytes4)", [
      [fill(20, 1), fill(33, 2), 3n],
      [fill(32, 4), fill(32, 5)],
      [6n, 1n],
      new Uint8Array(0),
      fill(4, 8),
    ]);
    expect(hex(ours)).toBe(theirs);
  });

  it("refuses values that do not fit", () => {
    expect(() => encodeCall("f(uint8)", [256n])).toThrow(UsageError);
    expect(() => encodeCall("f(uint8)", [-1n])).toThrow(UsageError);
    expect(() => encodeCall("f(uint8)", [fill(1, 1)])).toThrow(UsageError);
    expect(() => encodeCall("f(address)", [fill(19, 1)])).toThrow(UsageError);
    expect(() => encodeCall("f(bytes)", [1n])).toThrow(UsageError);
    expect(() => encodeCall("f(bytes32[])", [1n])).toThrow(UsageError);
    expect(() => encodeCall("f((uint8))", [1n])).toThrow(UsageError);
    expect(() => encodeCall("f(uint8,uint8)", [1n])).toThrow(UsageError);
    expect(() => encodeCall("f(uint7)", [1n])).toThrow(UsageError);
    expect(() => encodeCall("commit", [])).toThrow(UsageError);
  });

  it("reads words", () => {
    const words = decodeWords(fill(64, 0), 2);
    expect(words.length).toBe(2);
    expect(() => decodeWords(fill(63, 0), 2)).toThrow(ProtocolError);
    expect(wordToUint(fill(32, 0), 64)).toBe(0n);
    expect(() => wordToUint(fill(32, 1), 64)).toThrow(ProtocolError);
    expect(() => wordToAddress(fill(32, 1))).toThrow(ProtocolError);
  });
});

describe("Committed events", () => {
  const ledger = fill(20, 0xaa);
  const log: Log = {
    address: ledger,
    topics: [
      eventTopic("Committed(address,uint64,uint64,bytes32)"),
      encodeArguments("(address)", [fill(20, 1)]),
      encodeArguments("(uint64)", [5n]),
    ],
    data: encodeArguments("(uint64,bytes32)", [77n, fill(32, 3)]),
  };
  const receipt = { type: 2, status: true, cumulativeGasUsed: 1n, logs: [log] };

  it("are read from a receipt of the ledger only", () => {
    expect(commitmentsOf(receipt, ledger)).toEqual([{ gateway: fill(20, 1), seq: 5n, size: 77n, root: fill(32, 3) }]);
    expect(commitmentsOf(receipt, fill(20, 0xbb))).toEqual([]);
    expect(commitmentsOf({ ...receipt, status: false }, ledger)).toEqual([]);
    expect(decodeCommitted({ ...log, topics: [] }, ledger)).toBeUndefined();
  });

  it("are refused when they have the wrong shape", () => {
    expect(() => decodeCommitted({ ...log, topics: log.topics.slice(0, 2) }, ledger)).toThrow(ProtocolError);
    expect(() => decodeCommitted({ ...log, data: fill(32, 0) }, ledger)).toThrow(ProtocolError);
  });
});
