import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concatBytes } from "../bytes/bytes.ts";
import { ProtocolError, UsageError } from "../bytes/errors.ts";
import { addressOfPublicKey } from "./address.ts";
import { keccak256 } from "./keccak.ts";
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpList, rlpReadUint, rlpUint } from "./rlp.ts";

/** What an EIP-1559 transaction says (type 2, empty access list). All amounts in wei. */
export interface TransactionFields {
  chainId: bigint;
  nonce: bigint;
  maxPriorityFeePerGas: bigint;
  maxFeePerGas: bigint;
  gas: bigint;
  /** 20 bytes; undefined creates a contract. */
  to: Uint8Array | undefined;
  value: bigint;
  data: Uint8Array;
}

export interface TransactionSignature {
  /** Oddness of the nonce point's y. */
  yParity: 0 | 1;
  /** r‖s, 64 bytes, low s (EIP-2). */
  rs: Uint8Array;
}

const TYPE = 0x02;
const CODE = "FS-TX";
const MAX_BYTES = 128 * 1024;
const SECP256K1_HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

function items(fields: TransactionFields): RlpValue[] {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, value, data } = fields;
  if (to !== undefined && to.length !== 20) {
    throw new UsageError("FS-TX-FIELDS", `the recipient has ${to.length} bytes instead of 20`);
  }
  for (const [name, amount] of Object.entries({ chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, value })) {
    if (amount < 0n || amount >= 1n << 256n) {
      throw new UsageError("FS-TX-FIELDS", `${name} of a transaction is out of range`, { context: { name } });
    }
  }
  const numbers = [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas].map(rlpUint);
  return [...numbers, to ?? new Uint8Array(0), rlpUint(value), data, []];
}

const typed = (payload: RlpValue) => concatBytes(Uint8Array.of(TYPE), encodeRlp(payload));

/** The bytes whose Keccak-256 is signed (EIP-1559): `02 ‖ rlp([chain id, nonce, …, access list])`. */
export function unsignedTransaction(fields: TransactionFields): Uint8Array {
  return typed(items(fields));
}

/** The raw transaction, as `eth_sendRawTransaction` takes it. */
export function signedTransaction(fields: TransactionFields, signature: TransactionSignature): Uint8Array {
  const { rs, yParity } = signature;
  if (rs.length !== 64) throw new UsageError("FS-TX-FIELDS", `a signature has 64 bytes, not ${rs.length}`);
  const word = (from: number) => rlpUint(readWord(rs.subarray(from, from + 32)));
  return typed([...items(fields), rlpUint(BigInt(yParity)), word(0), word(32)]);
}

function readWord(bytes: Uint8Array): bigint {
  let out = 0n;
  for (const byte of bytes) out = (out << 8n) | BigInt(byte);
  return out;
}

/** The transaction's id: Keccak-256 of its raw bytes. */
export function transactionHash(raw: Uint8Array): Uint8Array {
  return keccak256(raw);
}

/**
 * Signs with a deterministic nonce (RFC 6979) and low s.
 * @param privateKey 32 bytes.
 * @returns the raw transaction.
 */
export function signTransaction(fields: TransactionFields, privateKey: Uint8Array): Uint8Array {
  const digest = keccak256(unsignedTransaction(fields));
  const signature = secp256k1.sign(digest, privateKey, { prehash: false, format: "recovered" });
  return signedTransaction(fields, { yParity: signature[0] === 1 ? 1 : 0, rs: signature.subarray(1) });
}

/** The account (20 bytes) of a secp256k1 private key. */
export function addressOfPrivateKey(privateKey: Uint8Array): Uint8Array {
  return addressOfPublicKey(secp256k1.getPublicKey(privateKey, false));
}

export interface SignedTransaction {
  fields: TransactionFields;
  signature: TransactionSignature;
  hash: Uint8Array;
}

/**
 * A raw EIP-1559 transaction with an empty access list, the only kind that is sent here.
 * @throws ProtocolError FS-TX, FS-RLP.
 */
export function decodeTransaction(raw: Uint8Array): SignedTransaction {
  if (raw[0] !== TYPE) throw new ProtocolError(CODE, `transaction type ${raw[0] ?? "none"} instead of 2 (EIP-1559)`);
  const list = rlpList(decodeRlp(raw.subarray(1), { maxBytes: MAX_BYTES, maxDepth: 3 }), "the transaction", CODE);
  if (list.length !== 12) throw new ProtocolError(CODE, `a signed transaction has 12 fields, not ${list.length}`);
  const uint = (at: number, what: string, maxBytes = 32) => rlpReadUint(list[at], what, maxBytes, CODE);
  const to = rlpBytes(list[5], "the recipient", undefined, CODE);
  if (to.length !== 0 && to.length !== 20) throw new ProtocolError(CODE, `a recipient of ${to.length} bytes`);
  if (rlpList(list[8], "the access list", CODE).length > 0) throw new ProtocolError(CODE, "an access list is not used");
  const yParity = uint(9, "the parity", 1);
  if (yParity > 1n) throw new ProtocolError(CODE, `a parity of ${yParity}`);
  const r = uint(10, "r");
  const s = uint(11, "s");
  if (r === 0n || s === 0n || s > SECP256K1_HALF_ORDER) throw new ProtocolError(CODE, "r or s is out of range");
  const rs = new Uint8Array(64);
  const rBytes = rlpUint(r);
  const sBytes = rlpUint(s);
  rs.set(rBytes, 32 - rBytes.length);
  rs.set(sBytes, 64 - sBytes.length);
  return {
    fields: {
      chainId: uint(0, "the chain id"),
      nonce: uint(1, "the nonce", 8),
      maxPriorityFeePerGas: uint(2, "the priority fee"),
      maxFeePerGas: uint(3, "the fee"),
      gas: uint(4, "the gas limit", 8),
      to: to.length === 0 ? undefined : to,
      value: uint(6, "the value"),
      data: rlpBytes(list[7], "the data", undefined, CODE),
    },
    signature: { yParity: yParity === 1n ? 1 : 0, rs },
    hash: keccak256(raw),
  };
}

/** The account that signed a transaction. @throws ProtocolError FS-TX when the signature fits no key. */
export function transactionSender({ fields, signature }: SignedTransaction): Uint8Array {
  const recovered = concatBytes(Uint8Array.of(signature.yParity), signature.rs);
  try {
    const key = secp256k1.recoverPublicKey(recovered, keccak256(unsignedTransaction(fields)), { prehash: false });
    return addressOfPublicKey(secp256k1.Point.fromBytes(key).toBytes(false));
  } catch (cause) {
    throw new ProtocolError(CODE, "the signature of the transaction fits no key", { cause });
  }
}
