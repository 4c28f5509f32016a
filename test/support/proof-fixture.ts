import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import {
  ClockState,
  deviceId,
  encodeAttestation,
  encodeCoseKey,
  encodeEnrolment,
  encodeStatement,
  type PublicKey,
  packPath,
  packRoot,
  SignerGrade,
  type Statement,
  StatementKind,
  scopeOf,
  toBeSigned,
} from "../../protocols/attestation/index.ts";
import { fromUtf8, sha256, utf8 } from "../../protocols/bytes/index.ts";
import {
  buildReceiptProof,
  buildTrieProof,
  encodeReceipt,
  encodeRlp,
  eventTopic,
  keccak256,
  rlpUint,
} from "../../protocols/evm/index.ts";
import {
  encodeTlogProof,
  encodeVkey,
  leafHash,
  MerkleTree,
  noteKey,
  signCheckpoint,
} from "../../protocols/log/index.ts";
import type { Proof } from "../../protocols/proof/index.ts";
import { Decimal, encodeReading } from "../../protocols/reading/index.ts";

const word = (bytes: Uint8Array) => {
  const out = new Uint8Array(32);
  out.set(bytes, 32 - bytes.length);
  return out;
};
const uintWord = (value: bigint) => word(rlpUint(value));

const secret = sha256(utf8("device key of the fixture"));
export const KEY: PublicKey = { alg: "ES256", bytes: p256.getPublicKey(secret, false).slice(1) };
export const START = Date.UTC(2026, 10, 22, 14, 3, 0);
const CHAIN_ID = 31_337;
const LEDGER = sha256(utf8("ledger")).slice(0, 20);
const GATEWAY = sha256(utf8("gateway")).slice(0, 20);

export function attest(fields: Partial<Statement>): Uint8Array {
  const statement = encodeStatement({
    kind: StatementKind.readings,
    clock: ClockState.network,
    boot: 1,
    first: 0n,
    count: 1,
    from: START,
    to: START,
    work: 0n,
    anchorBlock: 0n,
    anchorHash: new Uint8Array(16),
    scope: scopeOf(BigInt(CHAIN_ID), LEDGER, GATEWAY),
    device: deviceId(KEY),
    root: new Uint8Array(32),
    ...fields,
  });
  const signature = p256.sign(toBeSigned("ES256", statement), secret, { lowS: true });
  return encodeAttestation("ES256", statement, signature);
}

function header(number: bigint, timestamp: bigint, receiptsRoot: Uint8Array): Uint8Array {
  const zero32 = new Uint8Array(32);
  return encodeRlp([
    keccak256(rlpUint(number)),
    keccak256(encodeRlp([])),
    new Uint8Array(20),
    zero32,
    zero32,
    receiptsRoot,
    new Uint8Array(256),
    new Uint8Array(0),
    rlpUint(number),
    rlpUint(30_000_000n),
    rlpUint(52_311n),
    rlpUint(timestamp),
    new Uint8Array(0),
    zero32,
    new Uint8Array(8),
    rlpUint(7n),
  ]);
}

const readings = Array.from({ length: 16 }, (_, i) =>
  encodeReading({
    time: START + i * 1000,
    quality: 0,
    measurements: [
      { name: "power", unit: "W", value: Decimal.parse(`${1834 + i}.2`) },
      { name: "energy_import", unit: "Wh", value: 10_211_482 + i },
    ],
  }),
);

/** A whole proof made of fixed keys and a made-up chain: reading 11 of a device, fourth of its second pack of eight. */
export function makeProof(): Proof {
  const packs = [readings.slice(0, 8), readings.slice(8)];
  const notBefore = header(17n, BigInt(START / 1000) - 1n, sha256(utf8("no receipts")));
  const anchor = { anchorBlock: 17n, anchorHash: keccak256(notBefore).slice(0, 16) };
  const attestations = packs.map((pack, i) =>
    attest({
      first: BigInt(8 * i),
      count: 8,
      from: START + 8000 * i,
      to: START + 8000 * i + 7000,
      work: 10_211_489n + BigInt(8 * i),
      root: packRoot(pack),
      ...anchor,
    }),
  );
  const body = encodeEnrolment({
    key: KEY,
    owner: sha256(utf8("owner")).slice(0, 20),
    grade: SignerGrade.gateway,
    profile: sha256(utf8("profile")),
    nonce: sha256(utf8("nonce")).slice(0, 16),
  });
  const enrolment = {
    body,
    attestation: attest({ kind: StatementKind.enrol, from: START - 60_000, to: START - 60_000, root: sha256(body) }),
  };

  const entries = [
    utf8("another device's entry"),
    attestations[0]!,
    utf8("and one more"),
    attestations[1]!,
    utf8("a later one"),
  ];
  const tree = new MerkleTree();
  for (const entry of entries) tree.append(leafHash(entry));
  const root = tree.root();
  const logSecret = sha256(utf8("checkpoint key of the fixture"));
  const vkey = noteKey("shed", ed25519.getPublicKey(logSecret));
  const checkpoint = signCheckpoint({ origin: "shed", size: entries.length, root }, vkey, (m) =>
    ed25519.sign(m, logSecret),
  );

  const committed = encodeReceipt({
    type: 2,
    status: true,
    cumulativeGasUsed: 52_311n,
    logs: [
      {
        address: LEDGER,
        topics: [eventTopic("Committed(address,uint64,uint64,bytes32)"), word(GATEWAY), uintWord(1n)],
        data: Uint8Array.of(...uintWord(BigInt(entries.length)), ...root),
      },
    ],
  });
  const receipts = [encodeReceipt({ type: 2, status: true, cumulativeGasUsed: 21_000n, logs: [] }), committed];
  const keys = receipts.map((value, i) => ({ key: encodeRlp(rlpUint(BigInt(i))), value }));
  const block = header(18n, BigInt(START / 1000) + 47n, buildTrieProof(keys, keys[1]!.key).root);
  const { proof: receiptProof } = buildReceiptProof(block, receipts, 1);

  return {
    reading: { bytes: readings[11]!, index: 3, path: packPath(packs[1]!, 3) },
    attestation: attestations[1]!,
    key: encodeCoseKey(KEY),
    enrolment,
    previous: { attestation: attestations[0]!, index: 1, path: tree.inclusionProof(1, entries.length) },
    log: {
      vkey: encodeVkey(vkey),
      proof: fromUtf8(encodeTlogProof({ index: 3, proof: tree.inclusionProof(3, entries.length), checkpoint }))!,
    },
    commitment: {
      chainId: CHAIN_ID,
      ledger: LEDGER,
      gateway: GATEWAY,
      blockHash: keccak256(block),
      header: block,
      transactionIndex: 1,
      receiptProof: [...receiptProof],
    },
    notBefore: { header: notBefore },
  };
}
