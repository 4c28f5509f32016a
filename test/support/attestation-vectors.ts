import { nobleBackend } from "../../gateway/attest/backends/index.ts";
import {
  type Algorithm,
  deviceId,
  didKey,
  encodeCoseKey,
  encodeCountersigned,
  encodeEnrolment,
  encodeReceipt,
  encodeRevocation,
  encodeRotation,
  encodeSign1,
  encodeStatement,
  packPath,
  packRoot,
  type Statement,
  scopeOf,
  statementId,
  toBeCountersigned,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { fromHex, sha256, toHex } from "../../protocols/bytes/index.ts";

/**
 * The cases of test/vectors/attestation.json, for implementations in C and Solidity. Keys are fixed and nonces those of
 * RFC 6979, so that every byte can be made again; u64 are decimal text, bytes are hex.
 */

/** Test keys: published ones where there are any (RFC 6979 A.2.5, RFC 8032 §7.1 TEST 1). Never to be used. */
const SECRETS: readonly (readonly [Algorithm, string])[] = [
  ["ES256", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"],
  ["EdDSA", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"],
  ["ES256K", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"],
];

/** Three readings of a meter, as protocols/reading encodes them: power in W, energy in J. */
export const READINGS = [
  "82a40065706f77657201615702c482201947a6221a6afd86c0a3006c656e65726779496d706f727401614a021a006ddd00",
  "82a40065706f77657201615702c482201947bf221a6afd86c1a3006c656e65726779496d706f727401614a021a006de42b",
  "82a40065706f7765720161570219072722c482221b000001a1ee5667c4a3006c656e65726779496d706f727401614a021a006deb51",
].map(fromHex);

const COORDINATOR = fromHex("5fbdb2315678afecb367f032d93f642f64180aa3");
const GATEWAY = fromHex("70997970c51812dc3a010c7d01b50e0d17dc79c8");
const OWNER = fromHex("3c44cdddb6a900fa2b585dd299e03d12fa4293bc");
const NONCE = fromHex("00112233445566778899aabbccddeeff");

const signers = SECRETS.map(([alg, secret]) => nobleBackend.importKey(alg, fromHex(secret)));

export function exampleStatement(device: Uint8Array, change: Partial<Statement> = {}): Statement {
  return {
    kind: 0,
    clock: 1,
    boot: 7,
    first: 1201n,
    count: 3,
    from: 1_795_000_000_000,
    to: 1_795_000_002_500,
    work: 7_203_665n,
    anchorBlock: 21_000_000n,
    anchorHash: fromHex("8f1b34c05a2fe1d65f0c2d7f39a64b1e"),
    scope: scopeOf(31337n, COORDINATOR, GATEWAY),
    device,
    root: packRoot(READINGS),
    ...change,
  };
}

function fieldsOf(s: Statement): Record<string, string | number> {
  const shown = (value: unknown) =>
    value instanceof Uint8Array ? toHex(value) : typeof value === "number" ? value : String(value);
  return Object.fromEntries(Object.entries(s).map(([name, value]) => [name, shown(value)]));
}

/** The example attestation of SPEC.md: the ES256 key's pack of three readings. */
export function example() {
  const key = signers[0]!;
  const statement = encodeStatement(exampleStatement(deviceId(key.publicKey)));
  const signature = key.sign(toBeSigned("ES256", statement));
  return {
    key,
    statement,
    toBeSigned: toBeSigned("ES256", statement),
    message: encodeSign1("ES256", statement, signature),
  };
}

function bodies() {
  const next = signers[2]!.publicKey;
  const enrolments = signers.map(({ publicKey }, i) => {
    const grade = 4 + (i % 2);
    const profile = sha256(Uint8Array.of(i));
    const bytes = encodeEnrolment({ key: publicKey, owner: OWNER, grade, profile, nonce: NONCE });
    return {
      alg: publicKey.alg,
      key: toHex(publicKey.bytes),
      owner: toHex(OWNER),
      grade,
      profile: toHex(profile),
      nonce: toHex(NONCE),
      bytes: toHex(bytes),
      root: toHex(sha256(bytes)),
    };
  });
  const rotation = encodeRotation({ next, grade: 5, nonce: NONCE });
  const revocation = encodeRevocation({ reason: 1, since: 1_795_000_000_000, nonce: NONCE });
  const of = (bytes: Uint8Array) => ({ bytes: toHex(bytes), root: toHex(sha256(bytes)) });
  return {
    enrolments,
    rotations: [{ alg: next.alg, next: toHex(next.bytes), grade: 5, nonce: toHex(NONCE), ...of(rotation) }],
    revocations: [{ reason: 1, since: 1_795_000_000_000, nonce: toHex(NONCE), ...of(revocation) }],
  };
}

/** Provider: the ES256 key. Consumers: the other two. */
function receipts() {
  const provider = signers[0]!;
  return signers.slice(1).map((consumer) => {
    const receipt = {
      unit: "Wh",
      session: NONCE,
      payer: deviceId(consumer.publicKey),
      provider: deviceId(provider.publicKey),
      units: 12_500n,
      total: 3_125_000_000_000_000_000n,
    };
    const body = encodeReceipt(receipt);
    const statement = encodeStatement(
      exampleStatement(receipt.provider, { kind: 4, first: 1300n, count: 1, root: sha256(body) }),
    );
    const signature = provider.sign(toBeSigned("ES256", statement));
    const toCountersign = toBeCountersigned("ES256", statement, signature);
    const countersignature = consumer.sign(toCountersign);
    return {
      unit: receipt.unit,
      session: toHex(receipt.session),
      payer: toHex(receipt.payer),
      provider: toHex(receipt.provider),
      units: String(receipt.units),
      total: String(receipt.total),
      bytes: toHex(body),
      root: toHex(sha256(body)),
      consumer: { alg: consumer.alg, key: toHex(consumer.publicKey.bytes) },
      statement: toHex(statement),
      toBeCountersigned: toHex(toCountersign),
      message: toHex(encodeCountersigned("ES256", statement, signature, countersignature)),
    };
  });
}

/** Statements that every implementation must refuse, by the code that ours gives. */
function invalidStatements() {
  const valid = encodeStatement(exampleStatement(deviceId(signers[0]!.publicKey)));
  const cases: readonly (readonly [why: string, code: string, at: number, hex: string])[] = [
    ["version 0", "FS-STATEMENT-VERSION", 0, "00"],
    ["version 2", "FS-STATEMENT-VERSION", 0, "02"],
    ["kind 5", "FS-STATEMENT-KIND", 1, "05"],
    ["three enrolments", "FS-STATEMENT-COUNT", 1, "01"],
    ["clock state 3", "FS-STATEMENT-CLOCK", 2, "03"],
    ["flag set", "FS-STATEMENT-RESERVED", 3, "80"],
    ["count 0", "FS-STATEMENT-COUNT", 16, "0000"],
    ["count 1025", "FS-STATEMENT-COUNT", 16, "0401"],
    ["reserved byte 18", "FS-STATEMENT-RESERVED", 18, "01"],
    ["reserved byte 23", "FS-STATEMENT-RESERVED", 23, "01"],
    ["reserved byte 88", "FS-STATEMENT-RESERVED", 88, "01"],
    ["reserved byte 95", "FS-STATEMENT-RESERVED", 95, "01"],
    ["from after to", "FS-STATEMENT-TIME", 24, "000001a2ed000000"],
    ["time of 2^53", "FS-STATEMENT-TIME", 32, "0020000000000000"],
    ["sequence past 2^64", "FS-STATEMENT-SEQUENCE", 8, "fffffffffffffffd"],
  ];
  return cases.map(([why, code, at, hex]) => {
    const bytes = valid.slice();
    bytes.set(fromHex(hex), at);
    return { why, code, bytes: toHex(bytes) };
  });
}

/** Messages that are COSE_Sign1 or nearly so, and not of the profile. */
function invalidMessages() {
  const hex = toHex(example().message);
  const cases: readonly (readonly [why: string, code: string, hex: string])[] = [
    ["tag 18", "FS-SIGN1-SHAPE", `d2${hex}`],
    ["indefinite array", "FS-SIGN1-SHAPE", `9f${hex.slice(2)}ff`],
    ["ES384", "FS-SIGN1-ALG", hex.replace("43a10126", "44a1013822")],
    ["alg in a longer form than it needs", "FS-SIGN1-ALG", hex.replace("43a10126", "44a1013806")],
    ["protected header without the byte string", "FS-SIGN1-ALG", hex.replace("43a10126", "a10126")],
    ["key id in the unprotected header", "FS-SIGN1-HEADER", hex.replace("43a10126a0", "43a10126a1044101")],
    ["payload's length in a longer form than it needs", "FS-SIGN1-PAYLOAD", hex.replace("a058a0", "a05900a0")],
    ["detached payload", "FS-SIGN1-PAYLOAD", `8443a10126a0f6${hex.slice(-132)}`],
    ["signature of 63 bytes", "FS-SIGN1-SIGNATURE", hex.slice(0, -2).replace(/5840(?=[0-9a-f]{126}$)/, "583f")],
    ["a byte after the end", "FS-SIGN1-LENGTH", `${hex}00`],
    ["a byte short", "FS-SIGN1-LENGTH", hex.slice(0, -2)],
  ];
  return cases.map(([why, code, bytes]) => ({ why, code, bytes }));
}

export function buildVectors() {
  const statement = exampleStatement(deviceId(signers[0]!.publicKey));
  return {
    about: "Fieldseal attestation format 1; see protocols/attestation/SPEC.md. Test keys only.",
    keys: signers.map(({ alg, publicKey }, i) => ({
      alg,
      private: SECRETS[i]![1],
      public: toHex(publicKey.bytes),
      coseKey: toHex(encodeCoseKey(publicKey)),
      deviceId: toHex(deviceId(publicKey)),
      did: didKey(publicKey),
    })),
    scopes: [1n, 31337n, (1n << 64n) - 1n].map((chainId) => ({
      chainId: String(chainId),
      coordinator: toHex(COORDINATOR),
      gateway: toHex(GATEWAY),
      scope: toHex(scopeOf(chainId, COORDINATOR, GATEWAY)),
    })),
    packs: [1, 2, 3].map((count) => {
      const readings = READINGS.slice(0, count);
      return {
        readings: readings.map(toHex),
        root: toHex(packRoot(readings)),
        paths: readings.map((_, index) => packPath(readings, index).map(toHex)),
      };
    }),
    statements: [
      statement,
      { ...statement, kind: 1, count: 1, clock: 2, anchorBlock: 0n, anchorHash: new Uint8Array(16) },
    ].map((s) => ({
      fields: fieldsOf(s),
      bytes: toHex(encodeStatement(s)),
      id: toHex(statementId(encodeStatement(s))),
    })),
    sign1: signers.map((signer) => {
      const payload = encodeStatement(exampleStatement(deviceId(signer.publicKey)));
      const message = toBeSigned(signer.alg, payload);
      const signature = signer.sign(message);
      return {
        alg: signer.alg,
        public: toHex(signer.publicKey.bytes),
        statement: toHex(payload),
        toBeSigned: toHex(message),
        digest: toHex(sha256(message)),
        signature: toHex(signature),
        message: toHex(encodeSign1(signer.alg, payload, signature)),
      };
    }),
    ...bodies(),
    receipts: receipts(),
    invalid: { statements: invalidStatements(), messages: invalidMessages() },
  };
}
