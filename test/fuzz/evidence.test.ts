import { describe, expect, it } from "vitest";
import { decodeEvidence, type Evidence, encodeEvidence, evidenceCall } from "../../gateway/coordinator/evidence.ts";
import { fromUtf8, ProtocolError, utf8 } from "../../protocols/bytes/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const commitment = { seq: 3n, size: 9n, root: bytes(32, 1) };
const logged = { commitment, index: 4n, entry: bytes(30, 2), path: [bytes(32, 3)] };
const share = { device: bytes(32, 8), from: 1n, to: 9n, fromIndex: 0n, toIndex: 4n };
const sealed = { epoch: 7n, kind: 2, share, index: 0n, path: [{ hash: bytes(32, 9), sum: 5n }] };
const corpus: readonly Evidence[] = [
  { fault: "incoherent", a: logged, b: logged },
  { fault: "outpaced", share: sealed, end: logged },
  { fault: "opaque", epoch: 1n, kind: 0, point: 3n },
];

describe("evidence files from strangers", () => {
  it("are evidence that can be shown, or a ProtocolError", () => {
    const report = fuzzDecoder({
      name: "evidence",
      corpus: corpus.map((evidence) => utf8(encodeEvidence({ gateway: bytes(20, 0xaa), evidence }))),
      decode: (input) => {
        const text = fromUtf8(input);
        if (text === undefined) throw new ProtocolError("FS-EVIDENCE", "not UTF-8");
        evidenceCall(bytes(20, 1), decodeEvidence(text), 1n);
      },
    });
    expect(report.accepted).toBeGreaterThan(0);
  });
});
