import fc from "fast-check";
import { nobleBackend } from "../../../gateway/attest/backends/index.ts";
import type {
  Algorithm,
  Enrolment,
  Receipt,
  Revocation,
  Rotation,
  Statement,
} from "../../../protocols/attestation/index.ts";

export const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
export const algorithm = fc.constantFrom<Algorithm>("ES256", "EdDSA", "ES256K");

export const statement: fc.Arbitrary<Statement> = fc
  .record({
    kind: fc.integer({ min: 0, max: 4 }),
    clock: fc.integer({ min: 0, max: 2 }),
    boot: fc.integer({ min: 0, max: 0xffff_ffff }),
    first: fc.bigInt({ min: 0n, max: (1n << 64n) - 1025n }),
    count: fc.integer({ min: 1, max: 1024 }),
    times: fc.tuple(time, time),
    work: u64,
    anchorBlock: u64,
    anchorHash: bytes(16),
    scope: bytes(16),
    device: bytes(32),
    root: bytes(32),
  })
  .map(({ times: [a, b], count, ...rest }) => ({
    ...rest,
    count: rest.kind === 0 ? count : 1,
    from: Math.min(a, b),
    to: Math.max(a, b),
  }));

/** A few keys of each algorithm, made once: key generation would take all of a property's time. */
export const keys = (["ES256", "EdDSA", "ES256K"] as const).flatMap((alg) =>
  [1, 2, 3].map((n) => nobleBackend.importKey(alg, new Uint8Array(32).fill(n))),
);
export const signingKey = fc.constantFrom(...keys);
export const publicKey = signingKey.map((key) => key.publicKey);

export const enrolment: fc.Arbitrary<Enrolment> = fc.record({
  key: publicKey,
  owner: bytes(20),
  grade: fc.integer({ min: 1, max: 6 }),
  profile: bytes(32),
  nonce: bytes(16),
});

export const rotation: fc.Arbitrary<Rotation> = fc.record({
  next: publicKey,
  grade: fc.integer({ min: 1, max: 6 }),
  nonce: bytes(16),
});

export const revocation: fc.Arbitrary<Revocation> = fc.record({
  reason: fc.integer({ min: 0, max: 3 }),
  since: time,
  nonce: bytes(16),
});

export const receipt: fc.Arbitrary<Receipt> = fc
  .record({
    unit: fc.string({ unit: fc.constantFrom(..."JsBWhkA/%#1"), minLength: 1, maxLength: 8 }),
    session: bytes(16),
    payer: bytes(32),
    provider: bytes(32),
    units: u64,
    total: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  })
  .filter(({ payer, provider }) => payer.some((byte, at) => byte !== provider[at]));
