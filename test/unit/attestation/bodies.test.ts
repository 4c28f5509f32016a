import { describe, expect, it } from "vitest";
import {
  decodeCountersigned,
  decodeEnrolment,
  decodeReceipt,
  decodeRevocation,
  decodeRotation,
  deviceId,
  encodeAttestation,
  encodeCountersigned,
  encodeEnrolment,
  encodeReceipt,
  encodeRevocation,
  encodeRotation,
  encodeStatement,
  nobleVerifier,
  type PublicKey,
  type Receipt,
  type Statement,
  toBeCountersigned,
  toBeSigned,
  verifyReceipt,
} from "../../../protocols/attestation/index.ts";
import { FieldsealError, fromHex, sha256, toHex } from "../../../protocols/bytes/index.ts";
import { keys } from "./arbitraries.ts";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FieldsealError) return error.code;
    throw error;
  }
  return "accepted";
}

const keyOf = (alg: string, nth = 0) => keys.filter((key) => key.alg === alg)[nth]!;
const patch = (bytes: Uint8Array, at: number, hex: string) => {
  const copy = bytes.slice();
  copy.set(fromHex(hex), at);
  return copy;
};

describe("enrolment body", () => {
  const enrolment = {
    key: keyOf("ES256").publicKey,
    owner: new Uint8Array(20).fill(0xaa),
    grade: 4,
    profile: new Uint8Array(32).fill(0xbb),
    nonce: new Uint8Array(16).fill(0xcc),
  };

  it("has the layout of its ruler", () => {
    expect(toHex(encodeEnrolment(enrolment))).toBe(
      `01f904${"00".repeat(9)}${"aa".repeat(20)}${"bb".repeat(32)}${"cc".repeat(16)}${"00".repeat(16)}${toHex(enrolment.key.bytes)}`,
    );
    const ed = keyOf("EdDSA").publicKey;
    const hex = toHex(encodeEnrolment({ ...enrolment, key: ed }));
    expect(hex.slice(2, 4)).toBe("f8");
    expect(hex.slice(192)).toBe(toHex(ed.bytes) + "00".repeat(32));
    expect(toHex(encodeEnrolment({ ...enrolment, key: keyOf("ES256K").publicKey })).slice(2, 4)).toBe("d1");
  });

  it.each([
    ["another version", 0, "02", "FS-ENROLMENT-VERSION"],
    ["an unknown algorithm", 1, "d0", "FS-ENROLMENT-ALG"],
    ["grade 0", 2, "00", "FS-ENROLMENT-GRADE"],
    ["grade 7", 2, "07", "FS-ENROLMENT-GRADE"],
    ["reserved byte 3", 3, "01", "FS-ENROLMENT-RESERVED"],
    ["reserved byte 11", 11, "01", "FS-ENROLMENT-RESERVED"],
    ["reserved byte 95", 95, "01", "FS-ENROLMENT-RESERVED"],
    ["a key of another curve", 1, "d1", "FS-KEY-POINT"],
    ["a point where an Ed25519 key has zeros", 1, "f8", "FS-ENROLMENT-RESERVED"],
  ])("refuses %s", (_name, at, hex, code) => {
    expect(codeOf(() => decodeEnrolment(patch(encodeEnrolment(enrolment), at, hex)))).toBe(code);
  });

  it("is never written with a field that does not fit", () => {
    const off: PublicKey = { alg: "ES256", bytes: new Uint8Array(64).fill(1) };
    expect(codeOf(() => encodeEnrolment({ ...enrolment, owner: new Uint8Array(32) }))).toBe("FS-ENROLMENT-FIELD");
    expect(codeOf(() => encodeEnrolment({ ...enrolment, grade: 0 }))).toBe("FS-ENROLMENT-FIELD");
    expect(codeOf(() => encodeEnrolment({ ...enrolment, profile: new Uint8Array(31) }))).toBe("FS-ENROLMENT-FIELD");
    expect(codeOf(() => encodeEnrolment({ ...enrolment, nonce: new Uint8Array(15) }))).toBe("FS-ENROLMENT-FIELD");
    expect(codeOf(() => encodeEnrolment({ ...enrolment, key: off }))).toBe("FS-KEY-POINT");
  });
});

