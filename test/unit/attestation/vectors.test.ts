import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  ALL_ALGORITHMS,
  type Algorithm,
  decodeAttestation,
  decodeCoseKey,
  decodeEnrolment,
  decodeSign1,
  decodeStatement,
  deviceId,
  encodeSigStructure,
  nobleVerifier,
  parseDidKey,
  statementId,
  statementPrefix,
  verifyAttestation,
  verifyPackPath,
  verifyReceipt,
} from "../../../protocols/attestation/index.ts";
import { fromHex, ProtocolError, sha256, toHex } from "../../../protocols/bytes/index.ts";
import { decodeReading, encodeReading } from "../../../protocols/reading/index.ts";
import { buildVectors, example, READINGS } from "../../support/attestation-vectors.ts";

type Vectors = ReturnType<typeof buildVectors>;

const file = new URL("../../vectors/attestation.json", import.meta.url);
if (process.env["FIELDSEAL_UPDATE_VECTORS"]) writeFileSync(file, `${JSON.stringify(buildVectors(), null, 2)}\n`);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "accepted";
}

const keyOf = (alg: Algorithm, hex: string) => ({ alg, bytes: fromHex(hex) });

describe("test/vectors/attestation.json", () => {
  it("is what the code makes (FIELDSEAL_UPDATE_VECTORS=1 writes it anew)", () => {
    expect(vectors).toEqual(buildVectors());
  });

  it("has keys whose forms agree", () => {
    for (const key of vectors.keys) {
      const publicKey = keyOf(key.alg, key.public);
      expect(decodeCoseKey(fromHex(key.coseKey))).toEqual(publicKey);
      expect(parseDidKey(key.did)).toEqual(publicKey);
      expect(toHex(sha256(fromHex(key.coseKey)))).toBe(key.deviceId);
    }
  });

  it("has packs whose paths lead to the roots, of readings as they are encoded", () => {
    for (const { readings, root, paths } of vectors.packs) {
      for (const [index, reading] of readings.entries()) {
        const pack = { index, count: readings.length, root: fromHex(root), path: paths[index]!.map(fromHex) };
        expect(verifyPackPath({ ...pack, reading: fromHex(reading) })).toBe(true);
      }
    }
    for (const reading of READINGS) expect(encodeReading(decodeReading(reading))).toEqual(reading);
  });

  it("has messages that verify, and sign what a general encoder gives", () => {
    for (const { alg, public: hex, message, statement, toBeSigned, digest } of vectors.sign1) {
      const attestation = decodeAttestation(fromHex(message));
      expect(verifyAttestation(attestation, keyOf(alg, hex), nobleVerifier)).toBe("ok");
      const { protectedBytes, payload } = attestation.sign1;
      expect(toHex(payload)).toBe(statement);
      expect(toHex(encodeSigStructure({ context: "Signature1", bodyProtected: protectedBytes, payload }))).toBe(
        toBeSigned,
      );
      expect(toHex(sha256(fromHex(toBeSigned)))).toBe(digest);
    }
  });

  it("has enrolments that are read back", () => {
    for (const { alg, key, owner, grade, bytes, root } of vectors.enrolments) {
      const enrolment = decodeEnrolment(fromHex(bytes));
      expect(enrolment).toMatchObject({ key: keyOf(alg, key), owner: fromHex(owner), grade });
      expect(toHex(sha256(fromHex(bytes)))).toBe(root);
    }
  });

  it("has receipts that both sides signed", () => {
    const provider = keyOf(vectors.keys[0]!.alg, vectors.keys[0]!.public);
    for (const { message, bytes, consumer } of vectors.receipts) {
      const { verdict } = verifyReceipt({
        message: fromHex(message),
        body: fromHex(bytes),
        provider,
        consumer: keyOf(consumer.alg, consumer.key),
        verifier: nobleVerifier,
      });
      expect(verdict).toBe("ok");
    }
  });

  it("has statements and messages that are refused, each for its reason", () => {
    for (const { why, code, bytes } of vectors.invalid.statements) {
      expect(
        codeOf(() => decodeStatement(fromHex(bytes))),
        why,
      ).toBe(code);
    }
    for (const { why, code, bytes } of vectors.invalid.messages) {
      expect(
        codeOf(() => decodeSign1(fromHex(bytes))),
        why,
      ).toBe(code);
    }
  });
});

describe("protocols/attestation/SPEC.md", () => {
  const spec = readFileSync(new URL("../../../protocols/attestation/SPEC.md", import.meta.url), "utf8");

  /** Hex of the block that follows the heading: of each line, what stands before two spaces. */
  function ruled(heading: string): string {
    const block = spec.split(`### ${heading}\n`)[1]?.split("```")[1] ?? "";
    const lines = block.split("\n").slice(1);
    return lines.map((line) => line.split(/ {2}/)[0]!.replaceAll(" ", "").toLowerCase()).join("");
  }

  it("prints the worked example byte for byte", () => {
    const { key, statement, toBeSigned, message } = example();
    expect(ruled("The message")).toBe(toHex(message));
    expect(ruled("What is signed")).toBe(toHex(toBeSigned));
    expect(spec).toContain(toHex(deviceId(key.publicKey)));
    expect(spec).toContain(toHex(key.publicKey.bytes.subarray(0, 32)));
    expect(spec).toContain(toHex(key.publicKey.bytes.subarray(32)));
    expect(spec).toContain(toHex(statementId(statement)));
  });

  it("prints the constants before a statement", () => {
    for (const alg of ALL_ALGORITHMS) {
      expect(spec).toContain(`| ${alg} | \`${toHex(statementPrefix(alg)).toUpperCase()}\` |`);
    }
  });
});
