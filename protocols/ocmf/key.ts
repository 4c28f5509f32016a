import { ByteReader, fromBase64, fromHex, ProtocolError, toHex } from "../bytes/index.ts";
import { type CurveFacts, curveByOid, factsOf, type OcmfCurve } from "./curves.ts";
import { derElement, Tag } from "./der.ts";

/** A meter's public key. It reaches us by another way than the record (OCMF, "Relation of Serial Numbers …"). */
export interface OcmfPublicKey {
  readonly curve: OcmfCurve;
  /** SEC 1 §2.3.3 uncompressed point: 04, x, y. */
  readonly point: Uint8Array;
}

const CODE = "FS-OCMF-KEY";
const MAX_KEY = 256;
const ID_EC_PUBLIC_KEY = "2a8648ce3d0201";

const bad = (message: string, fix?: string) => new ProtocolError(CODE, message, fix === undefined ? {} : { fix });

/** Hex digits of either case, grouped by spaces or colons as labels print them, else base64. */
function keyBytes(text: string): Uint8Array {
  if (text.length > 4 * MAX_KEY) throw bad(`a public key of ${text.length} characters is none`);
  const digits = text.replace(/[\s:]/g, "");
  return /^[0-9a-fA-F]*$/.test(digits) ? fromHex(digits) : fromBase64(digits);
}

function pointOn(facts: CurveFacts, sec1: Uint8Array): OcmfPublicKey {
  try {
    // Refuses infinity, coordinates beyond the field and points off the curve; all our curves have cofactor 1.
    return { curve: facts.curve, point: facts.ecdsa.Point.fromBytes(sec1).toBytes(false) };
  } catch (cause) {
    throw new ProtocolError(CODE, `the public key is not a point of ${facts.curve}`, { cause });
  }
}

/** SubjectPublicKeyInfo of RFC 5480 §2 with a named curve. */
function fromSpki(der: Uint8Array): OcmfPublicKey {
  const outer = new ByteReader(der, CODE);
  const inner = new ByteReader(derElement(outer, Tag.sequence, CODE), CODE);
  outer.end();
  const algorithm = new ByteReader(derElement(inner, Tag.sequence, CODE), CODE);
  const type = toHex(derElement(algorithm, Tag.oid, CODE));
  if (type !== ID_EC_PUBLIC_KEY) throw bad("the public key is not of an elliptic curve");
  const facts = curveByOid(toHex(derElement(algorithm, Tag.oid, CODE)));
  algorithm.end();
  if (facts === undefined) throw bad("the public key's curve is none of OCMF's");
  const bits = derElement(inner, Tag.bitString, CODE);
  inner.end();
  if (bits[0] !== 0) throw bad("the public key's bit string does not end with a whole byte");
  return pointOn(facts, bits.subarray(1));
}

/**
 * A public key from DER SubjectPublicKeyInfo or, when `curve` is given, also from a SEC 1 point (compressed or not), in bytes
 * or as hex or base64 text.
 * @throws ProtocolError FS-OCMF-KEY, FS-HEX, FS-BASE64
 */
export function decodeOcmfKey(source: Uint8Array | string, curve?: OcmfCurve): OcmfPublicKey {
  const bytes = typeof source === "string" ? keyBytes(source) : source;
  if (bytes.length > MAX_KEY) throw bad(`a public key of ${bytes.length} bytes is none`);
  if (bytes[0] === Tag.sequence) {
    const key = fromSpki(bytes);
    if (curve !== undefined && key.curve !== curve) throw bad(`the public key is of ${key.curve}, not of ${curve}`);
    return key;
  }
  if (curve === undefined) {
    throw bad("a bare point does not say its curve", "Name the curve, or give the key as SubjectPublicKeyInfo.");
  }
  return pointOn(factsOf(curve), bytes);
}
