import { fromBase64Url, ProtocolError, toBase64Url } from "../bytes/index.ts";

/** Everything a stranger needs to verify one reading without the gateway. Each field is bound by a hash or a signature. */
export interface Proof {
  reading: {
    /** The reading's exact bytes (SenML CBOR). */
    bytes: Uint8Array;
    /** Its place in the pack, from 0. */
    index: number;
    /** Merkle path (32-byte hashes, leaf to root) to the attestation's `root`. */
    path: Uint8Array[];
  };
  /** COSE_Sign1 over the statement of the pack. */
  attestation: Uint8Array;
  /** COSE_Key of the device; its thumbprint is the statement's `device`. */
  key: Uint8Array;
  /** The device's own signature over its enrolment, and that enrolment's body. */
  enrolment: { attestation: Uint8Array; body: Uint8Array };
  /** The device's attestation before this one, in the same log; null when this one is its first. */
  previous: { attestation: Uint8Array; index: number; path: Uint8Array[] } | null;
  log: {
    /** Verifier key of the gateway's checkpoint signature (C2SP signed-note vkey). */
    vkey: string;
    /** C2SP tlog-proof: index, inclusion path, checkpoint. */
    proof: string;
  };
  /** Where the checkpoint was recorded on chain; null while it is not yet. */
  commitment: Commitment | null;
  /** Header of the block the attestation names as "not signed before"; null when it names none. */
  notBefore: { header: Uint8Array } | null;
}

/** A transaction receipt and its Merkle-Patricia path to a block header. */
export interface Commitment {
  chainId: number;
  /** The Ledger contract's address, 20 bytes. */
  ledger: Uint8Array;
  /** The gateway's address, 20 bytes. */
  gateway: Uint8Array;
  /** keccak-256 of the header: what to compare with a source one trusts. */
  blockHash: Uint8Array;
  /** RLP of the block header. */
  header: Uint8Array;
  /** Index of the transaction in its block. */
  transactionIndex: number;
  /** Nodes of the receipts trie, root first. */
  receiptProof: Uint8Array[];
}

export const PROOF_FORMAT = "fieldseal/proof/1";

/** Largest proof read. A pack path has ≤ 10 hashes, a log path ≤ 64, a receipt proof a few kB. */
export const MAX_PROOF_BYTES = 1 << 20;

const list = (items: readonly Uint8Array[]) => items.map(toBase64Url);