describe("rotation and revocation bodies", () => {
  const nonce = new Uint8Array(16).fill(0xcc);

  it("have the layout of their rulers", () => {
    const next = keyOf("ES256K").publicKey;
    expect(toHex(encodeRotation({ next, grade: 5, nonce }))).toBe(
      `01d105${"00".repeat(29)}${"cc".repeat(16)}${"00".repeat(16)}${toHex(next.bytes)}`,
    );
    expect(toHex(encodeRevocation({ reason: 1, since: 1_795_000_000_000, nonce }))).toBe(
      `0101000000000000${(1_795_000_000_000).toString(16).padStart(16, "0")}${"cc".repeat(16)}`,
    );
  });

  it("refuse what they do not know", () => {
    const rotation = encodeRotation({ next: keyOf("ES256").publicKey, grade: 2, nonce });
    expect(codeOf(() => decodeRotation(patch(rotation, 0, "00")))).toBe("FS-ROTATION-VERSION");
    expect(codeOf(() => decodeRotation(patch(rotation, 2, "07")))).toBe("FS-ROTATION-GRADE");
    expect(codeOf(() => decodeRotation(patch(rotation, 31, "01")))).toBe("FS-ROTATION-RESERVED");
    expect(codeOf(() => decodeRotation(patch(rotation, 63, "01")))).toBe("FS-ROTATION-RESERVED");
    const revocation = encodeRevocation({ reason: 0, since: 0, nonce });
    expect(codeOf(() => decodeRevocation(patch(revocation, 1, "04")))).toBe("FS-REVOCATION-REASON");
    expect(codeOf(() => decodeRevocation(patch(revocation, 7, "01")))).toBe("FS-REVOCATION-RESERVED");
    expect(codeOf(() => decodeRevocation(patch(revocation, 8, "0020")))).toBe("FS-REVOCATION-TIME");
    expect(codeOf(() => encodeRevocation({ reason: 4, since: 0, nonce }))).toBe("FS-REVOCATION-FIELD");
    expect(codeOf(() => encodeRevocation({ reason: 0, since: -1, nonce }))).toBe("FS-REVOCATION-FIELD");
  });
});

const provider = keyOf("ES256");

function receiptOf(consumer: PublicKey, change: Partial<Receipt> = {}): Receipt {
  return {
    unit: "Wh",
    session: new Uint8Array(16).fill(0x5e),
    payer: deviceId(consumer),
    provider: deviceId(provider.publicKey),
    units: 12_500n,
    total: 3_125_000_000_000_000_000n,
    ...change,
  };
}

function statementFor(body: Uint8Array, change: Partial<Statement> = {}): Uint8Array {
  return encodeStatement({
    kind: 4,
    clock: 1,
    boot: 1,
    first: 9n,
    count: 1,
    from: 5,
    to: 5,
    work: 12_500n,
    anchorBlock: 0n,
    anchorHash: new Uint8Array(16),
    scope: new Uint8Array(16),
    device: deviceId(provider.publicKey),
    root: sha256(body),
    ...change,
  });
}

