import { ALL_ALGORITHMS } from "../../protocols/attestation/index.ts";
import {
  EnvironmentError,
  FieldsealError,
  InternalError,
  ProtocolError,
  UsageError,
} from "../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../protocols/cbor/index.ts";
import type { KeyInfo } from "./keystore-format.ts";
import { FieldReader } from "./signer-fields.ts";
import { MAX_RESPONSE } from "./signer-frames.ts";
import type { Operation } from "./signer-protocol.ts";

export interface Hello {
  /** Number of this start; rises with every one. */
  boot: number;
  /** Which back end signs: `node:crypto`, `noble`. */
  backend: string;
  keys: readonly KeyInfo[];
}

/** What each request is answered with. */
export interface SignerResults {
  hello: Hello;
  /** COSE_Sign1 over the statement. */
  attest: Uint8Array;
  /** COSE_Sign1 over the statement, and the body its root is the hash of. */
  enrol: { sign1: Uint8Array; body: Uint8Array };
  /** Signed note (C2SP checkpoint). */
  checkpoint: Uint8Array;
  /** Raw EIP-1559 transaction. */
  transaction: Uint8Array;
}

export type SignerResult = { [Op in Operation]: { op: Op; value: SignerResults[Op] } }[Operation];

function encodeResult(result: SignerResult): CborValue[] {
  switch (result.op) {
    case "hello": {
      const { boot, backend, keys } = result.value;
      return [boot, backend, keys.map(({ purpose, name, alg, publicKey, id }) => [purpose, name, alg, publicKey, id])];
    }
    case "enrol":
      return [result.value.sign1, result.value.body];
    default:
      return [result.value];
  }
}

function decodeKey(fields: FieldReader): KeyInfo {
  const purpose = fields.text("purpose", 16);
  const name = fields.text("name", 64);
  const text = fields.text("alg", 16);
  const alg = ALL_ALGORITHMS.find((known) => known === text);
  if ((purpose !== "device" && purpose !== "gateway" && purpose !== "chain") || alg === undefined) {
    throw new ProtocolError("FS-SIGNER-REQUEST", "signer: unknown purpose or algorithm of a key");
  }
  return { purpose, name, alg, publicKey: fields.bytes("publicKey"), id: fields.bytes("id", 32) };
}

function decodeResult(op: Operation, fields: FieldReader): SignerResult {
  switch (op) {
    case "hello":
      return {
        op,
        value: {
          boot: fields.integer("boot", 0xffff_ffff),
          backend: fields.text("backend", 64),
          keys: fields.arrays("keys", decodeKey),
        },
      };
    case "enrol":
      return { op, value: { sign1: fields.bytes("sign1"), body: fields.bytes("body") } };
    default:
      return { op, value: fields.bytes("result") };
  }
}

/** CBOR `[id, true, result …]`. */
export function encodeResponse(id: number, result: SignerResult): Uint8Array {
  return encodeCbor([id, true, ...encodeResult(result)]);
}

/** CBOR `[id, false, blame, code, message, fix]`; what is not an error of ours is told as a bug without its text. */
export function encodeRefusal(id: number, error: unknown): Uint8Array {
  const known =
    error instanceof FieldsealError ? error : new InternalError("FS-SIGNER-BUG", "the signer failed at this request");
  return encodeCbor([id, false, known.blame, known.code, known.message, known.fix ?? null]);
}

const RESPONSE_LIMITS = { maxBytes: MAX_RESPONSE, maxDepth: 3, tags: new Set<number>() };

export interface ReceivedResponse {
  id: number;
  /** Reads the result of the operation that was asked for. @throws the signer's error, ProtocolError FS-SIGNER-REQUEST */
  result(op: Operation): SignerResult;
}

/** @throws ProtocolError FS-CBOR-…, FS-SIGNER-REQUEST. */
export function decodeResponse(bytes: Uint8Array): ReceivedResponse {
  const fields = new FieldReader("the response", decodeCbor(bytes, RESPONSE_LIMITS));
  const id = fields.integer("id", 0xffff_ffff);
  const ok = fields.boolean("ok");
  return {
    id,
    result(op) {
      if (!ok) throw decodeRefusal(fields);
      const result = decodeResult(op, fields);
      fields.end();
      return result;
    },
  };
}

function decodeRefusal(fields: FieldReader): FieldsealError {
  const blame = fields.text("blame", 16);
  const code = fields.text("code", 64);
  const message = fields.text("message", 4096);
  const fix = fields.textOrNull("fix", 4096);
  const options = fix === null ? {} : { fix };
  if (blame === "environment") return new EnvironmentError(code, message, options);
  if (blame === "caller") return new UsageError(code, message, options);
  if (blame === "peer") return new ProtocolError(code, message, options);
  if (blame === "bug") return new InternalError(code, message, options);
  return new ProtocolError("FS-SIGNER-REQUEST", "signer: an error of unknown blame", { context: { code } });
}
