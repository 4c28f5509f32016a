import { type ECDSA, ecdsa, weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { brainpoolP256r1, brainpoolP384r1 } from "@noble/curves/misc.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** The curves of OCMF Table 22, by the names of SEC 2 and RFC 5639. */
export type OcmfCurve =
  | "secp192k1"
  | "secp192r1"
  | "secp256k1"
  | "secp256r1"
  | "secp384r1"
  | "brainpoolP256r1"
  | "brainpoolP384r1";

/** SEC 2 v2 §2.2.2 (also FIPS 186-4 §D.1.2.1 as P-192). */
const secp192r1 = ecdsa(
  weierstrass({
    p: 0xfffffffffffffffffffffffffffffffeffffffffffffffffn,
    a: 0xfffffffffffffffffffffffffffffffefffffffffffffffcn,
    b: 0x64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1n,
    n: 0xffffffffffffffffffffffff99def836146bc9b1b4d22831n,
    h: 1n,
    Gx: 0x188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012n,
    Gy: 0x07192b95ffc8da78631011ed6b24cdd573f977a11e794811n,
  }),
  sha256,
);

/** SEC 2 v2 §2.2.1. */
const secp192k1 = ecdsa(
  weierstrass({
    p: 0xfffffffffffffffffffffffffffffffffffffffeffffee37n,
    a: 0n,
    b: 3n,
    n: 0xfffffffffffffffffffffffe26f2fc170f69466a74defd8dn,
    h: 1n,
    Gx: 0xdb4ff10ec057e9ae26b07d0280b7f4341da5d1b1eae06c7dn,
    Gy: 0x9b2f2f6d9c5628a7844163d015be86344082aa88d95e2f9dn,
  }),
  sha256,
);

export interface CurveFacts {
  readonly curve: OcmfCurve;
  readonly ecdsa: ECDSA;
  /** Bytes of a coordinate, and of the order. */
  readonly size: number;
  /** Value of the namedCurve object identifier (RFC 5480 §2.1.1.1, SEC 2 §A.2, RFC 5639 §4.1), without tag and length. */
  readonly oid: string;
}

const CURVES: readonly CurveFacts[] = [
  { curve: "secp192k1", ecdsa: secp192k1, size: 24, oid: "2b8104001f" },
  { curve: "secp192r1", ecdsa: secp192r1, size: 24, oid: "2a8648ce3d030101" },
  { curve: "secp256k1", ecdsa: secp256k1, size: 32, oid: "2b8104000a" },
  { curve: "secp256r1", ecdsa: p256, size: 32, oid: "2a8648ce3d030107" },
  { curve: "secp384r1", ecdsa: p384, size: 48, oid: "2b81040022" },
  { curve: "brainpoolP256r1", ecdsa: brainpoolP256r1, size: 32, oid: "2b2403030208010107" },
  { curve: "brainpoolP384r1", ecdsa: brainpoolP384r1, size: 48, oid: "2b240303020801010b" },
];

export function factsOf(curve: OcmfCurve): CurveFacts {
  return CURVES.find((facts) => facts.curve === curve)!;
}

export function curveByOid(oid: string): CurveFacts | undefined {
  return CURVES.find((facts) => facts.oid === oid);
}

/** OCMF Table 22 writes "brainpool256r1"; meters also send the name of RFC 5639, "brainpoolP256r1". */
const ALGORITHM = /^ECDSA-(secp192k1|secp192r1|secp256k1|secp256r1|secp384r1|brainpoolP?(?:256|384)r1)-SHA256$/;

/** The curve that a signature algorithm (SA) names; undefined for one that is none of OCMF Table 22. */
export function ocmfCurveOf(algorithm: string): OcmfCurve | undefined {
  const name = ALGORITHM.exec(algorithm)?.[1]?.replace(/^brainpool(?=\d)/, "brainpoolP");
  return CURVES.find(({ curve }) => curve === name)?.curve;
}
