import { ProtocolError } from "../../protocols/bytes/index.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../protocols/cbor/index.ts";
import { type CoordinatorCall, decodeSignerCall, encodeSignerCall } from "./signer-calls.ts";
import { FieldReader } from "./signer-fields.ts";
import { MAX_REQUEST } from "./signer-frames.ts";

/**
 * Requests to the signer. There is one for each thing that is signed, in fields of their own, and none that signs given
 * bytes: whoever holds the channel can make the device say only what a device can say.
 *
 * On the wire a request is CBOR `[id, op, field, …]` in the order of the fields below; a call within a transaction is an
 * array of the same kind, `["commit", seq, size, root]`.
 */
export type SignerRequest =
  | HelloRequest
  | (AttestRequest & { op: "attest" })
  | (EnrolRequest & { op: "enrol" })
  | (CheckpointRequest & { op: "checkpoint" })
  | (TransactionRequest & { op: "transaction" });

export interface HelloRequest {
  op: "hello";
}

/** Newest block known: the statement was not signed before it. Block 0n with 16 zero bytes: none. */
export interface AnchorFields {
  anchorBlock: bigint;
  /** First 16 bytes of the block's hash. */
  anchorHash: Uint8Array;
}

/** A pack of readings (statement kind 0). The signer adds version, boot and the rest of the layout. */
export interface AttestRequest extends AnchorFields {
  /** Device id, 32 bytes. */
  device: Uint8Array;
  clock: number;
  first: bigint;
  count: number;
  /** ms since 1970. */
  from: number;
  to: number;
  work: bigint;
  /** 16 bytes. */
  scope: Uint8Array;
  /** 32 bytes. */
  root: Uint8Array;
}

/** An enrolment (statement kind 1); takes one sequence number. The key in its body is the device's own. */
export interface EnrolRequest extends AnchorFields {
  device: Uint8Array;
  /** Account that is paid, 20 bytes. */
  owner: Uint8Array;
  /** `SignerGrade`; not those of keys that live elsewhere. */
  grade: number;
  /** Digest of the profile, 32 bytes. */
  profile: Uint8Array;
  /** 16 fresh bytes. */
  nonce: Uint8Array;
  clock: number;
  first: bigint;
  /** ms since 1970. */
  time: number;
  work: bigint;
  scope: Uint8Array;
}

/** A tree head of the gateway's log. */
export interface CheckpointRequest {
  origin: string;
  size: number;
  root: Uint8Array;
}

/** An EIP-1559 transaction to the coordinator; amounts in wei, value always 0. */
export interface TransactionRequest {
  chainId: bigint;
  nonce: bigint;
  maxPriorityFeePerGas: bigint;
  maxFeePerGas: bigint;
  gas: bigint;
  /** Contract, 20 bytes. */
  to: Uint8Array;
  call: CoordinatorCall;
}

export type Operation = SignerRequest["op"];

const encodeFields = (request: SignerRequest): CborValue[] => {
  switch (request.op) {
    case "hello":
      return [];
    case "attest": {
      const { device, clock, first, count, from, to, work, anchorBlock, anchorHash, scope, root } = request;
      return [device, clock, first, count, from, to, work, anchorBlock, anchorHash, scope, root];
    }
    case "enrol": {
      const { device, owner, grade, profile, nonce, clock, first, time, work, anchorBlock, anchorHash, scope } =
        request;
      return [device, owner, grade, profile, nonce, clock, first, time, work, anchorBlock, anchorHash, scope];
    }
    case "checkpoint":
      return [request.origin, request.size, request.root];
    case "transaction": {
      const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, call } = request;
      return [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gas, to, encodeSignerCall(call)];
    }
  }
};

function decodeFields(op: string, fields: FieldReader): SignerRequest {
  switch (op) {
    case "hello":
      return { op };
    case "attest":
      return {
        op,
        device: fields.bytes("device", 32),
        clock: fields.integer("clock", 2),
        first: fields.u64("first"),
        count: fields.integer("count", 1024),
        from: fields.integer("from"),
        to: fields.integer("to"),
        work: fields.u64("work"),
        anchorBlock: fields.u64("anchorBlock"),
        anchorHash: fields.bytes("anchorHash", 16),
        scope: fields.bytes("scope", 16),
        root: fields.bytes("root", 32),
      };
    case "enrol":
      return {
        op,
        device: fields.bytes("device", 32),
        owner: fields.bytes("owner", 20),
        grade: fields.integer("grade", 0xff),
        profile: fields.bytes("profile", 32),
        nonce: fields.bytes("nonce", 16),
        clock: fields.integer("clock", 2),
        first: fields.u64("first"),
        time: fields.integer("time"),
        work: fields.u64("work"),
        anchorBlock: fields.u64("anchorBlock"),
        anchorHash: fields.bytes("anchorHash", 16),
        scope: fields.bytes("scope", 16),
      };
    case "checkpoint":
      return { op, origin: fields.text("origin", 255), size: fields.integer("size"), root: fields.bytes("root", 32) };
    case "transaction":
      return {
        op,
        chainId: fields.u64("chainId"),
        nonce: fields.u64("nonce"),
        maxPriorityFeePerGas: fields.u64("maxPriorityFeePerGas"),
        maxFeePerGas: fields.u64("maxFeePerGas"),
        gas: fields.u64("gas"),
        to: fields.bytes("to", 20),
        call: fields.array("call", decodeSignerCall),
      };
    default:
      throw new ProtocolError("FS-SIGNER-UNKNOWN", `signer: there is no request ${JSON.stringify(op)}`, {
        fix: "Run gateway and signer of one version.",
      });
  }
}

/** @param id u32, chosen by the asker; the answer carries it. */
export function encodeRequest(id: number, request: SignerRequest): Uint8Array {
  return encodeCbor([id, request.op, ...encodeFields(request)]);
}

const REQUEST_LIMITS = { maxBytes: MAX_REQUEST, maxDepth: 3, tags: new Set<number>() };

/** A request as received. An id that could be read is there even when the rest is refused, so that it can be answered. */
export type ReceivedRequest = { id: number; request: SignerRequest } | { id: number; refusal: ProtocolError };

/** @throws ProtocolError FS-CBOR-…, FS-SIGNER-REQUEST when not even an id can be read. */
export function decodeRequest(bytes: Uint8Array): ReceivedRequest {
  const value = decodeCbor(bytes, REQUEST_LIMITS);
  const fields = new FieldReader("the request", value);
  const id = fields.integer("id", 0xffff_ffff);
  try {
    const request = decodeFields(fields.text("op", 16), fields);
    fields.end();
    return { id, request };
  } catch (error) {
    if (error instanceof ProtocolError) return { id, refusal: error };
    throw error;
  }
}
