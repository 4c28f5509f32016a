import { UsageError } from "../bytes/index.ts";

/** A map key of the strict profile: an integer (bigint outside the safe range) or text. */
export type CborKey = number | bigint | string;

/**
 * A CBOR data item as the strict profile sees it. Every item has one encoding and every accepted
 * encoding one value:
 *
 * | JavaScript | CBOR |
 * |---|---|
 * | `number`, safe integer except -0 | major type 0 or 1, shortest |
 * | `number`, anything else (fraction, -0, ±Infinity, NaN, beyond 2^53) | shortest float of f16, f32, f64 |
 * | `bigint`, -2^64 … 2^64-1 | major type 0 or 1; read back as `number` when safe |
 * | `string` | text; lone surrogates cannot be written |
 * | `Uint8Array` | byte string |
 * | `boolean`, `null` | simple values 20, 21, 22 |
 * | array, `Map` | definite-length array, map; a `Map` (never an object), so that `__proto__` is a key like any other |
 * | `Tagged` | tag, of the allowed set only |
 */
export type CborValue =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborKey, CborValue>
  | Tagged;

/** A tagged item (RFC 8949 §3.4). */
export class Tagged {
  readonly tag: number;
  readonly value: CborValue;

  constructor(tag: number, value: CborValue) {
    this.tag = tag;
    this.value = value;
  }
}

/** Decimal fraction `[exponent, mantissa]` (RFC 8949 §3.4.4), the only tag allowed unless the caller says otherwise. */
export const TAG_DECIMAL = 4;

export interface CborLimits {
  /** Refused before anything is looked at when longer. Default 65,536. */
  maxBytes?: number;
  /** Nesting of arrays, maps and tags: `[[1]]` is 2. Default 8, at most 64. */
  maxDepth?: number;
  /** Tag numbers that may occur. Default: 4 only. */
  tags?: ReadonlySet<number>;
  /**
   * `true` (default): the core deterministic encoding of RFC 8949 §4.2.1, and an integral float is refused, so that
   * `encodeCbor(decodeCbor(bytes))` is always `bytes`. `false`: heads and floats of any width, integral floats, any NaN and
   * any key order are read as well, for bytes of other people's encoders that nobody signs; all else stays strict.
   */
  deterministic?: boolean;
}

export interface ResolvedLimits {
  maxBytes: number;
  maxDepth: number;
  tags: ReadonlySet<number>;
  deterministic: boolean;
}

/** Deepest nesting that can be asked for: scanning, reading and writing recurse once a level. */
export const MAX_DEPTH = 64;

const DEFAULTS: ResolvedLimits = {
  maxBytes: 65_536,
  maxDepth: 8,
  tags: new Set([TAG_DECIMAL]),
  deterministic: true,
};

/** @throws UsageError FS-CBOR-LIMITS for a depth that the recursion could not bear. */
export function resolveLimits(limits: CborLimits | undefined): ResolvedLimits {
  if (limits === undefined) return DEFAULTS;
  const resolved = {
    maxBytes: limits.maxBytes ?? DEFAULTS.maxBytes,
    maxDepth: limits.maxDepth ?? DEFAULTS.maxDepth,
    tags: limits.tags ?? DEFAULTS.tags,
    deterministic: limits.deterministic ?? DEFAULTS.deterministic,
  };
  if (!(resolved.maxDepth >= 0 && resolved.maxDepth <= MAX_DEPTH)) {
    throw new UsageError("FS-CBOR-LIMITS", `maxDepth is ${resolved.maxDepth}`, {
      fix: `Pass a maxDepth of 0 to ${MAX_DEPTH}.`,
    });
  }
  return resolved;
}
