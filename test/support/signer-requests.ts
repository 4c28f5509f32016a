import fc from "fast-check";
import type {
  AttestRequest,
  CheckpointRequest,
  EnrolRequest,
  SignerRequest,
  TransactionRequest,
} from "../../gateway/attest/index.ts";

export const filled = (length: number, fill: number) => new Uint8Array(length).fill(fill);

/** A pack that a device may attest. */
export const attestRequest = (device: Uint8Array, changes: Partial<AttestRequest> = {}): AttestRequest => ({
  device,
  clock: 2,
  first: 1n,
  count: 4,
  from: 1_795_000_000_000,
  to: 1_795_000_030_000,
  work: 10_211_482n,
  anchorBlock: 17n,
  anchorHash: filled(16, 0xaa),
  scope: filled(16, 0x5c),
  root: filled(32, 0x01),
  ...changes,
});

export const enrolRequest = (device: Uint8Array, changes: Partial<EnrolRequest> = {}): EnrolRequest => ({
  device,
  owner: filled(20, 0x0e),
  grade: 2,
  profile: filled(32, 0x9f),
  nonce: filled(16, 0x11),
  clock: 1,
  first: 0n,
  time: 1_795_000_000_000,
  work: 10_211_000n,
  anchorBlock: 0n,
  anchorHash: filled(16, 0),
  scope: filled(16, 0x5c),
  ...changes,
});

export const checkpointRequest = (size: number, fill = size & 0xff): CheckpointRequest => ({
  origin: "gateway.example/log",
  size,
  root: filled(32, fill),
});

export const commitRequest = (size: number, fill = size & 0xff, seq = 1n): TransactionRequest => ({
  chainId: 31337n,
  nonce: 3n,
  maxPriorityFeePerGas: 1_000_000_000n,
  maxFeePerGas: 3_000_000_000n,
  gas: 90_000n,
  to: filled(20, 0xc0),
  call: { kind: "commit", seq, size: BigInt(size), root: filled(32, fill) },
});

export const registerCall: TransactionRequest["call"] = {
  kind: "register",
  entry: { maker: filled(20, 1), root: filled(32, 2), count: 1n, index: 0n, kind: 3, cap: 5_000n },
  path: [filled(32, 4), filled(32, 5)],
  enrolled: { gateway: filled(20, 6), statement: filled(160, 7), body: filled(160, 8) },
  signature: filled(64, 9),
};

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const u32 = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
const u128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const safe = fc.maxSafeNat();
const anchor = { anchorBlock: u64, anchorHash: bytes(16) };

const call: fc.Arbitrary<TransactionRequest["call"]> = fc.oneof(
  fc.record({ kind: fc.constant("commit" as const), seq: u64, size: u64, root: bytes(32) }),
  fc.record({ kind: fc.constant("admit" as const), maker: bytes(20), root: bytes(32), count: u64 }),
  fc.record({
    kind: fc.constant("register" as const),
    entry: fc.record({
      maker: bytes(20),
      root: bytes(32),
      count: u64,
      index: u64,
      kind: fc.nat(255),
      cap: fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }),
    }),
    path: fc.array(bytes(32), { maxLength: 64 }),
    enrolled: fc.record({ gateway: bytes(20), statement: bytes(160), body: bytes(160) }),
    signature: bytes(64),
  }),
  fc.record({
    kind: fc.constant("seal" as const),
    epoch: u32,
    deviceKind: fc.nat(255),
    root: bytes(32),
    work: u128,
    count: u64,
  }),
  fc.record({
    kind: fc.constant("answer" as const),
    gateway: bytes(20),
    commitment: fc.record({ seq: u64, size: u64, root: bytes(32) }),
    index: u64,
    entry: fc.uint8Array({ maxLength: 300 }),
    path: fc.array(bytes(32), { maxLength: 64 }),
  }),
  fc.record({
    kind: fc.constant("answer-share" as const),
    gateway: bytes(20),
    epoch: u32,
    deviceKind: fc.nat(255),
    point: u128,
    share: fc.record({ device: bytes(32), from: u64, to: u64, fromIndex: u64, toIndex: u64 }),
    index: u64,
    path: fc.array(bytes(48), { maxLength: 64 }),
  }),
);

/** Every kind of request with every value its fields can have. */
export const anyRequest: fc.Arbitrary<SignerRequest> = fc.oneof(
  fc.constant({ op: "hello" as const }),
  fc.record({
    op: fc.constant("attest" as const),
    device: bytes(32),
    clock: fc.nat(2),
    first: u64,
    count: fc.nat(1024),
    from: safe,
    to: safe,
    work: u64,
    ...anchor,
    scope: bytes(16),
    root: bytes(32),
  }),
  fc.record({
    op: fc.constant("enrol" as const),
    device: bytes(32),
    owner: bytes(20),
    grade: fc.nat(255),
    profile: bytes(32),
    nonce: bytes(16),
    clock: fc.nat(2),
    first: u64,
    time: safe,
    work: u64,
    ...anchor,
    scope: bytes(16),
  }),
  fc.record({
    op: fc.constant("checkpoint" as const),
    origin: fc.string({ maxLength: 100 }),
    size: safe,
    root: bytes(32),
  }),
  fc.record({
    op: fc.constant("transaction" as const),
    chainId: u64,
    nonce: u64,
    maxPriorityFeePerGas: u64,
    maxFeePerGas: u64,
    gas: u64,
    to: bytes(20),
    call,
  }),
);
