import { ByteReader, ProtocolError } from "../bytes/index.ts";

export const Tag = { integer: 0x02, bitString: 0x03, oid: 0x06, sequence: 0x30 } as const;

/**
 * The contents of the next DER element, which must have `tag` (X.690 §8.1, lengths as §10.1 has them: shortest form).
 * Nothing in a signature or a public key of our curves is longer than two length bytes can say.
 */
export function derElement(reader: ByteReader, tag: number, code: string): Uint8Array {
  const found = reader.u8();
  if (found !== tag) {
    throw new ProtocolError(code, `DER tag 0x${found.toString(16)} where 0x${tag.toString(16)} is expected`);
  }
  const first = reader.u8();
  if (first < 0x80) return reader.take(first);
  const length = first === 0x81 ? reader.u8() : first === 0x82 ? reader.u16() : -1;
  if (length < (first === 0x82 ? 0x100 : 0x80)) throw new ProtocolError(code, "DER length is not in its shortest form");
  return reader.take(length);
}

/** A non-negative INTEGER in its shortest form (X.690 §8.3.2), without the leading zero byte. */
function unsigned(bytes: Uint8Array, code: string): Uint8Array {
  if (bytes.length === 0 || bytes[0]! >= 0x80) throw new ProtocolError(code, "DER integer is empty or negative");
  if (bytes[0] !== 0 || bytes.length === 1) return bytes;
  if (bytes[1]! < 0x80) throw new ProtocolError(code, "DER integer is not in its shortest form");
  return bytes.subarray(1);
}

/**
 * r‖s, `size` bytes each, of an Ecdsa-Sig-Value (RFC 3279 §2.2.3).
 * @throws ProtocolError FS-OCMF-DER
 */
export function decodeEcdsaSigValue(der: Uint8Array, size: number): Uint8Array {
  const code = "FS-OCMF-DER";
  const outer = new ByteReader(der, code);
  const inner = new ByteReader(derElement(outer, Tag.sequence, code), code);
  outer.end();
  const out = new Uint8Array(2 * size);
  for (const end of [size, 2 * size]) {
    const value = unsigned(derElement(inner, Tag.integer, code), code);
    if (value.length > size) throw new ProtocolError(code, `an integer of the signature exceeds ${size} bytes`);
    out.set(value, end - value.length);
  }
  inner.end();
  return out;
}
