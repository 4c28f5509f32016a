import { describe, expect, it } from "vitest";
import { nodeBackend } from "../../../gateway/attest/backends/index.ts";
import { verifyProof } from "../../../gateway/verify/index.ts";
import { encodeEnrolment, SignerGrade, StatementKind } from "../../../protocols/attestation/index.ts";
import { fromHex, sha256, utf8 } from "../../../protocols/bytes/index.ts";
import { decodeProof, encodeProof, type Proof } from "../../../protocols/proof/index.ts";
import { attest, KEY, makeProof, START } from "../../support/proof-fixture.ts";

// OpenSSL for the thousands of altered proofs; the fixture's own proof is verified with the default as well.
const verifier = nodeBackend();
const original = makeProof();

const failed = (proof: Proof) => {
  const { result, steps } = verifyProof(encodeProof(proof), { verifier });
  const last = steps.at(-1)!;
  return { result, step: last.step, code: last.code };
};

/** A copy with one bit of one byte field turned. */
function flipped(pick: (proof: Proof) => Uint8Array, bit: number): Proof {
  const proof = structuredClone(original);
  const bytes = pick(proof);
  bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
  return proof;
}

describe("verifying an exported proof", () => {
  it("says verified, step by step, and what was established", () => {
    const { result, steps, facts } = verifyProof(encodeProof(makeProof()));
    expect(steps.map(({ step, result: r }) => `${step} ${r}`)).toEqual([
      "reading ok",
      "signature ok",
      "enrolment ok",
      "sequence ok",
      "inclusion ok",
      "checkpoint ok",
      "anchor ok",
    ]);
    expect(result).toBe("verified");
    expect(steps.find(({ step }) => step === "sequence")!.text).toBe("11 follows 10, no gap");
    expect(steps.find(({ step }) => step === "anchor")!.text).toBe(
      "not before block 17 (14:02:59), committed in block 18 (14:03:47): window 48 s",
    );
    expect(facts).toMatchObject({
      seq: "11",
      gap: "0",
      signer: "gateway",
      work: "10211497",
      logIndex: 3,
      logSize: 5,
      chainId: 31_337,
    });
    expect(facts.measurements).toEqual([
      { name: "power", unit: "W", value: "1845.2" },
      { name: "energy_import", unit: "Wh", value: "10211493" },
    ]);
  });

  it("is pending while nothing is committed", () => {
    expect(verifyProof(encodeProof({ ...makeProof(), commitment: null, notBefore: null })).result).toBe("pending");
  });

  it("reads back what it wrote", () => {
    const proof = makeProof();
    expect(decodeProof(encodeProof(proof))).toEqual(proof);
  });

  it("finds every flipped bit of the text, at every place", () => {
    const source = utf8(encodeProof(makeProof()));
    const text = new TextDecoder("latin1");
    const passed: number[] = [];
    for (let at = 0; at < source.length; at++) {
      const altered = source.slice();
      altered[at]! ^= 1 << (at % 7);
      if (verifyProof(text.decode(altered), { verifier }).result !== "failed") passed.push(at);
    }
    expect(passed).toEqual([]);
  });

  const fields: [name: string, pick: (proof: Proof) => Uint8Array, steps: string[]][] = [
    ["reading", (p) => p.reading.bytes, ["reading", "sequence", "inclusion"]],
    ["path in the pack", (p) => p.reading.path[1]!, ["inclusion"]],
    ["attestation", (p) => p.attestation, ["signature"]],
    ["key", (p) => p.key, ["signature"]],
    ["enrolment's attestation", (p) => p.enrolment.attestation, ["enrolment"]],
    ["enrolment's body", (p) => p.enrolment.body, ["enrolment"]],
    ["attestation before", (p) => p.previous!.attestation, ["sequence"]],
    ["path of the attestation before", (p) => p.previous!.path[0]!, ["inclusion"]],
    ["ledger address", (p) => p.commitment!.ledger, ["anchor"]],
    ["gateway address", (p) => p.commitment!.gateway, ["anchor"]],
    ["block hash", (p) => p.commitment!.blockHash, ["anchor"]],
    ["block header", (p) => p.commitment!.header, ["anchor"]],
    ["receipt", (p) => p.commitment!.receiptProof.at(-1)!, ["anchor"]],
    ["header of the lower bound", (p) => p.notBefore!.header, ["anchor"]],
  ];
  it.each(fields)("names the step for every flipped bit of the %s", (_name, pick, steps) => {
    const bits = pick(original).length * 8;
    const found = new Set<string>();
    for (let bit = 0; bit < bits; bit++) {
      const { result, step } = failed(flipped(pick, bit));
      expect(result, `bit ${bit}`).toBe("failed");
      found.add(step);
    }
    expect([...found].filter((step) => !steps.includes(step))).toEqual([]);
  });

  it("names the checkpoint when its signature or key is not the gateway's", () => {
    const proof = makeProof();
    const lines = proof.log.proof.split("\n");
    const at = lines.findIndex((line) => line.startsWith("— "));
    const mark = lines[at]!.length - 6;
    lines[at] = lines[at]!.slice(0, mark) + (lines[at]![mark] === "A" ? "B" : "A") + lines[at]!.slice(mark + 1);
    expect(failed({ ...proof, log: { ...proof.log, proof: lines.join("\n") } }).step).toBe("checkpoint");
  });

  it("refuses another device's attestation, and one of another kind", () => {
    const proof = makeProof();
    expect(failed({ ...proof, attestation: attest({ kind: StatementKind.revoke }) })).toMatchObject({
      step: "signature",
      code: "FS-VERIFY-KIND",
    });
    expect(failed({ ...proof, attestation: attest({ device: sha256(utf8("another")) }) })).toMatchObject({
      step: "signature",
      code: "FS-VERIFY-KEY",
    });
  });

  it("refuses an enrolment for another scope", () => {
    const proof = makeProof();
    const body = proof.enrolment.body;
    const attestation = attest({ kind: StatementKind.enrol, root: sha256(body), scope: new Uint8Array(16) });
    expect(failed({ ...proof, enrolment: { body, attestation } })).toMatchObject({
      step: "enrolment",
      code: "FS-VERIFY-SCOPE",
    });
  });

  it("shows the grade that the device signed, never a better one", () => {
    const proof = makeProof();
    const body = encodeEnrolment({
      key: KEY,
      owner: new Uint8Array(20),
      grade: SignerGrade.board,
      profile: sha256(utf8("p")),
      nonce: new Uint8Array(16),
    });
    expect(failed({ ...proof, enrolment: { ...proof.enrolment, body } })).toMatchObject({
      step: "enrolment",
      code: "FS-VERIFY-ENROLMENT",
    });
  });

  it("wants the attestation before, and shows a gap", () => {
    const proof = makeProof();
    expect(failed({ ...proof, previous: null })).toMatchObject({ step: "sequence", code: "FS-VERIFY-PREVIOUS" });
    const overlapping = attest({ first: 5n, count: 8, from: START, to: START + 7000, work: 1n });
    expect(failed({ ...proof, previous: { ...proof.previous!, attestation: overlapping } })).toMatchObject({
      code: "FS-VERIFY-SEQUENCE",
    });
    const falling = attest({ first: 0n, count: 8, from: START, to: START + 7000, work: 1n << 60n });
    expect(failed({ ...proof, previous: { ...proof.previous!, attestation: falling } })).toMatchObject({
      code: "FS-VERIFY-SEQUENCE",
    });
  });

  it("asks the verifier's own node, when there is one", () => {
    const proof = makeProof();
    const source = encodeProof(proof);
    const with_ = (blockHash: () => Uint8Array | undefined) => verifyProof(source, { chain: { blockHash } });
    expect(with_(() => proof.commitment!.blockHash).result).toBe("verified");
    for (const answer of [undefined, fromHex("00".repeat(32))]) {
      const report = with_(() => answer);
      expect(report.steps.at(-1)).toMatchObject({ step: "anchor", result: "failed", code: "FS-VERIFY-CHAIN" });
    }
  });

  it("refuses what is not a proof, with the place", () => {
    for (const source of ["", "{}", "[]", "null", `${encodeProof(makeProof())} `, "x".repeat(2 << 20)]) {
      expect(verifyProof(source).steps[0]).toMatchObject({ step: "format", result: "failed", code: "FS-PROOF-FORMAT" });
    }
  });
});
