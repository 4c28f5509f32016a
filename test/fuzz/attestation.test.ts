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
  encodeCoseKey,
  encodeCountersigned,
  encodeEnrolment,
  encodeReceipt,
  encodeRevocation,
  encodeRotation,
  encodeSign1,
  encodeStatement,
  parseCoseSign1,
  parseDidKey,
} from "../../protocols/attestation/index.ts";
import { equalBytes, fromHex, fromUtf8, utf8 } from "../../protocols/bytes/index.ts";
import { encodeCbor, Tagged } from "../../protocols/cbor/index.ts";
import { fuzzDecoder } from "../support/mutate.ts";
import * as arbitrary from "../unit/attestation/arbitraries.ts";

function sample<T>(values: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): Uint8Array[] {
  return fc.sample(values, { numRuns: 12, seed: 7 }).map(encode);
}

/** A decoder of bytes with one encoding: what it accepts must encode to the input again. */
function canonical<T>(decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array) {
  return (bytes: Uint8Array) => {
    if (!equalBytes(encode(decode(bytes)), bytes)) throw new Error("another encoding of the same value was accepted");
  };
}

const signature = new Uint8Array(64).fill(0x5a);
const statements = sample(arbitrary.statement, encodeStatement);
const attestations = statements.map((bytes, i) =>
  encodeSign1(arbitrary.keys[i % arbitrary.keys.length]!.alg, bytes, signature),
);
const messages = [0, 1, 23, 24, 255, 256, 600].map((length) =>
  encodeSign1("ES256K", new Uint8Array(length).fill(length), signature),
);

interface Target {
  name: string;
  corpus: readonly Uint8Array[];
  decode(bytes: Uint8Array): unknown;
}

const targets: readonly Target[] = [
  { name: "decodeStatement", corpus: statements, decode: canonical(decodeStatement, encodeStatement) },
  {
    name: "decodeSign1",
    corpus: [...messages, ...attestations],
    decode: canonical(decodeSign1, (sign1) => encodeSign1(sign1.alg, sign1.payload, sign1.signature)),
  },
  {
    name: "decodeCountersigned",
    corpus: messages
      .map((bytes) => decodeSign1(bytes))
      .map(({ alg, payload }) => encodeCountersigned(alg, payload, signature, signature)),
    decode: canonical(decodeCountersigned, (m) =>
      encodeCountersigned(m.alg, m.payload, m.signature, m.countersignature),
    ),
  },
  {
    name: "decodeAttestation",
    corpus: attestations,
    decode: canonical(decodeAttestation, ({ statement, sign1 }) =>
      encodeSign1(sign1.alg, encodeStatement(statement), sign1.signature),
    ),
  },
  {
    name: "parseCoseSign1",
    corpus: [
      ...messages,
      ...attestations.slice(0, 3),
      // COSE working group, ecdsa-sig-01: tag 18, a content type, a kid.
      encodeCbor(
        new Tagged(18, [fromHex("a201260300"), new Map([[4, utf8("11")]]), utf8("This is the content."), signature]),
      ),
      fromHex("d28443a10126a0f640"),
      fromHex("8446a20126028101a0f640"),
    ],
    decode: parseCoseSign1,
  },
  {
    name: "decodeEnrolment",
    corpus: sample(arbitrary.enrolment, encodeEnrolment),
    decode: canonical(decodeEnrolment, encodeEnrolment),
  },
  {
    name: "decodeRotation",
    corpus: sample(arbitrary.rotation, encodeRotation),
    decode: canonical(decodeRotation, encodeRotation),
  },
  {
    name: "decodeRevocation",
    corpus: sample(arbitrary.revocation, encodeRevocation),
    decode: canonical(decodeRevocation, encodeRevocation),
  },
  {
    name: "decodeReceipt",
    corpus: sample(arbitrary.receipt, encodeReceipt),
    decode: canonical(decodeReceipt, encodeReceipt),
  },
  {
    name: "decodeCoseKey",
    corpus: arbitrary.keys.map((key) => encodeCoseKey(key.publicKey)),
    decode: decodeCoseKey,
  },
  {
    name: "parseDidKey",
    corpus: [
      "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
      "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
    ].map((did) => utf8(`did:key:${did}`)),
    decode: (bytes) => parseDidKey(fromUtf8(bytes) ?? ""),
  },
];

describe("mutated attestations", () => {
  it.each(targets)("$name refuses with ProtocolError or accepts", ({ name, corpus, decode }) => {
    const report = fuzzDecoder({ name, corpus, decode });
    expect(report.runs).toBe(report.accepted + report.refused);
  });
});
