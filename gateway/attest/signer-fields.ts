import { ProtocolError } from "../../protocols/bytes/index.ts";
import type { CborValue } from "../../protocols/cbor/index.ts";

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Reads the items of a CBOR array one after the other, each of a stated type. Every method throws ProtocolError FS-SIGNER-REQUEST. */
export class FieldReader {
  readonly #what: string;
  readonly #items: readonly CborValue[];
  #at = 0;

  constructor(what: string, value: CborValue) {
    this.#what = what;
    if (!Array.isArray(value)) throw this.#bad("is not an array");
    this.#items = value;
  }

  #bad(why: string): ProtocolError {
    return new ProtocolError("FS-SIGNER-REQUEST", `signer: ${this.#what} ${why}`, { context: { field: this.#at } });
  }

  #next(): CborValue | undefined {
    return this.#items[this.#at++];
  }

  boolean(name: string): boolean {
    const value = this.#next();
    if (typeof value !== "boolean") throw this.#bad(`has no boolean as ${name}`);
    return value;
  }

  /** 0 … max; without a maximum any safe integer from 0. */
  integer(name: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#next();
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
      throw this.#bad(`has no integer of 0 … ${max} as ${name}`);
    }
    return value;
  }

  u64(name: string): bigint {
    const value = this.#next();
    const wide = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof wide !== "bigint" || wide < 0n || wide > U64_MAX) throw this.#bad(`has no 64-bit number as ${name}`);
    return wide;
  }

  text(name: string, maxLength: number): string {
    const value = this.#next();
    if (typeof value !== "string" || value.length > maxLength) throw this.#bad(`has no text as ${name}`);
    return value;
  }

  textOrNull(name: string, maxLength: number): string | null {
    if (this.#items[this.#at] !== null) return this.text(name, maxLength);
    this.#at++;
    return null;
  }

  bytes(name: string, length?: number): Uint8Array {
    const value = this.#next();
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
      throw this.#bad(`has no byte string${length === undefined ? "" : ` of ${length}`} as ${name}`);
    }
    return value;
  }

  /** An array of byte strings of one length. */
  list(name: string, maxItems: number, length: number): Uint8Array[] {
    const value = this.#next();
    if (!Array.isArray(value) || value.length > maxItems) throw this.#bad(`has no list as ${name}`);
    const reader = new FieldReader(name, value);
    return value.map((_, i) => reader.bytes(String(i), length));
  }

  /** A nested array, read to its end. */
  array<T>(name: string, read: (fields: FieldReader) => T): T {
    const reader = new FieldReader(name, this.#next() ?? null);
    const out = read(reader);
    reader.end();
    return out;
  }

  /** All the nested arrays of an array. */
  arrays<T>(name: string, read: (fields: FieldReader) => T): T[] {
    const value = this.#next();
    if (!Array.isArray(value)) throw this.#bad(`has no list as ${name}`);
    const reader = new FieldReader(name, value);
    return value.map((_, i) => reader.array(`${name} ${i}`, read));
  }

  end(): void {
    if (this.#at < this.#items.length) throw this.#bad(`has ${this.#items.length - this.#at} fields too many`);
  }
}
