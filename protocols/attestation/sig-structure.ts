import { ByteWriter, concatBytes, utf8 } from "../bytes/index.ts";
import { Major, writeArray, writeBytes, writeHead, writeText } from "../cbor/index.ts";
import { ALL_ALGORITHMS, type Algorithm, algorithmFacts } from "./algorithm.ts";
import { STATEMENT_LENGTH } from "./statement.ts";

/** What a COSE signature, countersignature or MAC is computed over. */
export interface SigStructure {
  /** `Signature1`, `Signature`, `CounterSignature0V2`, `MAC0`, … (RFC 9052 §4.4 and §6.3, RFC 9338 §3.3). */
  context: string;
  /** The encoded protected header of the body; empty for an empty map (RFC 9052 §3). */
  bodyProtected: Uint8Array;
  /** The encoded protected header of the one signature, where the context has one. */
  signProtected?: Uint8Array;
  externalAad?: Uint8Array;
  payload: Uint8Array;
  /** Byte strings of the target after its second, for version 2 countersignatures (RFC 9338 §3.3). */
  otherFields?: readonly Uint8Array[];
}

const EMPTY = new Uint8Array(0);

/** The bytes of a Sig_structure, Countersign_structure or MAC_structure: they differ in the context and in which fields they have. */
export function encodeSigStructure(s: SigStructure): Uint8Array {
  const writer = new ByteWriter(s.payload.length + 128);
  writeArray(writer, 4 + (s.signProtected ? 1 : 0) + (s.otherFields ? 1 : 0));
  writeText(writer, s.context);
  writeBytes(writer, s.bodyProtected);
  if (s.signProtected) writeBytes(writer, s.signProtected);
  writeBytes(writer, s.externalAad ?? EMPTY);
  writeBytes(writer, s.payload);
  if (s.otherFields) {
    writeArray(writer, s.otherFields.length);
    for (const field of s.otherFields) writeBytes(writer, field);
  }
  return writer.finish();
}

/** Everything of a Sig_structure of the profile before the payload's own head. */
function profilePrefix(alg: Algorithm): Uint8Array {
  const { protectedBytes } = algorithmFacts(alg);
  return concatBytes(
    Uint8Array.of(0x84, 0x6a),
    utf8("Signature1"),
    Uint8Array.of(0x40 + protectedBytes.length),
    protectedBytes,
    Uint8Array.of(0x40),
  );
}

const STATEMENT_HEAD = Uint8Array.of(0x58, STATEMENT_LENGTH);

const PREFIX = Object.fromEntries(ALL_ALGORITHMS.map((alg) => [alg, profilePrefix(alg)])) as Record<
  Algorithm,
  Uint8Array
>;

const STATEMENT_PREFIX = Object.fromEntries(
  ALL_ALGORITHMS.map((alg) => [alg, concatBytes(PREFIX[alg], STATEMENT_HEAD)]),
) as Record<Algorithm, Uint8Array>;

/**
 * The constant that stands before a statement in what is signed: a board or a contract needs no CBOR to make it.
 *
 * ```text
 * 84 6A 5369676E617475726531 43 A10126 40 58 A0  ‖ 160 bytes      ES256 (EdDSA: A10127)
 * 84 6A 5369676E617475726531 44 A101382E 40 58 A0 ‖ 160 bytes     ES256K
 * |  |  "Signature1"         |  {1: alg} |  payload's head
 * |  text of 10              |           external_aad, empty
 * array of 4                 protected
 * ```
 */
export function statementPrefix(alg: Algorithm): Uint8Array {
  algorithmFacts(alg);
  return STATEMENT_PREFIX[alg].slice();
}

const SCRATCH = Object.fromEntries(
  ALL_ALGORITHMS.map((alg) => [alg, concatBytes(STATEMENT_PREFIX[alg], new Uint8Array(STATEMENT_LENGTH))]),
) as Record<Algorithm, Uint8Array>;

/** `toBeSigned` of a statement in memory that the next call overwrites: to be signed or verified at once. */
export function statementToBeSigned(alg: Algorithm, statement: Uint8Array): Uint8Array {
  const out = SCRATCH[alg];
  out.set(statement, out.length - STATEMENT_LENGTH);
  return out;
}

/** What a COSE_Sign1 of the profile signs: the Sig_structure ["Signature1", {1: alg}, h'', payload] (RFC 9052 §4.4). */
export function toBeSigned(alg: Algorithm, payload: Uint8Array): Uint8Array {
  algorithmFacts(alg);
  if (payload.length === STATEMENT_LENGTH) {
    const prefix = STATEMENT_PREFIX[alg];
    const out = new Uint8Array(prefix.length + STATEMENT_LENGTH);
    out.set(prefix);
    out.set(payload, prefix.length);
    return out;
  }
  const prefix = PREFIX[alg];
  const writer = new ByteWriter(prefix.length + 9 + payload.length).bytes(prefix);
  writeHead(writer, Major.bytes, payload.length);
  return writer.bytes(payload).finish();
}
