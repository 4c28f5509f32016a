import { copyOf, ProtocolError } from "../bytes/index.ts";
import { type CborKey, type CborValue, decodeCbor, Tagged } from "../cbor/index.ts";
import { type Algorithm, algorithmOf } from "./algorithm.ts";
import type { PublicKey } from "./key.ts";
import { encodeSigStructure } from "./sig-structure.ts";
import type { Verifier } from "./verify.ts";

type Headers = ReadonlyMap<CborKey, CborValue>;

/** Somebody else's COSE_Sign1 (RFC 9052 §4.2), tagged or not, with whatever headers. */
export interface CoseSign1 {
  /** The profile's algorithm, or undefined when the message names another or none. */
  alg: Algorithm | undefined;
  protectedHeader: Headers;
  unprotectedHeader: Headers;
  /** As received, for the Sig_structure; empty when the header is an empty map (RFC 9052 §3). */
  protectedBytes: Uint8Array;
  /** undefined when detached (nil). */
  payload: Uint8Array | undefined;
  signature: Uint8Array;
}

const TAG_SIGN1 = 18;
/** Parameters whose meaning this reader knows, and which may therefore be critical: alg, crit, content type, kid. */
const UNDERSTOOD: ReadonlySet<CborKey> = new Set<CborKey>([1, 2, 3, 4]);
const EMPTY = new Uint8Array(0);

const bad = (what: string, why: string) => new ProtocolError(`FS-COSE-${what}`, `COSE_Sign1: ${why}`);

const isMap = (value: CborValue | undefined): value is Headers => value instanceof Map;

/** Other people's encoders need not be deterministic: nothing of theirs is re-encoded, the bytes stay as they came. */
const LIMITS = { maxBytes: 65_536, deterministic: false, tags: new Set([4, TAG_SIGN1]) };

function readProtected(bytes: Uint8Array): Headers {
  if (bytes.length === 0) return new Map();
  const header = decodeCbor(bytes, LIMITS);
  if (!isMap(header)) throw bad("HEADER", "the protected header is not a map");
  return header;
}

function checkCritical(header: Headers): void {
  const critical = header.get(2);
  if (critical === undefined) return;
  if (!Array.isArray(critical) || critical.length === 0) throw bad("CRIT", "crit is not an array of labels");
  for (const label of critical as readonly CborValue[]) {
    if ((typeof label !== "number" && typeof label !== "string") || !header.has(label)) {
      throw bad("CRIT", "crit names a label that the protected header lacks");
    }
    if (!UNDERSTOOD.has(label)) throw bad("CRIT", `the critical header parameter ${label} is not understood`);
  }
}

/**
 * Reads any COSE_Sign1, for messages of other people's making: what this project signs is read by `decodeSign1`.
 * @throws ProtocolError FS-CBOR-…, FS-COSE-SHAPE, FS-COSE-HEADER, FS-COSE-CRIT
 */
export function parseCoseSign1(bytes: Uint8Array): CoseSign1 {
  const item = decodeCbor(bytes, LIMITS);
  const array = item instanceof Tagged && item.tag === TAG_SIGN1 ? item.value : item;
  if (!Array.isArray(array) || array.length !== 4) throw bad("SHAPE", "not an array of four, with tag 18 or none");
  const [header, unprotectedHeader, payload, signature] = array as readonly CborValue[];
  if (!(header instanceof Uint8Array)) throw bad("SHAPE", "the protected header is not a byte string");
  if (!isMap(unprotectedHeader)) throw bad("SHAPE", "the unprotected header is not a map");
  if (payload !== null && !(payload instanceof Uint8Array))
    throw bad("SHAPE", "the payload is no byte string, nor nil");
  if (!(signature instanceof Uint8Array)) throw bad("SHAPE", "the signature is not a byte string");
  const protectedHeader = readProtected(header);
  for (const label of protectedHeader.keys()) {
    if (unprotectedHeader.has(label)) throw bad("HEADER", `label ${label} is in both headers (RFC 9052 §3)`);
  }
  checkCritical(protectedHeader);
  return {
    alg: algorithmOf(protectedHeader.get(1)),
    protectedHeader,
    unprotectedHeader,
    protectedBytes: protectedHeader.size === 0 ? EMPTY : copyOf(header),
    payload: payload ? copyOf(payload) : undefined,
    signature: copyOf(signature),
  };
}

export interface CoseContext {
  /** Data that both sides know and the message does not carry. Default: empty. */
  externalAad?: Uint8Array;
  /** The payload of a message that carries none. */
  detached?: Uint8Array;
}

/** What the message's signature is over. @throws ProtocolError FS-COSE-PAYLOAD when there is no payload, or there are two. */
export function coseToBeSigned(message: CoseSign1, context: CoseContext = {}): Uint8Array {
  const payload = message.payload ?? context.detached;
  if (payload === undefined) throw bad("PAYLOAD", "the payload is detached and was not given");
  if (message.payload && context.detached) throw bad("PAYLOAD", "the message carries a payload, and another was given");
  return encodeSigStructure({
    context: "Signature1",
    bodyProtected: message.protectedBytes,
    externalAad: context.externalAad ?? EMPTY,
    payload,
  });
}

/** True when the key signed the message; false as well when message and key are of different or unknown algorithms. */
export function verifyCoseSign1(
  message: CoseSign1,
  key: PublicKey,
  verifier: Verifier,
  context: CoseContext = {},
): boolean {
  if (message.alg !== key.alg) return false;
  return verifier.verify(key, coseToBeSigned(message, context), message.signature);
}
