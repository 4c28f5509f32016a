import { UsageError } from "../bytes/index.ts";

/** COSE signature algorithms of the profile, by their registered names (RFC 9053 §2, RFC 8812 §3.2). */
export type Algorithm = "ES256" | "EdDSA" | "ES256K";

export interface AlgorithmFacts {
  readonly alg: Algorithm;
  /** Value of the COSE header parameter `alg` (1). */
  readonly cose: number;
  /** COSE key type: 1 OKP, 2 EC2. */
  readonly kty: number;
  /** COSE elliptic curve. */
  readonly crv: number;
  /** Length of `PublicKey.bytes`. */
  readonly keyLength: number;
  /** Encoded protected header `{1: alg}`. */
  readonly protectedBytes: Uint8Array;
  /** COSE_Key of the required members up to the first coordinate: map, kty, crv, label and head of x. */
  readonly coseKeyHead: Uint8Array;
}

const facts = (alg: Algorithm, cose: number, kty: number, crv: number, keyLength: number, header: number[]) => ({
  alg,
  cose,
  kty,
  crv,
  keyLength,
  protectedBytes: Uint8Array.from(header),
  coseKeyHead: Uint8Array.of(kty === 2 ? 0xa4 : 0xa3, 0x01, kty, 0x20, crv, 0x21, 0x58, 0x20),
});

const ALGORITHMS: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  ES256: facts("ES256", -7, 2, 1, 64, [0xa1, 0x01, 0x26]),
  EdDSA: facts("EdDSA", -8, 1, 6, 32, [0xa1, 0x01, 0x27]),
  ES256K: facts("ES256K", -47, 2, 8, 64, [0xa1, 0x01, 0x38, 0x2e]),
};

export const ALL_ALGORITHMS: readonly Algorithm[] = ["ES256", "EdDSA", "ES256K"];

/** @throws UsageError FS-ALG for a name outside the profile (callers without types). */
export function algorithmFacts(alg: Algorithm): AlgorithmFacts {
  const found = Object.hasOwn(ALGORITHMS, alg) ? ALGORITHMS[alg] : undefined;
  if (found === undefined) {
    throw new UsageError("FS-ALG", `${String(alg)} is not a signature algorithm of the profile`, {
      fix: "Use ES256, EdDSA or ES256K.",
    });
  }
  return found;
}

/** The algorithm whose COSE number this is, or undefined. */
export function algorithmOf(cose: unknown): Algorithm | undefined {
  return ALL_ALGORITHMS.find((alg) => ALGORITHMS[alg].cose === cose);
}
