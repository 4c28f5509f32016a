import { concatBytes, copyOf, utf8 } from "../bytes/bytes.ts";
import { ProtocolError, UsageError } from "../bytes/errors.ts";
import { keccak256 } from "./keccak.ts";

/**
 * The part of the contract ABI that our calls use: numbers, addresses, fixed bytes and `bytes`, arrays of static values and
 * tuples of them. Numbers and booleans are bigint; addresses, bytes32 and bytes are byte arrays; arrays and tuples are arrays.
 */
export type AbiValue = bigint | Uint8Array | readonly AbiValue[];

/** A type of the ABI: `uint64`, `address`, `bytes32`, `bytes`, `bytes32[]`, or a tuple `(address,bytes)`. */
type AbiType =
  | { kind: "uint"; bits: number }
  | { kind: "fixed"; length: number; left: boolean }
  | { kind: "bytes" }
  | { kind: "array"; of: AbiType }
  | { kind: "tuple"; of: AbiType[] };

const WORD = 32;

function splitTypes(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    else if (text[i] === "," && depth === 0) {
      out.push(text.slice(from, i));
      from = i + 1;
    }
  }
  if (from < text.length) out.push(text.slice(from));
  return out;
}

function parseType(text: string): AbiType {
  if (text.endsWith("[]")) return { kind: "array", of: parseType(text.slice(0, -2)) };
  if (text.startsWith("(") && text.endsWith(")")) {
    return { kind: "tuple", of: splitTypes(text.slice(1, -1)).map(parseType) };
  }
  if (text === "bytes" || text === "string") return { kind: "bytes" };
  if (text === "address") return { kind: "fixed", length: 20, left: true };
  if (text === "bool") return { kind: "uint", bits: 1 };
  const [, name, size] = /^(uint|bytes)([0-9]{1,3})$/.exec(text) ?? [];
  const n = Number(size);
  if (name === "uint" && n % 8 === 0 && n >= 8 && n <= 256) return { kind: "uint", bits: n };
  if (name === "bytes" && n >= 1 && n <= 32) return { kind: "fixed", length: n, left: false };
  throw new UsageError("FS-ABI-TYPE", `ABI type ${text} is not supported`);
}

function isDynamic(type: AbiType): boolean {
  return type.kind === "bytes" || type.kind === "array" || (type.kind === "tuple" && type.of.some(isDynamic));
}

function headSize(type: AbiType): number {
  if (isDynamic(type) || type.kind !== "tuple") return WORD;
  return type.of.reduce((sum, part) => sum + headSize(part), 0);
}

function uintWord(value: bigint, bits = 256): Uint8Array {
  if (value < 0n || value >= 1n << BigInt(bits)) {
    throw new UsageError("FS-ABI-VALUE", `${value} does not fit uint${bits}`);
  }
  const out = new Uint8Array(WORD);
  for (let i = WORD - 1, left = value; left > 0n; i--, left >>= 8n) out[i] = Number(left & 0xffn);
  return out;
}

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / WORD) * WORD);
  out.set(bytes);
  return out;
}

const mismatch = (type: AbiType) =>
  new UsageError("FS-ABI-VALUE", `a value does not match its ABI type (${type.kind})`);

function encodeOne(type: AbiType, value: AbiValue): Uint8Array {
  switch (type.kind) {
    case "uint":
      if (typeof value !== "bigint") throw mismatch(type);
      return uintWord(value, type.bits);
    case "fixed": {
      if (!(value instanceof Uint8Array) || value.length !== type.length) throw mismatch(type);
      const word = new Uint8Array(WORD);
      word.set(value, type.left ? WORD - type.length : 0);
      return word;
    }
    case "bytes":
      if (!(value instanceof Uint8Array)) throw mismatch(type);
      return concatBytes(uintWord(BigInt(value.length)), padded(value));
    case "array": {
      if (typeof value === "bigint" || value instanceof Uint8Array) throw mismatch(type);
      const types = value.map(() => type.of);
      return concatBytes(uintWord(BigInt(value.length)), encodeSequence(types, value));
    }
    case "tuple":
      if (typeof value === "bigint" || value instanceof Uint8Array) throw mismatch(type);
      return encodeSequence(type.of, value);
  }
}

/** Heads first, the tails of dynamic values after them, offsets counted from the first head (ABI §"Formal specification"). */
function encodeSequence(types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  if (types.length !== values.length) {
    throw new UsageError("FS-ABI-VALUE", `${values.length} values for ${types.length} ABI types`);
  }
  let offset = types.reduce((sum, type) => sum + headSize(type), 0);
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  types.forEach((type, i) => {
    const encoded = encodeOne(type, values[i]!);
    if (!isDynamic(type)) {
      heads.push(encoded);
      return;
    }
    heads.push(uintWord(BigInt(offset)));
    tails.push(encoded);
    offset += encoded.length;
  });
  return concatBytes(...heads, ...tails);
}

function parameters(signature: string): AbiType[] {
  const open = signature.indexOf("(");
  if (open < 0 || !signature.endsWith(")")) throw new UsageError("FS-ABI-TYPE", `${signature} is not a signature`);
  return splitTypes(signature.slice(open + 1, -1)).map(parseType);
}

/** The first 4 bytes of Keccak-256 of a function's or custom error's signature, `commit(uint64,uint64,bytes32)`. */
export function selector(signature: string): Uint8Array {
  return keccak256(utf8(signature)).slice(0, 4);
}

/** An event's first topic: Keccak-256 of its signature. */
export function eventTopic(signature: string): Uint8Array {
  return keccak256(utf8(signature));
}

/** Call data. @throws UsageError FS-ABI-TYPE, FS-ABI-VALUE when the values do not fit the signature. */
export function encodeCall(signature: string, values: readonly AbiValue[]): Uint8Array {
  return concatBytes(selector(signature), encodeSequence(parameters(signature), values));
}

/** Constructor arguments, to be appended to the creation code. `types` is `(address,uint64)`. */
export function encodeArguments(types: string, values: readonly AbiValue[]): Uint8Array {
  return encodeSequence(parameters(types), values);
}

/**
 * The words of an answer or an event's data that holds static values only.
 * @param count how many words there must be.
 * @throws ProtocolError FS-ABI when the length differs.
 */
export function decodeWords(bytes: Uint8Array, count: number): Uint8Array[] {
  if (bytes.length !== count * WORD) {
    throw new ProtocolError("FS-ABI", `${bytes.length} bytes of ABI words where ${count * WORD} are expected`);
  }
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * WORD, (i + 1) * WORD));
}

/** A word as an unsigned integer of at most `bits` bits. @throws ProtocolError FS-ABI. */
export function wordToUint(word: Uint8Array, bits = 256): bigint {
  let out = 0n;
  for (const byte of word) out = (out << 8n) | BigInt(byte);
  if (out >> BigInt(bits) !== 0n) throw new ProtocolError("FS-ABI", `an ABI word is more than uint${bits}`);
  return out;
}

/** A word as an address, 20 bytes. @throws ProtocolError FS-ABI when the padding is not zero. */
export function wordToAddress(word: Uint8Array): Uint8Array {
  if (word.length !== WORD || word.subarray(0, 12).some((byte) => byte !== 0)) {
    throw new ProtocolError("FS-ABI", "an ABI word is not an address");
  }
  return copyOf(word, 12);
}
