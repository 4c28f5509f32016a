import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeAttestation,
  decodeCoseKey,
  decodeCountersigned,
  decodeEnrolment,
  decodeReceipt,
  decodeRevocation,
  decodeRotation,
  decodeSign1,
  decodeStatement,
  encodeAttestation,
  encodeCoseKey,
  encodeCountersigned,
  encodeEnrolment,
  encodeReceipt,
  encodeRevocation,
  encodeRotation,
  encodeSign1,
  encodeSigStructure,
  encodeStatement,
  parseCoseSign1,
  statementPrefix,
  toBeSigned,
} from "../../../protocols/attestation/index.ts";
import { concatBytes, ProtocolError } from "../../../protocols/bytes/index.ts";
import * as arbitrary from "./arbitraries.ts";

interface Codec<T> {
  name: string;
  values: fc.Arbitrary<T>;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

const codecs: Codec<unknown>[] = [];
function codec<T>(c: Codec<T>): void {
  codecs.push(c as Codec<unknown>);
}

codec({ name: "statement", values: arbitrary.statement, encode: encodeStatement, decode: decodeStatement });
codec({ name: "enrolment", values: arbitrary.enrolment, encode: encodeEnrolment, decode: decodeEnrolment });
codec({ name: "rotation", values: arbitrary.rotation, encode: encodeRotation, decode: decodeRotation });
codec({ name: "revocation", values: arbitrary.revocation, encode: encodeRevocation, decode: decodeRevocation });
codec({ name: "receipt", values: arbitrary.receipt, encode: encodeReceipt, decode: decodeReceipt });
codec({ name: "COSE_Key", values: arbitrary.publicKey, encode: encodeCoseKey, decode: decodeCoseKey });

/** Decoding of every one-byte change: it is refused, or it encodes back to exactly the changed bytes. */
function oneByteChanges(valid: Uint8Array, roundTrip: (bytes: Uint8Array) => Uint8Array): void {
  for (let at = 0; at < valid.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = valid.slice();
      changed[at]! ^= flip;
      let again: Uint8Array;
      try {
        again = roundTrip(changed);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        continue;
      }
      expect(again).toEqual(changed);
    }
  }
}

describe.each(codecs)("$name", ({ values, encode, decode }) => {
  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it("has one encoding for everything it accepts", () => {
    fc.assert(
      fc.property(values, (value) => oneByteChanges(encode(value), (bytes) => encode(decode(bytes)))),
      { numRuns: 4 },
    );
  });

  it("refuses other lengths", () => {
    fc.assert(
      fc.property(values, (value) => {
        const valid = encode(value);
        for (let length = 0; length < valid.length; length++) {
          expect(() => decode(valid.subarray(0, length))).toThrow(ProtocolError);
        }
        expect(() => decode(concatBytes(valid, Uint8Array.of(0)))).toThrow(ProtocolError);
      }),
      { numRuns: 3 },
    );
  });

  it("does not keep the caller's memory", () => {
    fc.assert(
      fc.property(values, (value) => {
        for (const input of [encode(value), Buffer.from(encode(value))]) {
          const decoded = decode(input);
          input.fill(0xee);
          expect(decoded).toEqual(value);
        }
      }),
      { numRuns: 10 },
    );
  });
});

const message = fc.record({
  alg: arbitrary.algorithm,
  payload: fc.uint8Array({ maxLength: 700 }),
  signature: arbitrary.bytes(64),
});

describe("COSE_Sign1 of the profile", () => {
  it("decodes what it encodes, for every payload length", () => {
    fc.assert(
      fc.property(message, ({ alg, payload, signature }) => {
        const sign1 = decodeSign1(encodeSign1(alg, payload, signature));
        expect(sign1).toMatchObject({ alg, payload, signature });
      }),
    );
    for (const length of [0, 23, 24, 255, 256, 8000]) {
      const bytes = encodeSign1("ES256", new Uint8Array(length), new Uint8Array(64));
      expect(decodeSign1(bytes).payload.length).toBe(length);
    }
  });

  it("has one encoding for everything it accepts", () => {
    for (const length of [5, 30, 160, 300]) {
      const valid = encodeSign1("ES256K", new Uint8Array(length).fill(7), new Uint8Array(64).fill(9));
      oneByteChanges(valid, (bytes) => {
        const { alg, payload, signature } = decodeSign1(bytes);
        return encodeSign1(alg, payload, signature);
      });
    }
  });

  it("is what the general reader reads, with the same bytes to be signed", () => {
    fc.assert(
      fc.property(message, ({ alg, payload, signature }) => {
        const general = parseCoseSign1(encodeSign1(alg, payload, signature));
        expect(general).toMatchObject({ alg, payload, signature });
        const structure = { context: "Signature1", bodyProtected: general.protectedBytes, payload };
        expect(toBeSigned(alg, payload)).toEqual(encodeSigStructure(structure));
      }),
    );
  });

  it("puts a constant before a statement", () => {
    fc.assert(
      fc.property(arbitrary.algorithm, arbitrary.bytes(160), (alg, payload) => {
        expect(toBeSigned(alg, payload)).toEqual(concatBytes(statementPrefix(alg), payload));
      }),
    );
  });

  it("is a receipt's message but for the countersignature", () => {
    fc.assert(
      fc.property(message, arbitrary.bytes(64), ({ alg, payload, signature }, countersignature) => {
        const bytes = encodeCountersigned(alg, payload, signature, countersignature);
        expect(decodeCountersigned(bytes)).toMatchObject({ alg, payload, signature, countersignature });
        expect(parseCoseSign1(bytes).unprotectedHeader.get(12)).toEqual(countersignature);
        expect(() => decodeSign1(bytes)).toThrow(ProtocolError);
        expect(() => decodeCountersigned(encodeSign1(alg, payload, signature))).toThrow(ProtocolError);
      }),
    );
  });
});

describe("attestation", () => {
  it("keeps the bytes and reads the statement", () => {
    fc.assert(
      fc.property(arbitrary.statement, arbitrary.algorithm, arbitrary.bytes(64), (statement, alg, signature) => {
        const bytes = encodeAttestation(alg, encodeStatement(statement), signature);
        const received = Buffer.from(bytes);
        const attestation = decodeAttestation(received);
        received.fill(0);
        expect(attestation).toMatchObject({ statement, bytes, sign1: { alg, signature } });
      }),
    );
  });
});
