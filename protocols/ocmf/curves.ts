import { brainpoolP256r1, brainpoolP384r1 } from "@noble/curves/misc.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";

/**
 * The curves of OCMF Table 22 by the names of SEC 2 and RFC 5639, without its two of 192 bits: a record on one of those is one
 * that cannot be checked (`algorithm`), never one that is good.
 */
export type OcmfCurve = "secp256k1" | "secp256r1" | "secp384r1" | "brainpoolP256r1" | "brainpoolP384r1";

export interface CurveFacts {
  readonly curve: OcmfCurve;
  readonly ecdsa: typeof p256;
  /** Bytes of a coordinate, and of the order. */
  readonly size: number;
  /** Value of the namedCurve object identifier (RFC 5480 §2.1.1.1, SEC 2 §A.2, RFC 5639 §4.1), without tag and length. */
  readonly oid: string;
}

const CURVES: readonly CurveFacts[] = [
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
const ALGORITHM = /^ECDSA-(secp256k1|secp256r1|secp384r1|brainpoolP?(?:256|384)r1)-SHA256$/;

/** The curve that a signature algorithm (SA) names; undefined for one that is not checked here. */
export function ocmfCurveOf(algorithm: string): OcmfCurve | undefined {
  const name = ALGORITHM.exec(algorithm)?.[1]?.replace(/^brainpool(?=\d)/, "brainpoolP");
  return CURVES.find(({ curve }) => curve === name)?.curve;
}