/** The proof as text: JSON with fixed key order and indentation, byte fields in base64url, one final newline. */
export function encodeProof(proof: Proof): string {
  const { reading, enrolment, previous, log, commitment, notBefore } = proof;
  const document = {
    format: PROOF_FORMAT,
    reading: { index: reading.index, bytes: toBase64Url(reading.bytes), path: list(reading.path) },
    attestation: toBase64Url(proof.attestation),
    key: toBase64Url(proof.key),
    enrolment: { attestation: toBase64Url(enrolment.attestation), body: toBase64Url(enrolment.body) },
    previous: previous && {
      index: previous.index,
      attestation: toBase64Url(previous.attestation),
      path: list(previous.path),
    },
    log: { vkey: log.vkey, proof: log.proof },
    commitment: commitment && {
      chainId: commitment.chainId,
      ledger: toBase64Url(commitment.ledger),
      gateway: toBase64Url(commitment.gateway),
      blockHash: toBase64Url(commitment.blockHash),
      transactionIndex: commitment.transactionIndex,
      header: toBase64Url(commitment.header),
      receiptProof: list(commitment.receiptProof),
    },
    notBefore: notBefore && { header: toBase64Url(notBefore.header) },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const fail = (path: string, why: string) =>
  new ProtocolError("FS-PROOF-FORMAT", `proof: ${path} ${why}`, { context: { path } });

/** Strict access to the members of one object of the document. */
function members(value: unknown, path: string, keys: readonly string[]): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail(path, "is not an object");
  const found = new Map(Object.entries(value));
  for (const key of keys) if (!found.has(key)) throw fail(`${path}.${key}`, "is missing");
  for (const key of found.keys()) if (!keys.includes(key)) throw fail(`${path}.${key}`, "is unknown");
  return found;
}

function text(value: unknown, path: string): string {
  if (typeof value !== "string") throw fail(path, "is not a text");
  return value;
}

function count(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw fail(path, "is not a count");
  return value;
}

function bytes(value: unknown, path: string, length?: number): Uint8Array {
  const decoded = fromBase64Url(text(value, path));
  if (length !== undefined && decoded.length !== length) throw fail(path, `is not ${length} bytes long`);
  return decoded;
}

/** At most 64 items: no path through a log of fewer than 2^64 entries has more. */
function bytesList(value: unknown, path: string, length?: number): Uint8Array[] {
  if (!Array.isArray(value) || value.length > 64) throw fail(path, "is not a list of at most 64 items");
  return value.map((item, i) => bytes(item, `${path}[${i}]`, length));
}

/**
 * Reads a proof. Only the form that `encodeProof` writes is accepted, so that no altered byte goes unnoticed.
 * @throws ProtocolError FS-PROOF-FORMAT (context: `path`), FS-BASE64.
 */
export function decodeProof(source: string): Proof {
  if (source.length > MAX_PROOF_BYTES) throw fail("", `is longer than ${MAX_PROOF_BYTES} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (cause) {
    throw new ProtocolError("FS-PROOF-FORMAT", "proof: is not JSON", { cause });
  }
  const top = members(parsed, "", [
    "format",
    "reading",
    "attestation",
    "key",
    "enrolment",
    "previous",
    "log",
    "commitment",
    "notBefore",
  ]);
  if (top.get("format") !== PROOF_FORMAT) throw fail(".format", `is not ${PROOF_FORMAT}`);
  const reading = members(top.get("reading"), ".reading", ["index", "bytes", "path"]);
  const enrolment = members(top.get("enrolment"), ".enrolment", ["attestation", "body"]);
  const log = members(top.get("log"), ".log", ["vkey", "proof"]);
  const proof: Proof = {
    reading: {
      index: count(reading.get("index"), ".reading.index"),
      bytes: bytes(reading.get("bytes"), ".reading.bytes"),
      path: bytesList(reading.get("path"), ".reading.path", 32),
    },
    attestation: bytes(top.get("attestation"), ".attestation"),
    key: bytes(top.get("key"), ".key"),
    enrolment: {
      attestation: bytes(enrolment.get("attestation"), ".enrolment.attestation"),
      body: bytes(enrolment.get("body"), ".enrolment.body"),
    },
    previous: decodePrevious(top.get("previous")),
    log: { vkey: text(log.get("vkey"), ".log.vkey"), proof: text(log.get("proof"), ".log.proof") },
    commitment: decodeCommitment(top.get("commitment")),
    notBefore:
      top.get("notBefore") === null
        ? null
        : { header: bytes(members(top.get("notBefore"), ".notBefore", ["header"]).get("header"), ".notBefore.header") },
  };
  if (encodeProof(proof) !== source)
    throw fail("", "is not in the form it is written in (spacing, order or escapes were altered)");
  return proof;
}

function decodePrevious(value: unknown): Proof["previous"] {
  if (value === null) return null;
  const previous = members(value, ".previous", ["index", "attestation", "path"]);
  return {
    index: count(previous.get("index"), ".previous.index"),
    attestation: bytes(previous.get("attestation"), ".previous.attestation"),
    path: bytesList(previous.get("path"), ".previous.path", 32),
  };
}

function decodeCommitment(value: unknown): Commitment | null {
  if (value === null) return null;
  const path = ".commitment";
  const commitment = members(value, path, [
    "chainId",
    "ledger",
    "gateway",
    "blockHash",
    "transactionIndex",
    "header",
    "receiptProof",
  ]);
  return {
    chainId: count(commitment.get("chainId"), `${path}.chainId`),
    ledger: bytes(commitment.get("ledger"), `${path}.ledger`, 20),
    gateway: bytes(commitment.get("gateway"), `${path}.gateway`, 20),
    blockHash: bytes(commitment.get("blockHash"), `${path}.blockHash`, 32),
    transactionIndex: count(commitment.get("transactionIndex"), `${path}.transactionIndex`),
    header: bytes(commitment.get("header"), `${path}.header`),
    receiptProof: bytesList(commitment.get("receiptProof"), `${path}.receiptProof`),
  };
}
