import { describe, expect, it } from "vitest";
import {
  type AccusedEvidence,
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  evidenceCall,
  FAULT_NAMES,
} from "../../../gateway/coordinator/evidence.ts";
import { FAULT_CALLS } from "../../../gateway/coordinator/faults.ts";
import { ProtocolError, toHex } from "../../../protocols/bytes/index.ts";
import { selector } from "../../../protocols/evm/index.ts";
import { TestBoard } from "../../support/statements.ts";

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const commitment = { seq: 3n, size: 9n, root: bytes(32, 1) };
const logged = { commitment, index: 4n, entry: bytes(30, 2), path: [bytes(32, 3), bytes(32, 4)] };
const leaf = { commitment, leaf: bytes(32, 5), path: [bytes(32, 6)] };
const sealed = {
  epoch: 7n,
  kind: 2,
  share: { device: bytes(32, 8), from: 1n, to: 9n, fromIndex: (1n << 64n) - 1n, toIndex: 4n },
  index: 0n,
  path: [{ hash: bytes(32, 9), sum: 5n }],
};
const gateway = bytes(20, 0xaa);
const every: readonly Evidence[] = [
  { fault: "invalid", logged },
  { fault: "invalid", logged, key: new TestBoard(1).key.publicKey },
  { fault: "incoherent", a: logged, b: logged },
  { fault: "forked", index: 4n, a: leaf, b: leaf },
  { fault: "unbacked", share: sealed },
  { fault: "misquoted", share: sealed, end: true, cited: logged },
  { fault: "misdated", share: sealed },
  { fault: "misdated", share: sealed, within: commitment, before: commitment },
  { fault: "outpaced", share: sealed, end: logged, start: logged },
  { fault: "overlapping", a: sealed, b: sealed },
  { fault: "demand", commitment, index: 4n },
  { fault: "withheld", commitment, index: 4n },
  { fault: "demand-share", epoch: 1n, kind: 0, point: 3n },
  { fault: "opaque", epoch: 1n, kind: 0, point: 3n },
];
const FUNCTIONS: Readonly<Record<string, keyof typeof FAULT_CALLS>> = { "demand-share": "demandShare" };

describe("evidence files", () => {
  it.each(every)("$fault is read as it was written, and calls its function", (evidence) => {
    const accused: AccusedEvidence = { gateway, evidence };
    expect(decodeEvidence(encodeEvidence(accused))).toEqual(accused);
    const { data, value, to } = evidenceCall(bytes(20, 1), accused, 5n);
    const name = FUNCTIONS[evidence.fault] ?? (evidence.fault as keyof typeof FAULT_CALLS);
    expect(toHex(data.subarray(0, 4))).toBe(toHex(selector(FAULT_CALLS[name])));
    expect(value).toBe(evidence.fault.startsWith("demand") ? 5n : undefined);
    expect(to).toEqual(bytes(20, 1));
  });

  it("names every fault once", () => {
    expect(new Set(every.map(({ fault }) => fault))).toEqual(new Set(FAULT_NAMES));
  });

  const good = JSON.parse(encodeEvidence({ gateway, evidence: { fault: "invalid", logged } })) as Record<string, never>;
  const changed = (change: (document: Record<string, never>) => void) => {
    const document = structuredClone(good);
    change(document);
    return JSON.stringify(document);
  };
  it.each([
    ["no JSON", "nothing"],
    ["no object", "5"],
    ["an unknown fault", changed((d) => Object.assign(d, { fault: "ugly" }))],
    ["a member too many", changed((d) => Object.assign(d, { more: 1 }))],
    ["a number beyond its bits", changed((d) => Object.assign(d["logged"]!, { index: `${1n << 64n}` }))],
    ["a number that is none", changed((d) => Object.assign(d["logged"]!, { index: "-1" }))],
    ["a short hash", changed((d) => Object.assign(d["logged"]!, { path: ["0x00"] }))],
    ["half a byte", changed((d) => Object.assign(d["logged"]!, { entry: "0x0" }))],
    [
      "a path that no tree has",
      changed((d) => Object.assign(d["logged"]!, { path: new Array(64).fill(`0x${"00".repeat(32)}`) })),
    ],
    ["an address with a wrong checksum", changed((d) => Object.assign(d, { gateway: `0xA${"a".repeat(39)}` }))],
    ["a key that is none", changed((d) => Object.assign(d, { key: "0x00" }))],
  ])("%s is refused", (_, text) => {
    expect(() => decodeEvidence(text)).toThrow(ProtocolError);
  });
});
