import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as records from "../../../gateway/ingest/records.ts";
import { copyOf, ProtocolError } from "../../../protocols/bytes/index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const safe = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const some = fc.uint8Array({ maxLength: 300 });
const index = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER - 1 });

const reading = fc.record({ device: bytes(32), seq: u64, work: u64, time: safe, bytes: some });
const attestation = fc.record({
  index: safe,
  sign1: some,
  bodies: fc.option(fc.array(some, { maxLength: 8 }), { nil: null }),
});
const evidence = fc.record({ earlier: some, later: some });
const cursor = fc.record({
  device: bytes(32),
  next: u64,
  boot: fc.nat({ max: 2 ** 32 - 1 }),
  work: u64,
  time: safe,
  last: index,
  enrolment: index,
  scope: bytes(16),
});
const snapshot = fc.record({
  logSize: safe,
  devices: fc.array(cursor, { maxLength: 5 }),
  outbox: fc.array(some, { maxLength: 5 }),
  evidence: fc.array(evidence, { maxLength: 3 }),
});

/** Records are views onto memory that is used again; the journal copies them. */
const kept =
  <T>(encode: (value: T) => Uint8Array) =>
  (value: T) =>
    copyOf(encode(value));
const codecs = [
  ["reading", reading, kept(records.encodeReadingRecord), records.decodeReadingRecord],
  ["attestation", attestation, kept(records.encodeAttestationRecord), records.decodeAttestationRecord],
  ["evidence", evidence, kept(records.encodeEvidenceRecord), records.decodeEvidenceRecord],
  ["snapshot", snapshot, kept(records.encodeSnapshotRecord), records.decodeSnapshotRecord],
] as unknown as [string, fc.Arbitrary<unknown>, (value: unknown) => Uint8Array, (payload: Uint8Array) => unknown][];

describe.each(codecs)("journal record: %s", (_, values, encode, decode) => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it("cut short it is refused or another record, and never anything but a ProtocolError", () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const whole = encode(value);
        try {
          decode(whole.subarray(0, cut % (whole.length + 1)));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it("random bytes give nothing but a ProtocolError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (payload) => {
        try {
          decode(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

it("refuses a time and a log index beyond the safe integers", () => {
  const record = copyOf(
    records.encodeReadingRecord({ device: new Uint8Array(32), seq: 1n, work: 1n, time: 1, bytes: new Uint8Array(2) }),
  );
  record[48] = 0xff;
  expect(() => records.decodeReadingRecord(record)).toThrow(ProtocolError);
  const entry = copyOf(records.encodeAttestationRecord({ index: 1, sign1: new Uint8Array(2), bodies: null }));
  entry[0] = 0xff;
  expect(() => records.decodeAttestationRecord(entry)).toThrow(ProtocolError);
});

it("refuses a snapshot of another version", () => {
  const record = copyOf(records.encodeSnapshotRecord({ logSize: 0, devices: [], outbox: [], evidence: [] }));
  record[0] = 2;
  expect(() => records.decodeSnapshotRecord(record)).toThrow(/another version/);
});
