import { ByteWriter, compareBytes, UsageError } from "../bytes/index.ts";
import { type CborKey, type CborValue, MAX_DEPTH, Tagged } from "./value.ts";
import {
  writeArray,
  writeBoolean,
  writeBytes,
  writeInteger,
  writeMap,
  writeNull,
  writeNumber,
  writeTag,
  writeText,
} from "./write.ts";

function encodedKey(key: CborKey): Uint8Array {
  const writer = new ByteWriter(16);
  if (typeof key === "string") writeText(writer, key);
  else if (typeof key === "bigint" || typeof key === "number") writeInteger(writer, key);
  else throw new UsageError("FS-CBOR-VALUE", `a map key is of type ${typeof key}`);
  return writer.finish();
}

function writeSortedMap(writer: ByteWriter, map: ReadonlyMap<CborKey, CborValue>, depth: number): void {
  const pairs = Array.from(map, ([key, value]) => ({ key: encodedKey(key), value }));
  pairs.sort((a, b) => compareBytes(a.key, b.key));
  writeMap(writer, pairs.length);
  let previous: Uint8Array | undefined;
  for (const { key, value } of pairs) {
    // 1 and 1n are two keys of a Map and one key in CBOR.
    if (previous && compareBytes(previous, key) === 0) throw new UsageError("FS-CBOR-VALUE", "a map key occurs twice");
    previous = key;
    writer.bytes(key);
    writeValue(writer, value, depth + 1);
  }
}

/** Appends one item to a writer that the caller keeps. @throws UsageError FS-CBOR-VALUE as `encodeCbor`. */
export function writeValue(writer: ByteWriter, value: CborValue, depth = 1): void {
  if (depth > MAX_DEPTH + 1) throw new UsageError("FS-CBOR-VALUE", `a value is nested deeper than ${MAX_DEPTH}`);
  if (typeof value === "number") writeNumber(writer, value);
  else if (typeof value === "bigint") writeInteger(writer, value);
  else if (typeof value === "string") writeText(writer, value);
  else if (typeof value === "boolean") writeBoolean(writer, value);
  else if (value === null) writeNull(writer);
  else if (value instanceof Uint8Array) writeBytes(writer, value);
  else if (value instanceof Map) writeSortedMap(writer, value, depth);
  else if (value instanceof Tagged) {
    writeTag(writer, value.tag);
    writeValue(writer, value.value, depth + 1);
  } else if (Array.isArray(value)) {
    writeArray(writer, value.length);
    for (const item of value) writeValue(writer, item, depth + 1);
  } else {
    throw new UsageError("FS-CBOR-VALUE", `a value of type ${typeof value} has no CBOR form here`, {
      fix: "Pass numbers, bigints, text, booleans, null, Uint8Array, arrays, Map or Tagged.",
    });
  }
}

/**
 * Core deterministic encoding (RFC 8949 §4.2.1): shortest heads and floats, definite lengths, map keys sorted by their bytes.
 * @throws UsageError FS-CBOR-VALUE for what CBOR of this profile cannot hold: undefined, plain objects, functions,
 * integers beyond 64 bits, lone surrogates, duplicate keys (1 and 1n), nesting beyond 64.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new ByteWriter(128);
  writeValue(writer, value);
  return writer.finish();
}
