import { createHash } from "node:crypto";

/**
 * RFC 9162 §2.1 once more, from its text and with OpenSSL's SHA-256: definitions are recursive as they stand there,
 * verification is step by step as it stands there. Nothing is shared with the implementation under test.
 */
const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const largestPowerOfTwoBelow = (n: number) => 2 ** (Math.ceil(Math.log2(n)) - 1);

export class Reference {
  readonly entries: readonly Uint8Array[];
  readonly #cache = new Map<number, Buffer>();

  constructor(entries: readonly Uint8Array[]) {
    this.entries = entries;
  }

  /** §2.1.1: MTH(D[from:to]), kept, since the ranges of many trees are the same. */
  mth(from: number, to: number): Buffer {
    const n = to - from;
    if (n === 0) return sha256();
    const key = from * 0x10000 + to;
    let hash = this.#cache.get(key);
    if (hash === undefined) {
      if (n === 1) {
        hash = sha256(Buffer.from([0x00]), this.entries[from]!);
      } else {
        const k = largestPowerOfTwoBelow(n);
        hash = sha256(Buffer.from([0x01]), this.mth(from, from + k), this.mth(from + k, to));
      }
      this.#cache.set(key, hash);
    }
    return hash;
  }

  /** §2.1.3.1: PATH(m, D[from:to]). */
  path(m: number, from: number, to: number): Buffer[] {
    const n = to - from;
    if (n === 1) return [];
    const k = largestPowerOfTwoBelow(n);
    return m < k
      ? [...this.path(m, from, from + k), this.mth(from + k, to)]
      : [...this.path(m - k, from + k, to), this.mth(from, from + k)];
  }

  /** §2.1.4.1: PROOF(m, D_n) for 0 < m < n; for m = n there is nothing to prove. */
  proof(m: number, n: number): Buffer[] {
    return this.#subproof(m, 0, n, true);
  }

  #subproof(m: number, from: number, to: number, whole: boolean): Buffer[] {
    const n = to - from;
    if (m === n) return whole ? [] : [this.mth(from, to)];
    const k = largestPowerOfTwoBelow(n);
    return m <= k
      ? [...this.#subproof(m, from, from + k, whole), this.mth(from + k, to)]
      : [...this.#subproof(m - k, from + k, to, false), this.mth(from, from + k)];
  }
}

const node = (left: Uint8Array, right: Uint8Array) => sha256(Buffer.from([0x01]), left, right);

/** §2.1.3.2, for trees below 2^31 leaves. */
export function includes(
  hash: Uint8Array,
  leafIndex: number,
  treeSize: number,
  inclusionPath: readonly Uint8Array[],
  rootHash: Uint8Array,
): boolean {
  if (leafIndex >= treeSize) return false; // 1
  let fn = leafIndex; // 2
  let sn = treeSize - 1;
  let r: Uint8Array = hash; // 3
  for (const p of inclusionPath) {
    if (sn === 0) return false; // 4.a
    if ((fn & 1) === 1 || fn === sn) {
      r = node(p, r); // 4.b.1
      if ((fn & 1) === 0) {
        while ((fn & 1) === 0 && fn !== 0) {
          fn >>= 1; // 4.b.2
          sn >>= 1;
        }
      }
    } else {
      r = node(r, p); // 4.c
    }
    fn >>= 1; // 4.d
    sn >>= 1;
  }
  return sn === 0 && hex(r) === hex(rootHash); // 5
}

/** §2.1.4.2, for 0 < first < second < 2^31. */
export function extend(
  first: number,
  second: number,
  firstHash: Uint8Array,
  secondHash: Uint8Array,
  consistencyPath: readonly Uint8Array[],
): boolean {
  if (consistencyPath.length === 0) return false; // 1
  const path = [...consistencyPath];
  if (Number.isInteger(Math.log2(first))) path.unshift(firstHash); // 2
  let fn = first - 1; // 3
  let sn = second - 1;
  while ((fn & 1) === 1) {
    fn >>= 1; // 4
    sn >>= 1;
  }
  let fr: Uint8Array = path[0]!; // 5
  let sr: Uint8Array = path[0]!;
  for (const c of path.slice(1)) {
    if (sn === 0) return false; // 6.a
    if ((fn & 1) === 1 || fn === sn) {
      fr = node(c, fr); // 6.b.1
      sr = node(c, sr);
      if ((fn & 1) === 0) {
        while ((fn & 1) === 0 && fn !== 0) {
          fn >>= 1; // 6.b.3
          sn >>= 1;
        }
      }
    } else {
      sr = node(sr, c); // 6.c
    }
    fn >>= 1; // 6.d
    sn >>= 1;
  }
  return hex(fr) === hex(firstHash) && hex(sr) === hex(secondHash) && sn === 0; // 7
}