describe.each(["ES256", "EdDSA", "ES256K"] as const)("receipt countersigned with %s", (alg) => {
  const consumer = keyOf(alg, 1);
  const body = encodeReceipt(receiptOf(consumer.publicKey));
  const signed = (payload: Uint8Array, by = consumer) => {
    const signature = provider.sign(toBeSigned("ES256", payload));
    return encodeCountersigned("ES256", payload, signature, by.sign(toBeCountersigned("ES256", payload, signature)));
  };
  const verdict = (message: Uint8Array, ofBody = body, by = provider.publicKey) =>
    verifyReceipt({
      message,
      body: ofBody,
      provider: by,
      consumer: consumer.publicKey,
      verifier: nobleVerifier,
    }).verdict;

  it("verifies when both signed", () => {
    expect(verdict(signed(statementFor(body)))).toBe("ok");
  });

  it("names what is wrong", () => {
    const others = encodeReceipt(receiptOf(keyOf("EdDSA", 2).publicKey));
    const foreign = encodeReceipt(receiptOf(consumer.publicKey, { provider: new Uint8Array(32).fill(1) }));
    expect(verdict(signed(statementFor(body, { kind: 1 })))).toBe("wrong-kind");
    expect(verdict(signed(statementFor(others)))).toBe("wrong-body");
    expect(verdict(signed(statementFor(others)), others)).toBe("wrong-payer");
    expect(verdict(signed(statementFor(foreign)), foreign)).toBe("wrong-provider");
    expect(verdict(signed(statementFor(body)), body, keyOf("ES256", 2).publicKey)).toBe("wrong-key");
    expect(verdict(signed(statementFor(body), keyOf(alg, 2)))).toBe("bad-countersignature");
    const message = signed(statementFor(body));
    message[message.length - 1]! ^= 1;
    expect(verdict(message)).toBe("bad-signature");
  });

  it("covers the provider's signature (RFC 9338 §3.3)", () => {
    const { payload, signature } = decodeCountersigned(signed(statementFor(body)));
    const hex = toHex(toBeCountersigned("ES256", payload, signature));
    const context = toHex(new TextEncoder().encode("CounterSignature0V2"));
    expect(hex).toBe(`8573${context}43a101264058a0${toHex(payload)}815840${toHex(signature)}`);
  });
});

describe("receipt body", () => {
  const body = encodeReceipt(receiptOf(keyOf("ES256K").publicKey));

  it("has the layout of its ruler", () => {
    expect(toHex(body)).toBe(
      `01${"00".repeat(7)}5768${"00".repeat(6)}${"5e".repeat(16)}${toHex(deviceId(keyOf("ES256K").publicKey))}` +
        `${toHex(deviceId(provider.publicKey))}${"00".repeat(8)}00000000000030d4${3_125_000_000_000_000_000n.toString(16).padStart(32, "0")}`,
    );
  });

  it.each([
    ["a unit with a gap", 8, "57006800", "FS-RECEIPT-UNIT"],
    ["no unit", 8, "0000", "FS-RECEIPT-UNIT"],
    ["a unit with a space", 8, "2057", "FS-RECEIPT-UNIT"],
    ["a unit that is not ASCII", 8, "c2b5", "FS-RECEIPT-UNIT"],
    ["a flag", 7, "01", "FS-RECEIPT-RESERVED"],
    ["the reserved field", 103, "01", "FS-RECEIPT-RESERVED"],
    ["one party on both sides", 32, toHex(body.subarray(64, 96)), "FS-RECEIPT-PARTIES"],
  ])("refuses %s", (_name, at, hex, code) => {
    expect(codeOf(() => decodeReceipt(patch(body, at, hex)))).toBe(code);
  });

  it("is never written with a field that does not fit", () => {
    const receipt = receiptOf(keyOf("ES256K").publicKey);
    for (const change of [
      { unit: "" },
      { unit: "kilowatts" },
      { units: -1n },
      { units: 1n << 64n },
      { total: 1n << 128n },
      { payer: receipt.provider },
      { session: new Uint8Array(8) },
    ]) {
      expect(codeOf(() => encodeReceipt({ ...receipt, ...change }))).toBe("FS-RECEIPT-FIELD");
    }
    expect(codeOf(() => encodeCountersigned("ES256", body, new Uint8Array(64), new Uint8Array(63)))).toBe(
      "FS-SIGN1-SIGNATURE",
    );
    expect(codeOf(() => encodeAttestation("ES256", new Uint8Array(160), new Uint8Array(71)))).toBe(
      "FS-SIGN1-SIGNATURE",
    );
  });
});
